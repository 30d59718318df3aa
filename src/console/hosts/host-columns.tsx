/** The columns of hosts. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Host, ViewerState } from '#api';
import { useConsole } from '../console.ts';
import { columnOf, type Column } from '../list/column.ts';
import type { TextKey } from '../i18n/en.ts';
import { Sparkline } from '../parts/Sparkline.tsx';
import { HostStatusLabel } from './HostStatusLabel.tsx';

/** Memory in use, or null where it is not known. */
export function memoryUsed({ facts, load }: Host): number | null {
  return facts === null || load === null ? null : facts.memoryTotalBytes - load.memoryFreeBytes;
}

const column = columnOf<Host>();

const viewerWords = {
  off: 'switchedOff',
  unsupported: 'notAvailable',
  unknown: 'notAvailable',
  listening: 'listening',
  failed: 'notListening',
} as const satisfies Readonly<Record<ViewerState, TextKey>>;

export const hostColumns: readonly Column<Host>[] = [
  column({
    key: 'name',
    field: 'name',
    width: 7.5,
    raw: (host) => host.name,
    show: (host) => (
      <Link to="/hosts/$host" params={{ host: host.id }}>
        {host.name}
      </Link>
    ),
  }),
  column({
    key: 'state',
    field: 'status',
    width: 8,
    raw: (host) => host.status,
    say: (status, words) => words.hostStatus(status),
    show: (host) => <HostStatusLabel host={host} />,
  }),
  column({
    key: 'vms',
    title: 'virtualMachines',
    field: 'vms',
    width: 8.5,
    raw: (host) => host.vms,
    say: (count, words) => words.count(count),
  }),
  column({
    key: 'running',
    field: 'load.running',
    width: 6.5,
    raw: (host) => host.load?.running ?? null,
    say: (count, words) => words.count(count),
  }),
  column({
    key: 'cpu',
    field: 'load.cpuPercent',
    width: 6,
    raw: (host) => host.load?.cpuPercent ?? null,
    say: (percent, words) => words.percent(percent),
    show: (host, words) => (
      <span className="with-graph">
        {words.percent(host.load?.cpuPercent ?? null)}
        <HostGraph host={host} />
      </span>
    ),
  }),
  column({
    key: 'memory',
    field: 'load.memoryFreeBytes',
    width: 10,
    raw: memoryUsed,
    say: (used, words, { facts }) =>
      `${words.bytes(used)} / ${words.bytes(facts?.memoryTotalBytes ?? null)}`,
  }),
  column({
    key: 'driver',
    field: 'driver',
    width: 7.5,
    raw: (host) => host.driver,
    say: (driver, _words, { facts }) =>
      facts === null ? driver : `${driver}, ${facts.acceleration.use}`,
  }),
  column({
    key: 'viewers',
    field: 'viewers.state',
    width: 8,
    hidden: true,
    raw: ({ viewers }) => viewers.state,
    say: (state, words) => words.text(viewerWords[state]),
  }),
  column({
    key: 'viewerAddress',
    field: 'viewers.address',
    width: 10,
    hidden: true,
    raw: ({ viewers }) => viewers.address,
  }),
  column({
    key: 'viewerPorts',
    field: 'viewers.ports',
    width: 8,
    hidden: true,
    raw: ({ viewers }) => viewers.ports,
  }),
  column({
    key: 'viewerTls',
    field: 'viewers.tls',
    width: 8,
    hidden: true,
    raw: ({ viewers }) => viewers.tls,
    say: (tls, words) => words.text(tls === 'required' ? 'tlsRequired' : 'tlsOptional'),
  }),
  column({
    key: 'reason',
    field: 'statusReason',
    width: 14,
    hidden: true,
    raw: (host) => host.statusReason,
    say: (reason, words) => words.told(reason),
  }),
  column({
    key: 'processor',
    field: 'facts.processor.model',
    width: 14,
    hidden: true,
    raw: (host) => host.facts?.processor.model ?? null,
  }),
  column({
    key: 'lastSeen',
    field: 'lastSeenAt',
    width: 11,
    hidden: true,
    raw: (host) => host.lastSeenAt,
    say: (time, words) => words.time(time),
  }),
];

function HostGraph({ host }: { readonly host: Host }): ReactNode {
  const { live } = useConsole();
  return (
    <Sparkline values={live.samples.of(host.id).map(({ cpuPercent }) => cpuPercent)} most={100} />
  );
}
