/** The columns of hosts. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Host } from '#api';
import { useConsole } from '../console.ts';
import type { Column } from '../list/column.ts';
import { Sparkline } from '../parts/Sparkline.tsx';
import { HostStatusLabel } from './HostStatusLabel.tsx';

/** Memory in use, or null where it is not known. */
export function memoryUsed({ facts, load }: Host): number | null {
  return facts === null || load === null ? null : facts.memoryTotalBytes - load.memoryFreeBytes;
}

export const hostColumns: readonly Column<Host>[] = [
  {
    key: 'name',
    title: 'name',
    field: 'name',
    width: 12,
    first: true,
    text: (host) => host.name,
    show: (host) => (
      <Link to="/hosts/$host" params={{ host: host.id }}>
        {host.name}
      </Link>
    ),
    raw: (host) => host.name,
  },
  {
    key: 'state',
    title: 'state',
    field: 'status',
    width: 10,
    first: true,
    text: (host, words) => words.hostStatus(host.status),
    show: (host) => <HostStatusLabel host={host} />,
    raw: (host) => host.status,
  },
  {
    key: 'vms',
    title: 'virtualMachines',
    field: 'vms',
    width: 9,
    first: true,
    text: (host, words) => words.count(host.vms),
    raw: (host) => host.vms,
  },
  {
    key: 'running',
    title: 'running',
    field: 'load.running',
    width: 7,
    first: true,
    text: (host, words) =>
      host.load === null ? words.text('notAvailable') : words.count(host.load.running),
    raw: (host) => host.load?.running ?? null,
  },
  {
    key: 'cpu',
    title: 'cpu',
    field: 'load.cpuPercent',
    width: 9,
    first: true,
    text: (host, words) => words.percent(host.load?.cpuPercent ?? null),
    show: (host, words) => (
      <span className="with-graph">
        {words.percent(host.load?.cpuPercent ?? null)}
        <HostGraph host={host} />
      </span>
    ),
    raw: (host) => host.load?.cpuPercent ?? null,
  },
  {
    key: 'memory',
    title: 'memory',
    field: 'load.memoryFreeBytes',
    width: 11,
    first: true,
    text: (host, words) =>
      `${words.bytes(memoryUsed(host))} / ${words.bytes(host.facts?.memoryTotalBytes ?? null)}`,
    raw: (host) => memoryUsed(host),
  },
  {
    key: 'driver',
    title: 'driver',
    field: 'driver',
    width: 9,
    first: true,
    text: (host) =>
      host.facts === null ? host.driver : `${host.driver}, ${host.facts.acceleration.use}`,
    raw: (host) => host.driver,
  },
  {
    key: 'reason',
    title: 'reason',
    field: 'statusReason',
    width: 14,
    first: false,
    text: (host) => host.statusReason ?? '',
    raw: (host) => host.statusReason,
  },
  {
    key: 'processor',
    title: 'processor',
    field: 'facts.processor.model',
    width: 14,
    first: false,
    text: (host, words) => host.facts?.processor.model ?? words.text('notAvailable'),
    raw: (host) => host.facts?.processor.model ?? null,
  },
  {
    key: 'lastSeen',
    title: 'lastSeen',
    field: 'lastSeenAt',
    width: 11,
    first: false,
    text: (host, words) =>
      host.lastSeenAt === null ? words.text('notAvailable') : words.time(host.lastSeenAt),
    raw: (host) => host.lastSeenAt,
  },
];

function HostGraph({ host }: { readonly host: Host }): ReactNode {
  const { live } = useConsole();
  return (
    <Sparkline values={live.samples.of(host.id).map(({ cpuPercent }) => cpuPercent)} most={100} />
  );
}
