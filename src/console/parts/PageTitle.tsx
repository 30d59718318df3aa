/** The head of a page: its title, also in the window's title, and what belongs beside it. */
import { Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import type { HelpPlace } from '../manual/help.ts';
import { HelpMark } from './HelpMark.tsx';

export function PageTitle({
  title,
  help,
  children,
}: {
  readonly title: string;
  /** Of pages of the manual there is none. */
  readonly help: HelpPlace | undefined;
  readonly children?: ReactNode;
}): ReactNode {
  useEffect(() => {
    document.title = `${title} · Gantry`;
  }, [title]);
  return (
    <PageSection>
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
        <FlexItem>
          <Title headingLevel="h1">{title}</Title>
        </FlexItem>
        {help !== undefined && (
          <FlexItem grow={{ default: 'grow' }}>
            <HelpMark title={title} place={help} />
          </FlexItem>
        )}
        <Flex columnGap={{ default: 'columnGapSm' }}>{children}</Flex>
      </Flex>
    </PageSection>
  );
}
