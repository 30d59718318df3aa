/** The adapters of a simulated host: one that it is managed by, and one that nothing is on. A change of the first is tried. */
import type { AdapterReport, AdapterTrial, AdapterUse, HostAdapterChange } from '#api';
import { Fault, isoTime, systemClock } from '#lib';
import type { Adapters } from '../../network/adapters.ts';

const managed = 'eno1';
const rest = { mac: null, link: 'up', speedMbps: 10_000, problem: null, networks: [] } as const;

export class SimulatedAdapters implements Adapters {
  readonly #uses = new Map<string, AdapterUse>([
    [managed, 'any'],
    ['eno2', 'any'],
  ]);
  #trial: AdapterTrial | null = null;
  #timer: NodeJS.Timeout | undefined;

  async list(): Promise<readonly AdapterReport[]> {
    return Array.from(this.#uses, ([name, use]) => ({
      ...rest,
      name,
      addresses: name === managed ? ['192.0.2.5/24'] : [],
      carries: name === managed ? ['coordinator', 'default-route'] : [],
      use,
      trial: name === managed ? this.#trial : null,
      networks: [],
    }));
  }

  async change(
    name: string,
    { use, confirmSeconds }: HostAdapterChange,
    work: 'do' | 'check' = 'do',
  ): Promise<AdapterTrial | null> {
    const before = this.#uses.get(name);
    if (before === undefined) throw new Fault('not-found', `the host has no adapter ${name}`);
    if (name === managed && use === 'networks')
      throw new Fault('refused', `adapter ${name} is the only one that leads to the coordinator`);
    if (work === 'check' || before === use) return null;
    const moves = use === 'shared' || before === 'shared';
    if (name === managed && moves) return this.#try(use, confirmSeconds * 1000);
    this.#uses.set(name, use);
    return null;
  }

  async confirm(name: string): Promise<AdapterUse> {
    if (name !== managed || this.#trial === null)
      throw new Fault('refused', `nothing is tried with adapter ${name}`);
    const { use } = this.#trial;
    this.#uses.set(name, use);
    this.#forget();
    return use;
  }

  #try(use: AdapterUse, waitMs: number): AdapterTrial {
    if (this.#trial !== null) throw new Fault('refused', 'a change waits to be confirmed');
    this.#trial = { use, until: isoTime(systemClock.now() + waitMs) };
    this.#timer = setTimeout(() => this.#forget(), waitMs).unref();
    return this.#trial;
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#trial = null;
  }
}
