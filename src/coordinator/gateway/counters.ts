/**
 * Counters as libvirt's clients want them, who draw graphs from their growth. Hosts tell what passes as rates; here
 * they are added up over time, from when the first client came or the vm began to run, each rate until the next one is
 * told. They only grow until the vm goes off.
 */
import { vmStateFacts, type Vm } from '#api';
import type { Clock } from '#lib';
import type { Inventory } from '../inventory/inventory.ts';

export interface Totals {
  readonly cpuNs: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads: number;
  readonly writes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

const nothing: Totals = {
  cpuNs: 0,
  readBytes: 0,
  writtenBytes: 0,
  reads: 0,
  writes: 0,
  receivedBytes: 0,
  sentBytes: 0,
};

/** In the order in which they are kept. */
export const counterFields = [
  'cpuNs',
  'readBytes',
  'writtenBytes',
  'reads',
  'writes',
  'receivedBytes',
  'sentBytes',
] as const satisfies readonly (keyof Totals)[];
export type CounterField = (typeof counterFields)[number];

/** A rate holds no longer than this: a host that was away says nothing of the time between. */
const maxStepMs = 60_000;

/** Of one vm: its totals, by how much they grow in a second as far as is known, when they were what they are, and the memory that it takes up. */
const rates = counterFields.length;
const atMs = 2 * counterFields.length;
const memory = atMs + 1;
const width = memory + 1;
const firstPlaces = 64;

export function numberOf(field: CounterField): number {
  return counterFields.indexOf(field);
}

export class Counters implements Disposable {
  readonly #inventory: CountedInventory;
  readonly #clock: Pick<Clock, 'now'>;
  /** By their places in the inventory, all in one: a fleet's are read one after the other. */
  #figures = new Float64Array(firstPlaces * width);
  /** Whose they are; nobody's where there are none. */
  readonly #owners: (string | undefined)[] = [];
  readonly #places = new Map<string, number>();
  readonly #stop: () => void;

  constructor(
    inventory: CountedInventory & Pick<Inventory, 'onChange'>,
    clock: Pick<Clock, 'now'>,
  ) {
    this.#inventory = inventory;
    this.#clock = clock;
    this.#stop = inventory.onChange(({ things }) => {
      for (const { kind, id } of things) if (kind === 'vm') this.#look(id);
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Of one of a fleet, of which most may be off. */
  ofVm({ id, state }: Pick<Vm, 'id' | 'state'>): Totals {
    return state === 'unknown' || vmStateFacts[state].live ? this.of(id) : nothing;
  }

  /** They begin where they are first asked for. */
  of(vmId: string): Totals {
    const place = this.#inventory.vmTable.placeOf(vmId);
    if (place === undefined) return nothing;
    const start = this.startOf(place);
    const seconds = this.secondsSince(start, this.#clock.now());
    const of = (field: CounterField): number => this.figure(start, numberOf(field), seconds);
    return {
      cpuNs: of('cpuNs'),
      readBytes: of('readBytes'),
      writtenBytes: of('writtenBytes'),
      reads: of('reads'),
      writes: of('writes'),
      receivedBytes: of('receivedBytes'),
      sentBytes: of('sentBytes'),
    };
  }

  /** Where the figures of the vm in the place are; negative: it has none. */
  startOf(place: number): number {
    const id = this.#inventory.vmTable.idAt(place);
    if (id === undefined) return -1;
    if (this.#owners[place] !== id) this.#look(id);
    return this.#owners[place] === id ? place * width : -1;
  }

  /** How long what is known of them holds already. */
  secondsSince(start: number, nowMs: number): number {
    if (start < 0) return 0;
    const since = nowMs - (this.#figures[start + atMs] ?? 0);
    return Math.min(maxStepMs, Math.max(0, since)) / 1000;
  }

  /** `seconds`: as `secondsSince` says. */
  figure(start: number, number: number, seconds: number): number {
    if (start < 0) return 0;
    const at = start + number;
    return (this.#figures[at] ?? 0) + (this.#figures[at + rates] ?? 0) * seconds;
  }

  /** Not a number where nobody has told it. */
  memoryBytes(start: number): number {
    return start < 0 ? NaN : (this.#figures[start + memory] ?? NaN);
  }

  #look(vmId: string): void {
    const { vmTable } = this.#inventory;
    const place = vmTable.placeOf(vmId);
    const vm = place === undefined ? undefined : vmTable.viewAt(place);
    if (vm?.state === 'unknown') return;
    if (place === undefined || vm === undefined || !vmStateFacts[vm.state].live)
      return this.#forget(vmId);
    const nowMs = this.#clock.now();
    const start = place * width;
    const isKnown = this.#owners[place] === vmId;
    const seconds = isKnown ? this.secondsSince(start, nowMs) : 0;
    if (!isKnown) this.#take(place, vmId);
    const now = ratesOf(vm);
    for (const [number, field] of counterFields.entries()) {
      this.#figures[start + number] = this.figure(start, number, seconds);
      this.#figures[start + rates + number] = now[field];
    }
    this.#figures[start + atMs] = nowMs;
    this.#figures[start + memory] = vm.status.memoryBytes ?? NaN;
  }

  /** From nothing on. */
  #take(place: number, vmId: string): void {
    const start = place * width;
    if (start + width > this.#figures.length) this.#grow(start + width);
    this.#figures.fill(0, start, start + width);
    this.#owners[place] = vmId;
    this.#places.set(vmId, place);
  }

  #forget(vmId: string): void {
    const place = this.#places.get(vmId);
    if (place === undefined) return;
    this.#places.delete(vmId);
    // Another vm may have the place.
    if (this.#owners[place] === vmId) this.#owners[place] = undefined;
  }

  #grow(size: number): void {
    const { places } = this.#inventory.vmTable;
    const more = Math.ceil(this.#figures.length * 1.25);
    const grown = new Float64Array(Math.max(size, places * width, more));
    grown.set(this.#figures);
    this.#figures = grown;
  }
}

type CountedInventory = Pick<Inventory, 'vmTable'>;

function ratesOf({
  definition,
  state,
  status,
}: Pick<Vm, 'definition' | 'state' | 'status'>): Totals {
  const { cpuPercent, diskUse, networkUse } = status;
  if (state !== 'running') return nothing;
  return {
    cpuNs: ((cpuPercent ?? 0) / 100) * definition.hardware.processor.count * 1e9,
    readBytes: diskUse?.readBytesPerSecond ?? 0,
    writtenBytes: diskUse?.writtenBytesPerSecond ?? 0,
    reads: diskUse?.readsPerSecond ?? 0,
    writes: diskUse?.writesPerSecond ?? 0,
    receivedBytes: networkUse?.receivedBytesPerSecond ?? 0,
    sentBytes: networkUse?.sentBytesPerSecond ?? 0,
  };
}
