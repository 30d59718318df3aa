/** What happened, newest first, as it happens. */
import { PageSection } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useWords } from '../console.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { EventTable } from './EventTable.tsx';

export function EventsPage(): ReactNode {
  return (
    <>
      <PageTitle title={useWords().text('events')} />
      <PageSection isFilled>
        <EventTable filter={undefined} />
      </PageSection>
    </>
  );
}
