/** The master status: what is wrong and what helps, the hosts, the vms, what happened last. */
import { Card, CardBody, CardTitle, PageSection } from '@patternfly/react-core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Suspense, type ReactNode } from 'react';
import { useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { useInstallation } from '../parts/ask.ts';
import { HelpMark } from '../parts/HelpMark.tsx';
import { eventsOn, useNarrowed, type Narrowed } from '../frame/narrowed.ts';
import { pageHelp } from '../manual/help.ts';
import { PageTitle } from '../parts/PageTitle.tsx';
import { lazyPart } from '../parts/lazy-part.ts';
import { VmList } from '../vms/VmList.tsx';
import { EventTable } from '../work/EventTable.tsx';
import { HostCards } from './HostCards.tsx';

// Comes after the page, which does not wait for it.
const Warnings = lazyPart(async () => (await import('./Warnings.tsx')).Warnings);

export function StatusPage(): ReactNode {
  const words = useWords();
  const narrowed = useNarrowed();
  const navigate = useNavigate();
  const place = parseListPlace(useSearch({ strict: false }));
  const { data: installation } = useInstallation({ enabled: true });
  return (
    <>
      <PageTitle title={words.text('status')} help={pageHelp.status} narrowed={narrowed} />
      <Wrong narrowed={narrowed} />
      <PageSection>
        <HostCards narrowed={narrowed} />
      </PageSection>
      <VmList
        place={place}
        onPlace={(to) => void navigate({ to: '/status', search: to })}
        {...(narrowed === undefined ? {} : { within: `hostId = "${narrowed.id}"` })}
      />
      <PageSection>
        <Card isCompact>
          <CardTitle component="h2">
            <Link to="/events">{words.text('recentEvents')}</Link>{' '}
            <HelpMark title={words.text('recentEvents')} place={pageHelp.events} />
          </CardTitle>
          <CardBody>
            {installation !== undefined && (
              <EventTable
                filter={narrowed && eventsOn(narrowed)}
                most={installation.settings.recentEvents}
              />
            )}
          </CardBody>
        </Card>
      </PageSection>
    </>
  );
}

/** How much there is, and what is wrong with it. */
function Wrong({ narrowed }: { readonly narrowed: Narrowed | undefined }): ReactNode {
  const words = useWords();
  const { data } = useInstallation({ enabled: true });
  if (data === undefined) return null;
  const { hosts, vms, running, operations } = data.counts;
  return (
    <PageSection>
      {narrowed === undefined && (
        <p className="counts">
          {words.text('counts', {
            hosts: words.count(hosts),
            vms: words.count(vms),
            running: words.count(running),
            operations: words.count(operations),
          })}
        </p>
      )}
      <Suspense fallback={null}>
        <Warnings narrowed={narrowed} />
      </Suspense>
    </PageSection>
  );
}
