/**
 * Networks and storage pools of hypervisors that others run, asked for when a client lists them, by extensions of their driver
 * (agent/foreign/networks.ts, pools.ts), and remembered for all connections.
 *
 * Invariant: nobody waits for a host longer than `patienceMs`. Of one that is slow what it told last is told; of one that is
 * away the same, as inactive; of one that has never answered nothing.
 */
import type { z } from 'zod';
import {
  hypervisorPlaces,
  type Host,
  type HypervisorNetwork,
  type HypervisorPlace,
  type HypervisorPool,
} from '#api';
import type { Coordinator } from '../context.ts';

type Place = Pick<Coordinator, 'links' | 'clock' | 'inventory'>;

export function hostNetworks(coordinator: Place): HostLists<HypervisorNetwork> {
  return new HostLists(coordinator, 'networks', hypervisorPlaces.networks);
}

export function hostPools(coordinator: Place): HostLists<HypervisorPool> {
  return new HostLists(coordinator, 'pools', hypervisorPlaces.pools);
}

interface Told<T> {
  readonly atMs: number;
  readonly items: readonly T[];
}

const patienceMs = 1_000;
/** A host may take longer than that: the next one who asks has its answer then. */
const answerMs = 30_000;
/** As long as a client takes that lists them and then asks for each. */
const maxAgeMs = 2_000;

export class HostLists<T extends { readonly active: boolean }> {
  readonly #coordinator: Place;
  readonly #extension: HypervisorPlace;
  readonly #schema: z.ZodType<readonly T[]>;
  readonly #told = new Map<string, Told<T>>();
  readonly #asked = new Map<string, Promise<void>>();

  constructor(coordinator: Place, extension: HypervisorPlace, schema: z.ZodType<readonly T[]>) {
    this.#coordinator = coordinator;
    this.#extension = extension;
    this.#schema = schema;
  }

  async of({ id, status, facts }: Host): Promise<readonly T[]> {
    const knows = facts?.extensions?.some(
      ({ name, of }) => of === 'host' && name === this.#extension,
    );
    if (facts?.foreign === undefined || knows !== true) return [];
    if (status !== 'ready')
      return (this.#told.get(id)?.items ?? []).map((one) => ({ ...one, active: false }));
    const { atMs = -Infinity } = this.#told.get(id) ?? {};
    if (this.#coordinator.clock.now() - atMs > maxAgeMs) await inTime(this.#ask(id));
    return this.#told.get(id)?.items ?? [];
  }

  /** What it told is told no more: one of them has been changed. */
  outdate(hostId: string): void {
    const told = this.#told.get(hostId);
    if (told !== undefined) this.#told.set(hostId, { ...told, atMs: -Infinity });
    this.#asked.delete(hostId);
  }

  #ask(hostId: string): Promise<void> {
    const known = this.#asked.get(hostId);
    if (known !== undefined) return known;
    const asked = this.#read(hostId).finally(() => {
      if (this.#asked.get(hostId) === asked) this.#asked.delete(hostId);
    });
    this.#asked.set(hostId, asked);
    return asked;
  }

  /** A host that does not answer, or not in our words, has told nothing new. */
  async #read(hostId: string): Promise<void> {
    const { links, clock, inventory } = this.#coordinator;
    const params = { name: this.#extension, argument: null };
    const atMs = clock.now();
    try {
      const signal = AbortSignal.timeout(answerMs);
      const { output } = await links.call(hostId, 'host.extension', params, { signal });
      this.#told.set(hostId, { atMs, items: this.#schema.parse(JSON.parse(output)) });
    } catch {
      return;
    }
    for (const id of this.#told.keys())
      if (inventory.document('host', id) === undefined) this.#told.delete(id);
  }
}

async function inTime(asked: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  await Promise.race([asked, promise]);
  clearTimeout(timer);
}
