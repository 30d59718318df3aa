/** The drawer at the bottom: operations with their progress, and events, as they come; remembered open or shut. */
import { Button, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { useList } from '../parts/ask.ts';
import { useRemembered } from '../parts/remembered.ts';
import { EventTable } from '../work/EventTable.tsx';
import { unfinishedOn } from '../work/unfinished.ts';
import { OperationTable } from '../work/OperationTable.tsx';
import { eventsOn, useNarrowed } from './narrowed.ts';

const shown = 30;

export function WorkDrawer(): ReactNode {
  const words = useWords();
  const [open, setOpen] = useRemembered('drawer', (stored) => stored === true);
  const [tab, setTab] = useState<'operations' | 'events'>('operations');
  const narrowed = useNarrowed();
  const { data } = useList('operation.list', unfinishedOn(narrowed));
  const running = data?.items[0];
  return (
    <section className="drawer" aria-label={words.text('work')}>
      <div className="drawer-head">
        <Button
          variant="plain"
          size="sm"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          icon={<span aria-hidden>{open ? '▾' : '▴'}</span>}
        >
          {words.text('work')}
        </Button>
        <span className="drawer-now" role="status">
          {data !== undefined && data.total > 0 && words.text('under', { count: data.total })}
          {running !== undefined &&
            `: ${words.operation(running.action)} ${running.target.name}${
              running.progress === null ? '' : ` ${words.percent(running.progress * 100)}`
            }`}
        </span>
      </div>
      {open && (
        <>
          <Tabs
            activeKey={tab}
            onSelect={(_event, key) => setTab(key === 'events' ? 'events' : 'operations')}
            aria-label={words.text('work')}
          >
            {(['operations', 'events'] as const).map((key) => (
              <Tab
                key={key}
                eventKey={key}
                title={<TabTitleText>{words.text(key)}</TabTitleText>}
                tabContentId="drawer-content"
              />
            ))}
          </Tabs>
          <div
            className="drawer-content"
            id="drawer-content"
            role="tabpanel"
            aria-label={words.text(tab)}
            tabIndex={0}
          >
            {tab === 'operations' ? (
              <OperationTable filter={narrowed && `hostId = "${narrowed.id}"`} most={shown} />
            ) : (
              <EventTable filter={narrowed && eventsOn(narrowed)} most={shown} />
            )}
          </div>
        </>
      )}
    </section>
  );
}
