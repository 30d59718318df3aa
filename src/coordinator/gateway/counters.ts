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

/** A rate holds no longer than this: a host that was away says nothing of the time between. */
const maxStepMs = 60_000;

interface Counted {
  readonly atMs: number;
  readonly totals: Totals;
  /** By how much they grow in a second, as far as is known. */
  readonly rates: Totals;
}

export class Counters implements Disposable {
  readonly #inventory: Pick<Inventory, 'vm'>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #counted = new Map<string, Counted>();
  readonly #stop: () => void;

  constructor(inventory: Pick<Inventory, 'vm' | 'onChange'>, clock: Pick<Clock, 'now'>) {
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
    if (!this.#counted.has(vmId)) this.#look(vmId);
    const counted = this.#counted.get(vmId);
    return counted === undefined ? nothing : growUntil(counted, this.#clock.now());
  }

  #look(vmId: string): void {
    const vm = this.#inventory.vm(vmId);
    if (vm?.state === 'unknown') return;
    if (vm === undefined || !vmStateFacts[vm.state].live) {
      this.#counted.delete(vmId);
      return;
    }
    const atMs = this.#clock.now();
    const before = this.#counted.get(vmId);
    const totals = before === undefined ? nothing : growUntil(before, atMs);
    this.#counted.set(vmId, { atMs, totals, rates: ratesOf(vm) });
  }
}

function ratesOf({ definition, state, status }: Vm): Totals {
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

function growUntil({ atMs, totals, rates }: Counted, nowMs: number): Totals {
  const seconds = Math.min(maxStepMs, Math.max(0, nowMs - atMs)) / 1000;
  // Each by its name: it is done for every vm of a fleet.
  return {
    cpuNs: totals.cpuNs + rates.cpuNs * seconds,
    readBytes: totals.readBytes + rates.readBytes * seconds,
    writtenBytes: totals.writtenBytes + rates.writtenBytes * seconds,
    reads: totals.reads + rates.reads * seconds,
    writes: totals.writes + rates.writes * seconds,
    receivedBytes: totals.receivedBytes + rates.receivedBytes * seconds,
    sentBytes: totals.sentBytes + rates.sentBytes * seconds,
  };
}
