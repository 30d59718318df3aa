/** The tabs of a thing's page, one of them open; what is in it is a panel with the id `tab-KEY`. */
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function TabBar<T extends string>({
  name,
  tabs,
  open,
  titleOf,
  onOpen,
}: {
  readonly name: string;
  readonly tabs: readonly T[];
  readonly open: T;
  readonly titleOf: (tab: T) => string;
  readonly onOpen: (tab: T) => void;
}): ReactNode {
  return (
    <PageSection type="tabs">
      <Tabs
        activeKey={open}
        onSelect={(_event, key) => onOpen(key as T)}
        usePageInsets
        aria-label={name}
      >
        {tabs.map((tab) => (
          <Tab
            key={tab}
            eventKey={tab}
            title={<TabTitleText>{titleOf(tab)}</TabTitleText>}
            tabContentId={`tab-${tab}`}
          />
        ))}
      </Tabs>
    </PageSection>
  );
}
