/** Networks of a simulated host: every one that it was told of is ready as soon as an adapter is on it. */
import type { HostLease, HostPort, NetworkReport, NetworkSpec } from '#api';
import { Fault } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import { networkMissing, usedNetworks, type Networks } from '../../network/networks.ts';
import type { Obstacle } from '../driver.ts';
import { SimulatedAdapters } from './adapters.ts';

const lookMs = 50;

export class SimulatedNetworks implements Networks {
  readonly whyNot = undefined;
  readonly adapters = new SimulatedAdapters();
  readonly leaseTables: ReadonlyMap<string, readonly HostLease[]> = new Map();
  readonly #files: () => Iterable<MachineFile>;
  #known = new Map<string, NetworkSpec>();
  #reports: readonly NetworkReport[] = [];
  #listener: () => void = () => undefined;
  #isWaiting = false;
  #begun = false;

  constructor(files: () => Iterable<MachineFile>) {
    this.#files = files;
  }

  get reports(): readonly NetworkReport[] {
    return this.#reports;
  }

  get used(): ReadonlySet<string> {
    return usedNetworks(this.#files());
  }

  onReports(listener: () => void): void {
    this.#listener = listener;
  }

  async configure(networks: readonly NetworkSpec[]): Promise<void> {
    this.#known = new Map(networks.map((network) => [network.id, network]));
    this.#count();
  }

  /** A fleet that starts changes thousands of machines at once. */
  look(): void {
    this.#begun = true;
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      this.#count();
    }, lookMs).unref();
  }

  async check(network: string): Promise<readonly Obstacle[]> {
    return this.#known.has(network) ? [] : [networkMissing(network)];
  }

  async release(id: string, address: string): Promise<void> {
    throw new Fault('not-found', `network ${id} has not leased ${address} here`);
  }

  /** Nothing passes there. */
  async ports(id: string): Promise<readonly HostPort[]> {
    const none = { bytes: 0, packets: 0, dropped: 0 };
    const rest = { link: 'up', received: none, sent: none, flows: null } as const;
    return Array.from(this.#files()).flatMap(({ definition, startedWith }) =>
      (startedWith?.hardware.adapters ?? []).flatMap(({ slot, mac, attachment }) =>
        attachment.kind === 'network' && attachment.network === id
          ? [{ vm: definition.id, slot, mac, interface: 'simulated', ...rest }]
          : [],
      ),
    );
  }

  #count(): void {
    if (!this.#begun) return;
    const ids = [...usedNetworks(this.#files())].filter((id) => this.#known.has(id)).sort();
    if (ids.join() === this.#reports.map(({ id }) => id).join()) return;
    this.#reports = ids.map((id) => ({
      id,
      state: 'ready',
      reasons: [],
      bridge: 'simulated',
      seen: [],
    }));
    this.#listener();
  }
}
