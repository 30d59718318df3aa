/** The master status: what is wrong and what helps, the hosts, the vms, what happened last. */
import { Alert, Card, CardBody, CardTitle, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useConsole, useWords } from '../console.ts';
import { parseListPlace } from '../list/place.ts';
import { FindingList } from '../parts/FindingList.tsx';
import { PageTitle } from '../parts/PageTitle.tsx';
import { VmList } from '../vms/VmList.tsx';
import { EventTable } from '../work/EventTable.tsx';
import { HostCards } from './HostCards.tsx';

const recentEvents = 12;

export function StatusPage(): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const place = parseListPlace(useSearch({ strict: false }));
  return (
    <>
      <PageTitle title={words.text('status')} />
      <Wrong />
      <PageSection>
        <HostCards />
      </PageSection>
      <VmList place={place} onPlace={(to) => void navigate({ to: '/status', search: to })} />
      <PageSection>
        <Card isCompact>
          <CardTitle component="h2">
            <Link to="/events">{words.text('recentEvents')}</Link>
          </CardTitle>
          <CardBody>
            <EventTable filter={undefined} most={recentEvents} />
          </CardBody>
        </Card>
      </PageSection>
    </>
  );
}

/** Findings of the installation, read again when a host or the installation changes. */
function Wrong(): ReactNode {
  const { client } = useConsole();
  const words = useWords();
  const { data } = useQuery({
    queryKey: ['host.list', 'findings'],
    queryFn: ({ signal }) => client.call('installation.show', {}, signal),
  });
  if (data === undefined) return null;
  const wrong = data.findings.filter(({ result }) => result !== 'ok');
  const { hosts, vms, running, operations } = data.counts;
  return (
    <PageSection>
      <p className="counts">
        {words.text('counts', {
          hosts: words.count(hosts),
          vms: words.count(vms),
          running: words.count(running),
          operations: words.count(operations),
        })}
      </p>
      {wrong.length === 0 ? (
        <Alert
          variant="success"
          isInline
          isPlain
          component="p"
          title={words.text('nothingWrong')}
        />
      ) : (
        <FindingList findings={wrong} />
      )}
    </PageSection>
  );
}
