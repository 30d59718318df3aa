/** The tabs of a thing's page, one of them open; what is in it is a panel with the id `tab-KEY`. */
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useEffect, useRef, type ReactNode } from 'react';

export function TabBar<T extends string>({
  name,
  tabs,
  open,
  titleOf,
  onOpen,
  panel,
}: {
  readonly name: string;
  readonly tabs: readonly T[];
  readonly open: T;
  readonly titleOf: (tab: T) => string;
  readonly onOpen: (tab: T) => void;
  /** Id of the panel of the tab that these divide; without it they are those of the page. */
  readonly panel?: string;
}): ReactNode {
  const bar = useRef<HTMLDivElement>(null);
  // A narrow window shows a few of them: the open one is among those, also once the arrows beside them take room.
  useEffect(() => {
    const list = bar.current?.querySelector('[role=tablist]');
    if (!list) return undefined;
    const show = (): void =>
      list.querySelector('.pf-m-current')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    show();
    const resized = new ResizeObserver(show);
    resized.observe(list);
    return () => resized.disconnect();
  }, [open]);
  return (
    <PageSection type="tabs">
      <div ref={bar}>
        <Tabs
          activeKey={open}
          onSelect={(_event, key) => onOpen(key as T)}
          usePageInsets
          isSubtab={panel !== undefined}
          aria-label={name}
        >
          {tabs.map((tab) => (
            <Tab
              key={tab}
              eventKey={tab}
              title={<TabTitleText>{titleOf(tab)}</TabTitleText>}
              tabContentId={panel ?? `tab-${tab}`}
            />
          ))}
        </Tabs>
      </div>
    </PageSection>
  );
}
