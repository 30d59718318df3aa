/** What happened, newest first, as it happens; the filter is in the address. */
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { ExportMenu } from '../list/ExportMenu.tsx';
import { FilterInput } from '../list/FilterInput.tsx';
import { parseListPlace } from '../list/place.ts';
import { eventsOn, useNarrowed } from '../frame/narrowed.ts';
import { allOf } from '../list/all-of.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { eventColumns } from './event-columns.tsx';
import { UnderWay } from './UnderWay.tsx';
import { EventList } from './EventList.tsx';

const known = {};

export function EventsPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const { filter } = parseListPlace(useSearch({ strict: false }));
  const shown = allOf(narrowed && eventsOn(narrowed), filter);
  return (
    <>
      <PageTitle title={words.text('events')} help={pageHelp.events} narrowed={narrowed} />
      <PageSection isFilled>
        <Toolbar inset={{ default: 'insetNone' }}>
          <ToolbarContent>
            <ToolbarItem className="filter-item">
              <FilterInput
                key={filter}
                list="event.list"
                filter={filter ?? ''}
                known={known}
                example={words.text('eventFilterExample')}
                onFilter={(text) =>
                  void navigate({ to: '/events', search: text === '' ? {} : { filter: text } })
                }
              />
            </ToolbarItem>
            <ToolbarItem>
              <ExportMenu
                name="event.list"
                columns={eventColumns}
                query={shown === undefined ? {} : { filter: shown }}
              />
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
        <UnderWay narrowed={narrowed} />
        <EventList key={shown} filter={shown} />
      </PageSection>
    </>
  );
}
