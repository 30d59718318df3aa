/**
 * Statistics of vms as bytes, kept until something but the counters changes: the settings, the state, the number of the
 * domain. For clients that ask for a whole fleet every few seconds.
 */
import type { Vm, VmDefinition } from '#api';
import { kiB } from '#lib';
import { encodeStatsRecord, type DomainHandle, type StatsRecord, type TypedParam } from '#libvirt';
import { numberOf, type Counters } from './counters.ts';

/** What is counted at a place of a record: one of the figures of Counters, or one of the other two. */
type Count = number;
const vcpuTime: Count = -1;
const memory: Count = -2;

/** Every parameter of domain-stats.ts that grows. */
const counts: Readonly<Record<string, Count>> = {
  'cpu.time': numberOf('cpuNs'),
  'balloon.rss': memory,
  'net.0.rx.bytes': numberOf('receivedBytes'),
  'net.0.tx.bytes': numberOf('sentBytes'),
  'block.0.rd.reqs': numberOf('reads'),
  'block.0.rd.bytes': numberOf('readBytes'),
  'block.0.wr.reqs': numberOf('writes'),
  'block.0.wr.bytes': numberOf('writtenBytes'),
};

/** All that the bytes depend on, but the definition. */
interface Key {
  readonly groups: number;
  readonly id: number;
  readonly name: string;
  readonly state: Vm['state'];
  readonly held: boolean;
  readonly path: string;
  readonly stopReason: number;
}

/** A record, and what counts for each of its places. */
export interface CountedRecord {
  readonly record: StatsRecord;
  readonly counts: readonly Count[];
  readonly processors: number;
  /** Whether it is of a vm that runs. */
  readonly isActive: boolean;
  /** Whether it has a place for the memory that the vm takes up. */
  readonly hasMemory: boolean;
  /** Whether it may be another one without the vm being another one: where an image is may change, and no vm tells. */
  readonly hasImage: boolean;
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
      kept = {
        groups,
        id,
        name,
        state,
        held: status.held,
        hasMemory,
        path,
        stopReason,
        ...this.#encode(dom, paramsOf()),
        processors: definition.hardware.processor.count,
        isActive: id >= 0,
        hasImage: hasImage(definition),
      };
      if (!kept.hasImage) this.#kept.set(definition, kept);
    }
    return kept;
  }

  #encode(
    dom: DomainHandle,
    params: readonly TypedParam[],
  ): Pick<CountedRecord, 'record' | 'counts'> {
    const counted: Count[] = [];
    const fields: string[] = [];
    const { bytes, places } = encodeStatsRecord(dom, params, (field) => {
      const count = countOf(field);
      if (count === undefined) return false;
      counted.push(count);
      fields.push(field);
      return true;
    });
    const shape = this.#share(`${places.join()} ${fields.join()}`, { places, counts: counted });
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

/**
 * What the counters of the record are now, put into the list in the order of its places. `start`: where the vm's figures are;
 * `seconds`: how long they hold already.
 */
export function countInto(
  into: Float64Array,
  { counts, processors }: Pick<CountedRecord, 'counts' | 'processors'>,
  figures: Pick<Counters, 'figure' | 'memoryBytes'>,
  start: number,
  seconds: number,
): void {
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index] ?? 0;
    if (count >= 0) into[index] = Math.floor(figures.figure(start, count, seconds));
    else if (count === vcpuTime)
      into[index] = Math.floor(figures.figure(start, cpuTime, seconds) / processors);
    // It may be told of a vm, and then no more.
    else into[index] = Math.floor((figures.memoryBytes(start) || 0) / kiB);
  }
}

const cpuTime = numberOf('cpuNs');

function countOf(field: string): Count | undefined {
  if (Object.hasOwn(counts, field)) return counts[field];
  return /^vcpu\.\d+\.time$/.test(field) ? vcpuTime : undefined;
}

function hasImage({ hardware: { opticalDrives, floppy } }: VmDefinition): boolean {
  return (
    floppy?.medium?.kind === 'image' || opticalDrives.some(({ medium }) => medium?.kind === 'image')
  );
}
