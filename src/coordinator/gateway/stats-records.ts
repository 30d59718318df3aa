/**
 * Statistics of vms as bytes, kept until something but the counters changes: the settings, the state, the number of the
 * domain. For clients that ask for a whole fleet every few seconds.
 */
import type { Vm, VmDefinition } from '#api';
import { kiB } from '#lib';
import { encodeStatsRecord, type DomainHandle, type StatsRecord, type TypedParam } from '#libvirt';
import type { Totals } from './counters.ts';

type Count = (vm: Vm, totals: Totals) => number;

/** Every parameter of domain-stats.ts that grows. */
const counts: Readonly<Record<string, Count>> = {
  'cpu.time': (_, { cpuNs }) => cpuNs,
  'balloon.rss': ({ status }) => (status.memoryBytes ?? 0) / kiB,
  'net.0.rx.bytes': (_, { receivedBytes }) => receivedBytes,
  'net.0.tx.bytes': (_, { sentBytes }) => sentBytes,
  'block.0.rd.reqs': (_, { reads }) => reads,
  'block.0.rd.bytes': (_, { readBytes }) => readBytes,
  'block.0.wr.reqs': (_, { writes }) => writes,
  'block.0.wr.bytes': (_, { writtenBytes }) => writtenBytes,
};
const vcpuTime: Count = ({ definition }, { cpuNs }) => cpuNs / definition.hardware.processor.count;

/** All that the bytes depend on, but the definition. */
interface Key {
  readonly groups: number;
  readonly id: number;
  readonly name: string;
  readonly state: Vm['state'];
  readonly held: boolean;
  readonly hasMemory: boolean;
  readonly path: string;
  readonly stopReason: number;
}

interface Kept extends Key {
  readonly record: StatsRecord;
  readonly counts: readonly Count[];
}

export interface CountedRecord {
  readonly record: StatsRecord;
  readonly counters: readonly number[];
}

export class StatsRecords {
  /** By definition, which is another one when settings are; goes with it. */
  readonly #kept = new WeakMap<VmDefinition, Kept>();

  /** `paramsOf` tells all of them, once. */
  of(
    vm: Vm,
    groups: number,
    dom: DomainHandle,
    totals: Totals,
    paramsOf: () => readonly TypedParam[],
    stopReason = 0,
  ): CountedRecord {
    const { state, path, definition, status } = vm;
    const hasMemory = status.memoryBytes !== null;
    let kept = this.#kept.get(definition);
    // One by one, since a text of them all is made for each vm of a fleet, and thrown away.
    if (
      kept?.groups !== groups ||
      kept.id !== dom.id ||
      kept.name !== dom.name ||
      kept.state !== state ||
      kept.held !== status.held ||
      kept.hasMemory !== hasMemory ||
      kept.path !== path ||
      kept.stopReason !== stopReason
    ) {
      const { id, name } = dom;
      const key = { groups, id, name, state, held: status.held, hasMemory, path, stopReason };
      kept = keep(key, dom, paramsOf());
      // Where an image is may change, and no vm tells.
      if (!hasImage(definition)) this.#kept.set(definition, kept);
    }
    return {
      record: kept.record,
      counters: kept.counts.map((count) => Math.floor(count(vm, totals))),
    };
  }
}

function keep(key: Key, dom: DomainHandle, params: readonly TypedParam[]): Kept {
  const found: Count[] = [];
  const record = encodeStatsRecord(dom, params, (field) => {
    const count = countOf(field);
    if (count !== undefined) found.push(count);
    return count !== undefined;
  });
  return { ...key, record, counts: found };
}

function countOf(field: string): Count | undefined {
  if (Object.hasOwn(counts, field)) return counts[field];
  return /^vcpu\.\d+\.time$/.test(field) ? vcpuTime : undefined;
}

function hasImage({ hardware: { opticalDrives, floppy } }: VmDefinition): boolean {
  return (
    floppy?.medium?.kind === 'image' || opticalDrives.some(({ medium }) => medium?.kind === 'image')
  );
}
