/**
 * Bulk statistics in libvirt's names (its page "virConnectGetAllDomainStats"). Pure. Gantry's figures are those of all
 * disks of a vm together, and of all adapters: they stand at the first one, so that sums are right.
 */
import type { Vm } from '#api';
import { kiB } from '#lib';
import { intParam, stringParam, uhyperParam, uintParam, type TypedParam } from '#libvirt';
import type { Totals } from './counters.ts';
import { adapterTarget, type BlockDevice } from '../domain-xml/domain-devices.ts';
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
  /** Of one that is off. */
  readonly stopReason: number;
  readonly blockDevices: () => readonly BlockDevice[];
}

/** `groups`: bits; 0 means all. */
export function statsOf(
  vm: Vm,
  groups: number,
  { isActive, totals, stopReason, blockDevices }: StatsSurroundings,
): TypedParam[] {
  const wants = (group: keyof typeof statsGroups): boolean =>
    groups === 0 || (groups & statsGroups[group]) !== 0;
  // One list for all: a fleet's statistics are a hundred thousand parameters.
  const params: TypedParam[] = [];
  if (wants('state')) addState(params, vm, stopReason);
  if (wants('cpu') && isActive) params.push(uhyperParam('cpu.time', whole(totals.cpuNs)));
  if (wants('balloon')) addBalloon(params, vm);
  if (wants('vcpu')) addVcpus(params, vm, isActive, totals);
  if (wants('interface') && isActive) addInterfaces(params, vm, totals);
  if (wants('block')) addBlocks(params, blockDevices(), isActive, totals);
  return params;
}

export function whole(count: number): bigint {
  return BigInt(Math.floor(count));
}

function addState(params: TypedParam[], vm: Vm, stopReason: number): void {
  const { state, reason } = stateOf(vm, stopReason);
  params.push(intParam('state.state', state), intParam('state.reason', reason));
}

function addBalloon(params: TypedParam[], { definition, status }: Vm): void {
  const { sizeBytes, maxBytes } = definition.hardware.memory;
  const { memoryBytes } = status;
  params.push(
    uhyperParam('balloon.current', sizeBytes / kiB),
    uhyperParam('balloon.maximum', (maxBytes ?? sizeBytes) / kiB),
  );
  if (memoryBytes !== null) params.push(uhyperParam('balloon.rss', Math.floor(memoryBytes / kiB)));
}

/** virVcpuState: running. */
const vcpuRuns = 1;

function addVcpus(
  params: TypedParam[],
  { definition }: Vm,
  isActive: boolean,
  totals: Totals,
): void {
  const { count, maxCount } = definition.hardware.processor;
  params.push(uintParam('vcpu.current', count), uintParam('vcpu.maximum', maxCount ?? count));
  if (!isActive) return;
  const each = whole(totals.cpuNs / count);
  for (let index = 0; index < count; index += 1)
    params.push(intParam(`vcpu.${index}.state`, vcpuRuns), uhyperParam(`vcpu.${index}.time`, each));
}

function addInterfaces(params: TypedParam[], { definition }: Vm, totals: Totals): void {
  const { adapters } = definition.hardware;
  params.push(uintParam('net.count', adapters.length));
  for (const [index, adapter] of adapters.entries()) {
    params.push(stringParam(`net.${index}.name`, adapterTarget(adapter)));
    if (index > 0) continue;
    params.push(
      uhyperParam('net.0.rx.bytes', whole(totals.receivedBytes)),
      uhyperParam('net.0.tx.bytes', whole(totals.sentBytes)),
    );
  }
}

function addBlocks(
  params: TypedParam[],
  devices: readonly BlockDevice[],
  isActive: boolean,
  totals: Totals,
): void {
  params.push(uintParam('block.count', devices.length));
  for (const [index, { target, file, sizeBytes }] of devices.entries()) {
    params.push(stringParam(`block.${index}.name`, target));
    if (file !== undefined) params.push(stringParam(`block.${index}.path`, file));
    if (index === 0 && isActive)
      params.push(
        uhyperParam('block.0.rd.reqs', whole(totals.reads)),
        uhyperParam('block.0.rd.bytes', whole(totals.readBytes)),
        uhyperParam('block.0.wr.reqs', whole(totals.writes)),
        uhyperParam('block.0.wr.bytes', whole(totals.writtenBytes)),
      );
    if (sizeBytes !== undefined) params.push(uhyperParam(`block.${index}.capacity`, sizeBytes));
  }
}
