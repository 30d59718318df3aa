/** What happened, newest first, as it happens; the filter is in the address. */
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { ExportMenu } from '../list/ExportMenu.tsx';
import { FilterInput } from '../list/FilterInput.tsx';
import { parseListPlace } from '../list/place.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { eventColumns } from './event-columns.tsx';
import { UnderWay } from './UnderWay.tsx';
import { EventList } from './EventList.tsx';

const known = {};

export function EventsPage(): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const { filter } = parseListPlace(useSearch({ strict: false }));
  return (
    <>
      <PageTitle title={words.text('events')} help={pageHelp.events} />
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
                query={filter === undefined ? {} : { filter }}
              />
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
        <UnderWay />
        <EventList key={filter} filter={filter} />
      </PageSection>
    </>
  );
}
