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

/** A record, and what counts for each of its places. */
export interface CountedRecord {
  readonly record: StatsRecord;
  readonly counts: readonly Count[];
}

interface Shape {
  readonly places: readonly number[];
  readonly counts: readonly Count[];
}

const maxShapes = 1000;

interface Kept extends Key, CountedRecord {}

export class StatsRecords {
  /** By definition, which is another one when settings are; goes with it. */
  readonly #kept = new WeakMap<VmDefinition, Kept>();
  /** By what they are: vms with names of the same length have the same one. */
  readonly #shapes = new Map<string, Shape>();

  /** `paramsOf` tells all of them, once; what its counters say is counted anew (`countInto`). */
  of(
    vm: Vm,
    groups: number,
    dom: DomainHandle,
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
      kept = { ...key, ...this.#encode(dom, paramsOf()) };
      // Where an image is may change, and no vm tells.
      if (!hasImage(definition)) this.#kept.set(definition, kept);
    }
    return kept;
  }

  #encode(dom: DomainHandle, params: readonly TypedParam[]): CountedRecord {
    const counts: Count[] = [];
    const fields: string[] = [];
    const { bytes, places } = encodeStatsRecord(dom, params, (field) => {
      const count = countOf(field);
      if (count === undefined) return false;
      counts.push(count);
      fields.push(field);
      return true;
    });
    const shape = this.#share(`${places.join()} ${fields.join()}`, { places, counts });
    return { record: { bytes, places: shape.places }, counts: shape.counts };
  }

  #share(key: string, made: Shape): Shape {
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    // Who has one keeps it; only those to come do not share it.
    if (this.#shapes.size >= maxShapes) this.#shapes.clear();
    this.#shapes.set(key, made);
    return made;
  }
}

/** What the counters of the vm's record are now, put into the list in the order of its places. */
export function countInto(
  counters: Float64Array,
  counts: readonly Count[],
  vm: Vm,
  totals: Totals,
): void {
  for (let index = 0; index < counts.length; index += 1)
    counters[index] = Math.floor(counts[index]?.(vm, totals) ?? 0);
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
