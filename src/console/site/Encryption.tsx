/** Whether the site is reached without TLS too, and how that is ended. */
import { Content, PageSection } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Installation } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole, useWords } from '../console.ts';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { FactList } from '../parts/FactList.tsx';
import { FormDialog } from '../parts/FormDialog.tsx';
import { nameSetting, nameValue } from '../vm/words/setting-words.ts';
import { takeChange } from './take-change.ts';
import { useSiteText } from './words.ts';

export function Encryption({ installation }: { readonly installation: Installation }): ReactNode {
  const words = useWords();
  const text = useSiteText();
  const { whyNot } = useRights();
  const [asks, setAsks] = useState(false);
  const { tls, settings } = installation;
  const heading = useRef<HTMLHeadingElement>(null);
  // The warning at the end of pages leads here, past what comes before.
  useEffect(() => {
    if (location.hash === '#tls') heading.current?.scrollIntoView();
  }, []);
  return (
    <PageSection>
      <Content component="h2" ref={heading}>
        {text('tls')}
      </Content>
      <FactList
        facts={[
          [
            text('tls'),
            <>
              {text(tls ? 'tlsOn' : 'tlsOff')} (
              <Link
                to="/docs/$"
                params={{ _splat: 'manual/operators/security.md' }}
                hash="encryption"
              >
                {text('tlsHow')}
              </Link>
              )
            </>,
          ],
          [nameSetting(words, 'plainHttp'), nameValue(words, 'plainHttp', settings.plainHttp)],
        ]}
        columns={{ xl: '2Col' }}
      />
      {!tls && (
        <JudgedButton
          whyNot={whyNot('installation.update')}
          variant="primary"
          onClick={() => setAsks(true)}
        >
          {text('requireTls')}
        </JudgedButton>
      )}
      {asks && <RequireTls installation={installation} onClose={() => setAsks(false)} />}
    </PageSection>
  );
}

function RequireTls({
  installation,
  onClose,
}: {
  readonly installation: Installation;
  readonly onClose: () => void;
}): ReactNode {
  const parts = useConsole();
  const text = useSiteText();
  const send = async (): Promise<void> => {
    takeChange(
      parts,
      await parts.client.call('installation.update', {
        body: { plainHttp: 'redirected' },
        ifMatch: installation.version,
      }),
    );
    parts.notices.tell(text('tlsRequired'));
  };
  return (
    <FormDialog
      title={text('requireTls')}
      verb={text('requireTls')}
      look="primary"
      canSend
      send={send}
      onClose={onClose}
    >
      <p>{text('requireTlsExplain')}</p>
      {location.protocol === 'http:' && <p>{text('requireTlsLeaves')}</p>}
    </FormDialog>
  );
}
