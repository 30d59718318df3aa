/** The columns of vms. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole } from '../console.ts';
import type { Column } from '../list/column.ts';
import { Sparkline } from '../parts/Sparkline.tsx';
import { VmStateLabel } from '../vm/VmStateLabel.tsx';
import { RunningTime } from './RunningTime.tsx';

/** What a row shows and its menu needs; a vm whole is ten times as much. */
export const vmRowFields = [
  'kind',
  'id',
  'name',
  'state',
  'hostId',
  'host',
  'folder',
  'createdAt',
  'status.since',
  'status.cpuPercent',
  'status.memoryBytes',
  'status.runningSeconds',
  'status.guest.osName',
  'status.guest.addresses',
  'definition.tags',
  'definition.guestOs',
  'definition.hardware.memory.sizeBytes',
  'definition.hardware.processor.count',
].join(',');

export const vmColumns: readonly Column<Vm>[] = [
  {
    key: 'name',
    title: 'name',
    field: 'name',
    width: 11,
    first: true,
    text: (vm) => vm.name,
    show: (vm) => (
      <Link to="/vms/$vm" params={{ vm: vm.id }}>
        {vm.name}
      </Link>
    ),
    raw: (vm) => vm.name,
  },
  {
    key: 'state',
    title: 'state',
    field: 'state',
    width: 7,
    first: true,
    text: (vm, words) => words.state(vm.state),
    show: (vm) => <VmStateLabel state={vm.state} />,
    raw: (vm) => vm.state,
  },
  {
    key: 'runningTime',
    title: 'runningTime',
    field: 'status.runningSeconds',
    width: 7,
    first: true,
    text: (vm, words) => words.duration(vm.status.runningSeconds),
    show: (vm) => <RunningTime vm={vm} />,
    raw: (vm) => vm.status.runningSeconds,
  },
  {
    key: 'cpu',
    title: 'cpu',
    field: 'status.cpuPercent',
    width: 6.5,
    first: true,
    text: (vm, words) => words.percent(vm.status.cpuPercent),
    show: (vm, words) => (
      <span className="with-graph">
        {words.percent(vm.status.cpuPercent)}
        <CpuGraph vm={vm} />
      </span>
    ),
    raw: (vm) => vm.status.cpuPercent,
  },
  {
    key: 'memory',
    title: 'memory',
    field: 'definition.hardware.memory.sizeBytes',
    width: 6.5,
    first: true,
    text: (vm, words) => words.bytes(vm.definition.hardware.memory.sizeBytes),
    raw: (vm) => vm.definition.hardware.memory.sizeBytes,
  },
  {
    key: 'address',
    title: 'address',
    width: 8,
    first: true,
    text: (vm, words) => vm.status.guest?.addresses[0] ?? words.text('notAvailable'),
    raw: (vm) => vm.status.guest?.addresses[0] ?? null,
  },
  {
    key: 'host',
    title: 'host',
    field: 'host',
    width: 6,
    first: true,
    text: (vm) => vm.host,
    show: (vm) => (
      <Link to="/hosts/$host" params={{ host: vm.hostId }}>
        {vm.host}
      </Link>
    ),
    raw: (vm) => vm.host,
  },
  {
    key: 'folder',
    title: 'folder',
    field: 'folder',
    width: 9,
    first: false,
    text: (vm) => vm.folder,
    raw: (vm) => vm.folder,
  },
  {
    key: 'processors',
    title: 'processors',
    field: 'definition.hardware.processor.count',
    width: 7,
    first: false,
    text: (vm, words) => words.count(vm.definition.hardware.processor.count),
    raw: (vm) => vm.definition.hardware.processor.count,
  },
  {
    key: 'memoryUsed',
    title: 'memoryUsed',
    field: 'status.memoryBytes',
    width: 8,
    first: false,
    text: (vm, words) => words.bytes(vm.status.memoryBytes),
    raw: (vm) => vm.status.memoryBytes,
  },
  {
    key: 'guestSystem',
    title: 'guestSystem',
    field: 'definition.guestOs',
    width: 9,
    first: false,
    text: (vm, words) =>
      vm.status.guest?.osName ?? vm.definition.guestOs ?? words.text('notAvailable'),
    raw: (vm) => vm.status.guest?.osName ?? vm.definition.guestOs,
  },
  {
    key: 'tags',
    title: 'tags',
    width: 9,
    first: false,
    text: (vm) => vm.definition.tags.join(', '),
    raw: (vm) => vm.definition.tags.join(', '),
  },
  {
    key: 'created',
    title: 'created',
    field: 'createdAt',
    width: 11,
    first: false,
    text: (vm, words) => words.time(vm.createdAt),
    raw: (vm) => vm.createdAt,
  },
  {
    key: 'id',
    title: 'identifier',
    field: 'id',
    width: 18,
    first: false,
    text: (vm) => vm.id,
    raw: (vm) => vm.id,
  },
];

function CpuGraph({ vm }: { readonly vm: Vm }): ReactNode {
  const { live } = useConsole();
  if (vm.status.cpuPercent === null) return null;
  return (
    <Sparkline values={live.samples.of(vm.id).map(({ cpuPercent }) => cpuPercent)} most={100} />
  );
}
