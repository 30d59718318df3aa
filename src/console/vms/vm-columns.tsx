/** The columns of vms. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Vm } from '#api';
import { useConsole } from '../console.ts';
import type { TextKey } from '../i18n/en.ts';
import { columnOf, type Column } from '../list/column.ts';
import { Sparkline } from '../parts/Sparkline.tsx';
import { VmStateLabel } from '../vm/VmStateLabel.tsx';
import { RunningTime } from './RunningTime.tsx';

/** What a row shows and its menu needs; a vm whole is ten times as much. */
export const vmRowFields = [
  'kind',
  'id',
  'uuid',
  'name',
  'state',
  'standing',
  'hostId',
  'host',
  'hypervisor',
  'folder',
  'createdAt',
  'status.since',
  'status.cpuPercent',
  'status.memoryBytes',
  'status.diskSpaceBytes',
  'status.diskUse',
  'status.networkUse',
  'status.runningSeconds',
  'status.guest.osName',
  'status.guest.addresses',
  'definition.tags',
  'definition.guestOs',
  'definition.hardware.memory.sizeBytes',
  'definition.hardware.processor.count',
].join(',');

const column = columnOf<Vm>();

/** What moves each second. */
function rateColumn(key: TextKey, field: string, raw: (vm: Vm) => number | null): Column<Vm> {
  return column({
    key,
    field,
    width: 7,
    hidden: true,
    raw,
    say: (bytes, words) => `${words.bytes(bytes)}/s`,
  });
}

export const vmColumns: readonly Column<Vm>[] = [
  column({
    key: 'name',
    field: 'name',
    width: 9,
    raw: (vm) => vm.name,
    show: (vm) => (
      <Link to="/vms/$vm" params={{ vm: vm.id }}>
        {vm.name}
      </Link>
    ),
  }),
  column({
    key: 'state',
    field: 'standing',
    width: 7,
    raw: (vm) => vm.standing,
    say: (standing, words) => words.state(standing),
    show: (vm) => <VmStateLabel state={vm.standing} />,
  }),
  column({
    key: 'runningTime',
    field: 'status.runningSeconds',
    width: 10,
    raw: (vm) => vm.status.runningSeconds,
    say: (seconds, words) => words.runningTime(seconds),
    show: (vm) => <RunningTime vm={vm} />,
  }),
  column({
    key: 'cpu',
    field: 'status.cpuPercent',
    width: 6.5,
    raw: (vm) => vm.status.cpuPercent,
    say: (percent, words) => words.percent(percent),
    show: (vm, words) => (
      <span className="with-graph">
        {words.percent(vm.status.cpuPercent)}
        <CpuGraph vm={vm} />
      </span>
    ),
  }),
  column({
    key: 'memory',
    field: 'definition.hardware.memory.sizeBytes',
    width: 6,
    raw: (vm) => vm.definition.hardware.memory.sizeBytes,
    say: (size, words) => words.bytes(size),
  }),
  column({ key: 'address', width: 7.5, raw: (vm) => vm.status.guest?.addresses[0] ?? null }),
  column({
    key: 'host',
    field: 'host',
    width: 5.5,
    raw: (vm) => vm.host,
    show: (vm) => (
      <Link to="/hosts/$host" params={{ host: vm.hostId }}>
        {vm.host}
      </Link>
    ),
  }),
  column({ key: 'folder', field: 'folder', width: 9, hidden: true, raw: (vm) => vm.folder }),
  column({
    key: 'processors',
    field: 'definition.hardware.processor.count',
    width: 7,
    hidden: true,
    raw: (vm) => vm.definition.hardware.processor.count,
    say: (count, words) => words.count(count),
  }),
  column({
    key: 'memoryUsed',
    field: 'status.memoryBytes',
    width: 8,
    hidden: true,
    raw: (vm) => vm.status.memoryBytes,
    say: (size, words) => words.bytes(size),
  }),
  column({
    key: 'diskSpace',
    field: 'status.diskSpaceBytes',
    width: 8,
    hidden: true,
    raw: (vm) => vm.status.diskSpaceBytes,
    say: (size, words) => words.bytes(size),
  }),
  rateColumn(
    'diskRead',
    'status.diskUse.readBytesPerSecond',
    ({ status }) => status.diskUse?.readBytesPerSecond ?? null,
  ),
  rateColumn(
    'diskWritten',
    'status.diskUse.writtenBytesPerSecond',
    ({ status }) => status.diskUse?.writtenBytesPerSecond ?? null,
  ),
  rateColumn(
    'netReceived',
    'status.networkUse.receivedBytesPerSecond',
    ({ status }) => status.networkUse?.receivedBytesPerSecond ?? null,
  ),
  rateColumn(
    'netSent',
    'status.networkUse.sentBytesPerSecond',
    ({ status }) => status.networkUse?.sentBytesPerSecond ?? null,
  ),
  column({
    key: 'guestSystem',
    field: 'definition.guestOs',
    width: 9,
    hidden: true,
    raw: (vm) => vm.status.guest?.osName ?? vm.definition.guestOs,
  }),
  column({ key: 'tags', width: 9, hidden: true, raw: (vm) => vm.definition.tags.join(', ') }),
  column({
    key: 'created',
    field: 'createdAt',
    width: 11,
    hidden: true,
    raw: (vm) => vm.createdAt,
    say: (time, words) => words.time(time),
  }),
  column({
    key: 'hypervisor',
    field: 'hypervisor',
    width: 8,
    hidden: true,
    raw: (vm) => vm.hypervisor,
  }),
  column({ key: 'uuid', field: 'uuid', width: 18, hidden: true, raw: (vm) => vm.uuid }),
  column({
    key: 'id',
    title: 'identifier',
    field: 'id',
    width: 18,
    hidden: true,
    raw: (vm) => vm.id,
  }),
];

function CpuGraph({ vm }: { readonly vm: Vm }): ReactNode {
  const { live } = useConsole();
  const { cpuPercent: present } = vm.status;
  if (present === null) return null;
  const recent = live.samples.of(vm.id).map(({ cpuPercent }) => cpuPercent);
  return <Sparkline values={recent.length === 0 ? [present] : recent} most={100} />;
}
