/** The head of a page: its title, also in the window's title, and what belongs beside it. */
import { Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';

export function PageTitle({
  title,
  children,
}: {
  readonly title: string;
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
        <Flex columnGap={{ default: 'columnGapSm' }}>{children}</Flex>
      </Flex>
    </PageSection>
  );
}
