/** The head of a page: its title, also in the window's title, and what belongs beside it. */
import { Button, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { useHostChoice, type Narrowed } from '../frame/narrowed.ts';
import type { HelpPlace } from '../manual/help.ts';
import { HelpMark } from './HelpMark.tsx';

export function PageTitle({
  title,
  help,
  narrowed,
  children,
}: {
  readonly title: string;
  /** Of pages of the manual there is none. */
  readonly help: HelpPlace | undefined;
  /** Of a page that shows many things: the host that they are narrowed to. */
  readonly narrowed?: Narrowed | undefined;
  readonly children?: ReactNode;
}): ReactNode {
  const whole = narrowed?.title === undefined ? title : `${narrowed.title} ${title}`;
  useEffect(() => {
    document.title = `${whole} · Gantry`;
  }, [whole]);
  return (
    <PageSection>
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
        <FlexItem>
          <Title headingLevel="h1">{whole}</Title>
        </FlexItem>
        {help !== undefined && (
          <FlexItem grow={{ default: 'grow' }}>
            <HelpMark title={title} place={help} />
          </FlexItem>
        )}
        <Flex columnGap={{ default: 'columnGapSm' }}>{children}</Flex>
      </Flex>
      {narrowed?.title !== undefined && <OnlyHost host={narrowed.title} />}
    </PageSection>
  );
}

function OnlyHost({ host }: { readonly host: string }): ReactNode {
  const words = useWords();
  const { choose } = useHostChoice();
  return (
    <p className="only-host">
      {words.text('onlyHost', { host })}{' '}
      <Button variant="link" isInline onClick={() => choose('')}>
        {words.text('everyHost')}
      </Button>
    </p>
  );
}
