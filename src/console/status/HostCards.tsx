/** The hosts as cards with their load, at most two dozen; the list of hosts has the others. */
import { Button, Card, CardBody, CardTitle, Flex, Gallery } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole, useWords } from '../console.ts';
import type { Narrowed } from '../frame/narrowed.ts';
import { memoryUsed } from '../hosts/host-columns.tsx';
import { HostStatusLabel } from '../hosts/HostStatusLabel.tsx';
import { useList } from '../parts/ask.ts';
import { Sparkline } from '../parts/Sparkline.tsx';

const maxCards = 24;

export function HostCards({ narrowed }: { readonly narrowed: Narrowed | undefined }): ReactNode {
  const words = useWords();
  const { data } = useList('host.list', {
    sort: 'name',
    limit: maxCards,
    ...(narrowed === undefined ? {} : { filter: `id = "${narrowed.id}"` }),
    fields: 'id,name,status,statusReason,vms,load,facts.memoryTotalBytes',
  });
  if (data === undefined) return null;
  return (
    <>
      <Gallery hasGutter minWidths={{ default: '15rem' }}>
        {data.items.map((host) => (
          <HostCard key={host.id} host={host} />
        ))}
      </Gallery>
      {data.total > data.items.length && (
        <Button variant="link" isInline component={(props) => <Link {...props} to="/hosts" />}>
          {words.text('allHosts', { count: words.count(data.total) })}
        </Button>
      )}
    </>
  );
}

function HostCard({ host }: { readonly host: Host }): ReactNode {
  const { live } = useConsole();
  const words = useWords();
  return (
    <Card isCompact>
      <CardTitle component="h2">
        <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
          <Link to="/hosts/$host" params={{ host: host.id }}>
            {host.name}
          </Link>
          <HostStatusLabel host={host} />
        </Flex>
      </CardTitle>
      <CardBody>
        {host.statusReason !== null && <p>{words.told(host.statusReason)}</p>}
        <dl className="load">
          <dt>{words.text('virtualMachines')}</dt>
          <dd>
            {words.count(host.vms)} ({words.text('running')}: {words.count(host.load?.running ?? 0)}
            )
          </dd>
          <dt>{words.text('cpu')}</dt>
          <dd className="with-graph">
            {words.percent(host.load?.cpuPercent ?? null)}
            <Sparkline
              values={live.samples.of(host.id).map(({ cpuPercent }) => cpuPercent)}
              most={100}
            />
          </dd>
          <dt>{words.text('memory')}</dt>
          <dd>
            {words.bytes(memoryUsed(host))} / {words.bytes(host.facts?.memoryTotalBytes ?? null)}
          </dd>
        </dl>
      </CardBody>
    </Card>
  );
}
