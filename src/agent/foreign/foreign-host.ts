/**
 * One foreign hypervisor while its connection stands: looked at in bulk, once in a while and whenever it tells of
 * a change, and shown to the link as a host. Connecting changes nothing there (FED-05).
 *
 * Invariants: (1) one look at a time; a change that is told meanwhile leads to one more; (2) a connection that is
 * lost, or a look that fails, ends the whole: whoever keeps it opens a new one and sees all anew.
 */
import {
  tellFinding,
  type Finding,
  type ForeignHostIdentity,
  type HostFacts,
  type HostLoad,
  type HostSettings,
  type MachineRecord,
  type MachineReport,
  type MachineSample,
  hostEventNames,
  toldEventNames,
  type ToldEvent,
  type ToldOfHost,
} from '#api';
import { abortReason, describeFault, Fault, isFault, type Clock } from '#lib';
import type { Client, EventName, Subscription } from '#libvirt';
import type { Log } from '#log';
import type { LinkedHost } from '../link/linked-host.ts';
import { AbsentNetworks } from '../network/absent-networks.ts';
import { missingAbilities } from './abilities.ts';
import { Bell } from './bell.ts';
import { BorrowedPools } from './copy/borrowed-pool.ts';
import { readFacts, type ForeignFacts } from './facts.ts';
import { findPlace } from './disk-names.ts';
import { DetailReader } from './detail-reader.ts';
import { ForeignGuests } from './foreign-guests.ts';
import { HostLoadReader } from './host-load.ts';
import { Look } from './look.ts';
import type { ForeignMachines } from './machines.ts';
import { PoolSpace } from './make/pool-space.ts';
import type { MemoryOutbox } from './outbox.ts';
import { changesDisks, diskIn, domainOf, ToldEvents } from './told.ts';

/** Events that tell of a change of what is shown. */
const tellingEvents = [
  'DOMAIN_EVENT_CALLBACK_LIFECYCLE',
  'DOMAIN_EVENT_CALLBACK_DEVICE_ADDED',
  'DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED',
] as const;

export interface ForeignTimes {
  /** Between looks, when nothing is told. */
  readonly lookMs: number;
  /** From a change that was told to the look: more of them are one. */
  readonly gatherMs: number;
  /** For a look to be answered. */
  readonly answerMs: number;
  /** For the hardware of all vms to be read before the host is shown; what has not been by then comes later. */
  readonly readMs: number;
}

export const defaultTimes: ForeignTimes = {
  lookMs: 5_000,
  gatherMs: 150,
  answerMs: 30_000,
  readMs: 200,
};

export interface ForeignHostOptions {
  readonly identity: ForeignHostIdentity;
  readonly client: Client;
  readonly machines: ForeignMachines;
  readonly identify: (uuid: string) => string;
  readonly outbox: MemoryOutbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly times: ForeignTimes;
  /** Aborts with the connection. */
  readonly signal: AbortSignal;
  readonly onFacts: (facts: HostFacts) => void;
  /** A look has been answered, so long after it was asked for a first word. */
  readonly onLook: (latencyMs: number) => void;
}

export class ForeignHost implements LinkedHost {
  readonly id: string;
  readonly name: string;
  readonly log: Log;
  readonly serviceRunning = true;
  readonly outbox: MemoryOutbox;
  readonly driver = {
    name: 'libvirt',
    networks: new AbsentNetworks(missingAbilities.networks ?? ''),
  };
  /** Folders that are storage pools for as long as work takes. */
  readonly borrowed: BorrowedPools;
  readonly #options: ForeignHostOptions;
  readonly #look: Look;
  readonly #details: DetailReader;
  readonly #space: PoolSpace;
  readonly #host: HostLoadReader;
  readonly #guests: ForeignGuests;
  readonly #told: ToldEvents;
  #facts: HostFacts;
  #onChange: () => void = () => undefined;
  /** The last look, and one that has not begun. */
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(options: ForeignHostOptions, { facts }: ForeignFacts) {
    this.#options = options;
    this.#facts = facts;
    this.id = options.identity.id;
    this.name = options.identity.name;
    this.log = options.log;
    this.outbox = options.outbox;
    this.borrowed = new BorrowedPools(options.client, options.identity.id);
    this.#look = new Look(options.client, options.clock);
    this.#space = new PoolSpace(options.client, options.clock);
    this.#host = new HostLoadReader(options.client);
    this.#told = new ToldEvents(options.log);
    const { client, log, identify: vmId } = options;
    const architecture = (): string => this.#facts.architecture;
    this.#details = new DetailReader({ client, log, architecture, vmId });
    this.#guests = new ForeignGuests({
      client,
      clock: options.clock,
      onChange: () => this.#onChange(),
    });
    options.machines.onChange(() => this.#onChange());
  }

  /** Reads what it is and looks at all of it once. Errors: those of the client. */
  static async open(options: ForeignHostOptions): Promise<ForeignHost> {
    const found = await readFacts(options.client, options.signal);
    options.onFacts(found.facts);
    const host = new ForeignHost(options, found);
    host.#sweep();
    await Promise.all([host.look(), host.#space.refresh(options.signal)]);
    const untilMs = performance.now() + options.times.readMs;
    let left: 'more' | 'all' = 'more';
    while (left === 'more' && performance.now() < untilMs) left = await host.#read();
    return host;
  }

  get facts(): HostFacts {
    return this.#facts;
  }

  /** Looks until the connection ends. Errors: what ends it. */
  async watch(): Promise<void> {
    const { client, clock, identify, times, signal } = this.#options;
    const told = new Bell();
    const hear = async (name: (typeof tellingEvents)[number]): Promise<void> => {
      const subscription = await this.#subscribe(client, name);
      if (subscription === undefined) return;
      for await (const event of subscription) {
        this.#details.mark('dom' in event ? event.dom.uuid : event.msg.dom.uuid);
        told.ring();
      }
    };
    const giveOn = async (name: (typeof toldEventNames)[number]): Promise<void> => {
      const subscription = await this.#subscribe(client, name);
      if (subscription === undefined) return;
      for await (const event of subscription) {
        const dom = domainOf(event);
        if ('state' in event && name === 'DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE')
          this.#guests.hear(dom, event.state);
        const disk = diskIn(event);
        const place = disk && (await findPlace(client, dom, disk, signal).catch(() => undefined));
        this.#told.add(identify(dom.uuid), name, event, place);
        this.#onChange();
        if (!changesDisks(name)) continue;
        this.#details.mark(dom.uuid);
        told.ring();
      }
    };
    const changed = new Bell();
    const giveOnOfHost = async (name: (typeof hostEventNames)[number]): Promise<void> => {
      const subscription = await this.#subscribe(client, name);
      if (subscription === undefined) return;
      for await (const event of subscription) {
        // Made for work of ours, and gone with it.
        if ('pool' in event && event.pool.name === this.borrowed.name) continue;
        this.#told.addOfHost(name, event);
        this.#onChange();
        if (!('dev' in event)) changed.ring();
      }
    };
    // What it is said to have, as lists of pools show it.
    const readAgain = async (): Promise<void> => {
      for (;;) {
        if (!(await changed.within(times.lookMs, signal))) {
          if (signal.aborted) throw abortReason(signal);
          continue;
        }
        await clock.sleep(times.gatherMs, signal);
        changed.hush();
        await this.readFacts(signal);
      }
    };
    const look = async (): Promise<void> => {
      for (;;) {
        if (await told.within(times.lookMs, signal)) await clock.sleep(times.gatherMs, signal);
        // Not an end in silence: whoever listens for events would be waited for.
        if (signal.aborted) throw abortReason(signal);
        told.hush();
        await this.look();
        if ((await this.#read()) === 'more') told.ring();
      }
    };
    await Promise.all([
      ...tellingEvents.map(hear),
      ...toldEventNames.map(giveOn),
      ...hostEventNames.map(giveOnOfHost),
      readAgain(),
      this.#guests.run(signal),
      look(),
    ]);
  }

  /** Looks at all vms. One look that has not begun is for all who ask meanwhile. */
  look(): Promise<void> {
    if (this.#next === undefined) {
      const before = this.#current;
      this.#next = (async () => {
        await before?.catch(() => undefined);
        this.#next = undefined;
        await this.#lookOnce();
      })();
      this.#current = this.#next;
    }
    return this.#next;
  }

  /** Looks, and reads all of this vm. */
  async read(uuid: string): Promise<void> {
    await this.look();
    this.#details.mark(uuid);
    this.#guests.askAgain(uuid);
    while ((await this.#read()) === 'more');
  }

  /** All that have an agent. Does not wait for their answers. */
  askGuests(): void {
    this.#guests.askAll();
  }

  async readFacts(signal: AbortSignal): Promise<HostFacts> {
    const { facts } = await readFacts(this.#options.client, signal);
    this.#facts = facts;
    this.#onChange();
    return facts;
  }

  async diagnose(): Promise<Finding> {
    const beganMs = performance.now();
    try {
      await this.look();
    } catch (error) {
      const why = describeFault(error).slice(0, 1000);
      return { check: 'connection', result: 'error', ...tellFinding('connection-failed', { why }) };
    }
    const tookMs = Math.round(performance.now() - beganMs);
    const product = this.#facts.agentVersion;
    const told = tellFinding('connection-works', { product, tookMs });
    return { check: 'connection', result: 'ok', ...told };
  }

  async load(): Promise<HostLoad> {
    return {
      memoryFreeBytes: this.#host.freeBytes,
      cpuPercent: this.#host.cpuPercent,
      cpuReservedPercent: 0,
      volumes: this.#space.told(this.#options.signal),
      running: this.#options.machines.running,
    };
  }

  records(): MachineRecord[] {
    return this.#options.machines.records();
  }

  takeRecords(): MachineRecord[] | undefined {
    return this.#options.machines.takeRecords();
  }

  takeReports(): MachineReport[] {
    return this.#options.machines.takeReports();
  }

  samples(of?: ReadonlySet<string>): MachineSample[] {
    const { machines } = this.#options;
    const all = machines.samples().map((sample) => {
      const guest = this.#guests.of(machines.find(sample.id).handle.uuid);
      return guest === undefined ? sample : { ...sample, guest };
    });
    return of === undefined ? all : all.filter(({ id }) => of.has(id));
  }

  /** None is waited for: each look is told as it is due. */
  takeSamples(): MachineSample[] {
    return [];
  }

  takeTold(): readonly ToldEvent[] {
    return this.#told.take();
  }

  takeToldOfHost(): readonly ToldOfHost[] {
    return this.#told.takeOfHost();
  }

  forgetTaken(): void {
    // What was told before a coordinator was there is no news any more.
    this.#told.take();
    this.#told.takeOfHost();
    this.#options.machines.forgetTaken();
  }

  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Settings are those of agents; there is none here that they are for. */
  async configure(_settings: HostSettings): Promise<void> {}

  /** Nobody waits for it: something may still be copied there. */
  #sweep(): void {
    const { signal, log } = this.#options;
    this.borrowed.sweep(signal).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ why: describeFault(error) }, 'a borrowed pool is left');
    });
  }

  /** Undefined where the hypervisor does not tell. */
  async #subscribe<E extends EventName>(
    client: Client,
    name: E,
  ): Promise<Subscription<E> | undefined> {
    try {
      return await client.subscribe(name, { signal: this.#options.signal });
    } catch (error) {
      if (!isFault(error, 'unsupported')) throw error;
      this.#options.log.info({ event: name }, 'the hypervisor does not tell this; it is looked at');
      return undefined;
    }
  }

  /** Reads the hardware of some vms that may have changed. Told when all have been read: records go together. */
  async #read(): Promise<'more' | 'all'> {
    const { machines, signal } = this.#options;
    const left = await this.#details.read(signal);
    if (left === 'all') machines.learn(this.#details.take());
    return left;
  }

  async #lookOnce(): Promise<void> {
    const { client, machines, times, onLook, signal } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(times.answerMs)]);
    try {
      const beganMs = performance.now();
      await this.#host.look(limit);
      const latencyMs = performance.now() - beganMs;
      const domains = await this.#look.all(limit);
      this.#details.note(domains);
      machines.take(domains);
      this.#guests.note(domains);
      onLook(latencyMs);
    } catch (error) {
      if (!limit.aborted || signal.aborted) throw error;
      throw new Fault('timeout', `${client.peer} does not answer`);
    }
  }
}
