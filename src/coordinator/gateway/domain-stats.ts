/**
 * Bulk statistics in libvirt's names (its page "virConnectGetAllDomainStats"). Pure. Gantry's figures are those of all
 * disks of a vm together, and of all adapters: they stand at the first one, so that sums are right.
 */
import type { Vm } from '#api';
import { kiB } from '#lib';
import { intParam, stringParam, uhyperParam, uintParam, type TypedParam } from '#libvirt';
import type { Totals } from './counters.ts';
import { adapterTarget, type BlockDevice } from './domain-devices.ts';
import { stateOf } from './domain-state.ts';

/** virDomainStatsTypes. */
export const statsGroups = {
  state: 1,
  cpu: 2,
  balloon: 4,
  vcpu: 8,
  interface: 16,
  block: 32,
} as const;
export const allStatsGroups = 63;

export interface StatsSurroundings {
  /** Whether it has an id. */
  readonly isActive: boolean;
  readonly totals: Totals;
  readonly blockDevices: () => readonly BlockDevice[];
}

/** `groups`: bits; 0 means all. */
export function statsOf(
  vm: Vm,
  groups: number,
  { isActive, totals, blockDevices }: StatsSurroundings,
): TypedParam[] {
  const wants = (group: keyof typeof statsGroups): boolean =>
    groups === 0 || (groups & statsGroups[group]) !== 0;
  const { state, reason } = stateOf(vm);
  return [
    ...(wants('state') ? [intParam('state.state', state), intParam('state.reason', reason)] : []),
    ...(wants('cpu') && isActive ? [uhyperParam('cpu.time', whole(totals.cpuNs))] : []),
    ...(wants('balloon') ? balloonStats(vm) : []),
    ...(wants('vcpu') ? vcpuStats(vm, isActive, totals) : []),
    ...(wants('interface') && isActive ? interfaceStats(vm, totals) : []),
    ...(wants('block') ? blockStats(blockDevices(), isActive, totals) : []),
  ];
}

export function whole(count: number): bigint {
  return BigInt(Math.floor(count));
}

function balloonStats({ definition, status }: Vm): TypedParam[] {
  const { sizeBytes, maxBytes } = definition.hardware.memory;
  const { memoryBytes } = status;
  return [
    uhyperParam('balloon.current', sizeBytes / kiB),
    uhyperParam('balloon.maximum', (maxBytes ?? sizeBytes) / kiB),
    ...(memoryBytes === null ? [] : [uhyperParam('balloon.rss', Math.floor(memoryBytes / kiB))]),
  ];
}

/** virVcpuState: running. */
const vcpuRuns = 1;

function vcpuStats({ definition }: Vm, isActive: boolean, totals: Totals): TypedParam[] {
  const { count, maxCount } = definition.hardware.processor;
  const each = whole(totals.cpuNs / count);
  const one = (index: number): TypedParam[] => [
    intParam(`vcpu.${index}.state`, vcpuRuns),
    uhyperParam(`vcpu.${index}.time`, each),
  ];
  return [
    uintParam('vcpu.current', count),
    uintParam('vcpu.maximum', maxCount ?? count),
    ...(isActive ? Array.from({ length: count }, (_, index) => one(index)).flat() : []),
  ];
}

function interfaceStats({ definition }: Vm, totals: Totals): TypedParam[] {
  const { adapters } = definition.hardware;
  return [
    uintParam('net.count', adapters.length),
    ...adapters.flatMap((adapter, index) => [
      stringParam(`net.${index}.name`, adapterTarget(adapter)),
      ...(index === 0
        ? [
            uhyperParam('net.0.rx.bytes', whole(totals.receivedBytes)),
            uhyperParam('net.0.tx.bytes', whole(totals.sentBytes)),
          ]
        : []),
    ]),
  ];
}

function blockStats(
  devices: readonly BlockDevice[],
  isActive: boolean,
  totals: Totals,
): TypedParam[] {
  return [
    uintParam('block.count', devices.length),
    ...devices.flatMap(({ target, file, sizeBytes }, index) => [
      stringParam(`block.${index}.name`, target),
      ...(file === undefined ? [] : [stringParam(`block.${index}.path`, file)]),
      ...(index === 0 && isActive
        ? [
            uhyperParam('block.0.rd.reqs', whole(totals.reads)),
            uhyperParam('block.0.rd.bytes', whole(totals.readBytes)),
            uhyperParam('block.0.wr.reqs', whole(totals.writes)),
            uhyperParam('block.0.wr.bytes', whole(totals.writtenBytes)),
          ]
        : []),
      ...(sizeBytes === undefined ? [] : [uhyperParam(`block.${index}.capacity`, sizeBytes)]),
    ]),
  ];
}
