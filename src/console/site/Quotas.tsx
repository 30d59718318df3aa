/** The quotas of folders: what is used of them, and the forms to set one and to take it away. */
import { Content, Flex, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Quota } from '#api';
import { useRights } from '../access/use-rights.ts';
import { useConsole } from '../console.ts';
import { Answer } from '../parts/Answer.tsx';
import { JudgedButton } from '../parts/JudgedButton.tsx';
import { RemoveDialog } from '../parts/RemoveDialog.tsx';
import { QuotaBars } from '../self-service/QuotaBars.tsx';
import { useSelfServiceText } from '../self-service/words.ts';
import { SetQuota } from './SetQuota.tsx';

const quotasKey = ['quota.list'] as const;

export function Quotas(): ReactNode {
  const { client, queries } = useConsole();
  const text = useSelfServiceText();
  const [asked, ask] = useState<{ readonly how: 'set' | 'remove'; readonly quota?: Quota }>();
  const question = useQuery({
    queryKey: quotasKey,
    queryFn: ({ signal }) => client.call('quota.list', {}, signal),
  });
  // A quota is set by those who manage what its folder lies in.
  const { whyNot } = useRights();
  const close = (): void => ask(undefined);
  const readAgain = (): Promise<void> => queries.invalidateQueries({ queryKey: quotasKey });
  const removed = asked?.how === 'remove' ? asked.quota : undefined;
  return (
    <PageSection>
      <Content component="h2">{text('quotas')}</Content>
      <Content component="p">{text('limits')}</Content>
      <JudgedButton
        whyNot={whyNot('folder.create')}
        variant="secondary"
        onClick={() => ask({ how: 'set' })}
      >
        {text('set')}
      </JudgedButton>
      <Answer question={question}>
        {({ items }) => (
          <>
            {items.length === 0 && <p>{text('noQuotas')}</p>}
            {items.map((quota) => (
              <QuotaOf key={quota.id} quota={quota} onAsk={(how) => ask({ how, quota })} />
            ))}
          </>
        )}
      </Answer>
      {asked?.how === 'set' && <SetQuota quota={asked.quota} onSet={readAgain} onClose={close} />}
      {removed !== undefined && (
        <RemoveDialog
          title={text('remove', { folder: removed.folder })}
          explain={text('limits')}
          remove={async () => {
            await client.call('quota.clear', { params: { folder: removed.id } });
            await readAgain();
          }}
          done={text('removed', { folder: removed.folder })}
          onClose={close}
        />
      )}
    </PageSection>
  );
}

function QuotaOf({
  quota,
  onAsk,
}: {
  readonly quota: Quota;
  readonly onAsk: (how: 'set' | 'remove') => void;
}): ReactNode {
  const text = useSelfServiceText();
  const { folder } = quota;
  const { whyNot } = useRights({ folder: quota.id });
  return (
    <section aria-label={text('ofFolder', { folder })}>
      <Flex columnGap={{ default: 'columnGapMd' }}>
        <Content component="h3">{text('ofFolder', { folder })}</Content>
        <JudgedButton
          whyNot={whyNot('quota.set')}
          variant="link"
          isInline
          onClick={() => onAsk('set')}
        >
          {text('change', { folder })}
        </JudgedButton>
        <JudgedButton
          whyNot={whyNot('quota.clear')}
          variant="link"
          isInline
          isDanger
          onClick={() => onAsk('remove')}
        >
          {text('remove', { folder })}
        </JudgedButton>
      </Flex>
      <QuotaBars quota={quota} />
    </section>
  );
}
