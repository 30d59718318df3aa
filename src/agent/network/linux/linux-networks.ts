/**
 * The networks of a Linux host: bridges, taps, rules and services, kept as the documents say.
 *
 *   configure, look, plug, what the kernel tells  ->  converge: read, compare, do the difference  ->  reports
 *
 * Invariants
 * 1. One thing is done at a time: a plug and a converge never see each other's half.
 * 2. What is there is read from the kernel, never remembered; what is ours is known by alias, table name or
 *    argument, so that an agent that was killed goes on where another one begins.
 * 3. A port that no living machine has is taken away, but only after all machines were looked for (`look`).
 * 4. While nothing is carried there is no process, no timer and no rule of ours; before the first network is made
 *    nothing of the host is looked at.
 */
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import type { Adapter, HostLease, HostPort, NetworkReport, NetworkSpec, SpanStanding } from '#api';
import { describeFault, type Reason } from '#lib';
import type { Obstacle } from '../../drivers/driver.ts';
import {
  networkMissing,
  networkUnavailable,
  usedNetworks,
  type Networks,
  type OtherNetworks,
} from '../networks.ts';
import { LinuxAdapters } from './adapters/linux-adapters.ts';
import type { Frames, Taps } from '../taps.ts';
import { keepForwarding } from './forwarding.ts';
import { countGuestFrames } from './guest-frames.ts';
import { setBridgeIpv6 } from './host-settings.ts';
import { LeaseWatch } from './lease-watch.ts';
import { readLinks, type Link } from './links.ts';
import { Mends } from './mends.ts';
import { keepLimits } from './limit-keeper.ts';
import type { LinuxNetworksOptions } from './linux-options.ts';
import { Lookout } from './lookout.ts';
import { givesName, readAlias } from './names.ts';
import {
  planNetwork,
  planReleases,
  planRemovals,
  speaksIpv6,
  type Call,
  type NetworkPlan,
} from './plan.ts';
import { plugPorts } from './plug-ports.ts';
import { PassedPortsFile } from './passed-ports.ts';
import { portKey, portOf, ruledNetworks, ruledPorts, tappedPorts, type Port } from './ports.ts';
import { run } from './programs.ts';
import { foresee, reportOf, type Foreseen } from './report.ts';
import { RuleKeeper } from './rule-keeper.ts';
import type { RuledNetwork, RuledPort } from './ruleset.ts';
import { adaptersOn, type KnownAdapter } from './service-config.ts';
import { servicePlaces, type ServiceHost } from './service.ts';
import { RunningServices } from './running-services.ts';
import { seenOutside } from './seen-outside.ts';
import { Sightings } from './sightings.ts';
import { findTaps, makeTap } from './tap.ts';
import { ToldNetworks } from './told.ts';
import { usualBeat } from './tunnel-beat.ts';
import { ruledTunnel, Tunnels, type Spanning } from './tunnels.ts';
import { admitToTun, serviceUid, tunGroup } from './tun.ts';
import { watchedNetworks } from './watched.ts';

/** What comes at once is looked at once. */
const gatherMs = 100;

export class LinuxNetworks implements Networks, Taps, AsyncDisposable {
  readonly whyNot = undefined;
  readonly adapters: LinuxAdapters;
  readonly #options: LinuxNetworksOptions;
  readonly #host: ServiceHost;
  readonly #rules: RuleKeeper;
  readonly #tunnels: Tunnels;
  readonly #lookout: Lookout;
  readonly #leases: LeaseWatch;
  readonly #told: ToldNetworks;
  readonly #ports = new Map<string, Port>();
  readonly passed: PassedPortsFile;
  readonly #services: RunningServices;
  readonly #sightings: Sightings;
  readonly #mends: Mends;
  #reports: readonly NetworkReport[] = [];
  #listener: () => void = () => undefined;
  #work: Promise<unknown> = Promise.resolve();
  #gathering: NodeJS.Timeout | undefined;
  /** Whether all machines of the host have been looked for. */
  #begun = false;
  #closed = false;
  #trouble: string | undefined;
  /** Whether nothing of ours is on this host: so it is until there are networks for the first time. */
  #empty = true;

  private constructor(options: LinuxNetworksOptions) {
    this.#options = options;
    const { programs, hostId, bootId, range, dataDir, runtimeDir } = options;
    this.adapters = new LinuxAdapters({
      ...options,
      ip: programs.ip,
      exclusively: (work) => this.#exclusively(work),
      carried: () => this.#wanted().filter(({ type }) => type === 'bridged'),
      onChange: () => this.#gather(),
      onUndone: options.onAdapterUndone,
    });
    this.#told = new ToldNetworks(hostId, join(dataDir, 'network-definitions'));
    this.#rules = new RuleKeeper(programs.nft, runtimeDir);
    this.passed = new PassedPortsFile(options);
    const folder = join(dataDir, 'networks');
    this.#host = { programs, hostId, bootId, uid: serviceUid(range), folder };
    const { beat = usualBeat, sightMs } = options;
    const onChange = (): void => this.#gather();
    this.#mends = new Mends(options.onNetworkMended);
    this.#services = new RunningServices(this.#host, this.#mends, options.log);
    this.#sightings = new Sightings({ nft: programs.nft, hostId, lookMs: sightMs, onChange });
    this.#tunnels = new Tunnels({ hostId, programs, runtimeDir, beat, onChange });
    this.#lookout = new Lookout({
      programs,
      onChange,
      isAmiss: () => this.#trouble !== undefined || this.#services.hasEnded,
    });
    this.#leases = new LeaseWatch(
      (id) => servicePlaces(folder, id).leases,
      () => this.#onLeases(),
    );
  }

  static async open(options: LinuxNetworksOptions): Promise<LinuxNetworks> {
    const networks = new LinuxNetworks(options);
    await networks.adapters.begin();
    await networks.passed.open();
    if (await networks.#told.read(options.log)) networks.#empty = false;
    return networks;
  }

  get reports(): readonly NetworkReport[] {
    return this.#reports;
  }

  get used(): ReadonlySet<string> {
    const plugged = [...this.#ports.values()].flatMap(({ network }) => network ?? []);
    return new Set([...usedNetworks(this.#options.allFiles()), ...plugged]);
  }

  get leaseTables(): ReadonlyMap<string, readonly HostLease[]> {
    return this.#leases.tables;
  }

  onReports(listener: () => void): void {
    this.#listener = listener;
  }

  async configure(
    networks: readonly NetworkSpec[],
    spans: readonly SpanStanding[] = [],
    others: OtherNetworks = 'none',
  ): Promise<void> {
    await this.#exclusively(async () => {
      if (!(await this.#told.tell({ networks, spans, others }))) return;
      this.#empty = false;
      if (this.#begun) await this.#converge();
    });
  }

  look(): void {
    this.#begun = true;
    this.#gather();
  }

  async check(id: string): Promise<readonly Obstacle[]> {
    const network = this.#told.known.get(id);
    if (network === undefined) return [networkMissing(id)];
    const report = this.#reports.find((one) => one.id === id);
    const plan = report ?? (await this.#foresee(network));
    if (plan.state !== 'down') return [];
    return [networkUnavailable(network.name, plan.reasons[0]?.text ?? 'it is down')];
  }

  async release(id: string, address: string): Promise<void> {
    await this.#exclusively(async () => {
      await this.#services.release(id, address);
      await this.#converge();
    });
  }

  async ports(id: string): Promise<readonly HostPort[]> {
    const tapped = tappedPorts(this.#options.hostId, this.#ports, await this.#links());
    return this.passed.read(tapped, this.#told.known.get(id));
  }

  async tunGroup(): Promise<number | undefined> {
    return tunGroup(this.#options.range);
  }

  async plug(vm: string, uid: number, adapters: readonly Adapter[]): Promise<Map<number, string>> {
    // Where there are no networks there is nothing that a cable could be plugged into later.
    if (!this.#told.areAny) return new Map();
    return this.#exclusively(async () => {
      for (const adapter of adapters) this.#note(vm, adapter);
      try {
        await this.#converge();
        await admitToTun(this.#options.range);
        const taps = new Map<number, string>();
        for (const { slot } of adapters)
          taps.set(slot, await makeTap(this.#host, { vm, slot, uid }));
        await this.#converge();
        return taps;
      } catch (error) {
        await this.#drop(
          (port) => port.vm === vm && adapters.some(({ slot }) => slot === port.adapter.slot),
        );
        throw error;
      }
    });
  }

  async replug(vm: string, adapter: Adapter): Promise<void> {
    await this.#exclusively(async () => {
      this.#note(vm, adapter);
      await this.#converge();
    });
  }

  async unplug(vm: string, slot?: number): Promise<void> {
    await this.#exclusively(async () => {
      await this.#drop(
        (port) => port.vm === vm && (slot === undefined || port.adapter.slot === slot),
      );
      this.#gather();
    });
  }

  async find(vm: string, adapters: readonly Adapter[]): Promise<Map<number, string>> {
    return this.#exclusively(async () => {
      const taps = await findTaps(this.#host, vm);
      for (const adapter of adapters) if (taps.has(adapter.slot)) this.#note(vm, adapter);
      return taps;
    });
  }

  async countFrames(vm: string, addresses: readonly string[]): Promise<Frames | undefined> {
    const links = await this.#links();
    const all = tappedPorts(this.#options.hostId, this.#ports, links);
    const cables = all.filter((port) => port.vm === vm);
    return countGuestFrames({ cables, links, addresses, leases: this.#leases.tables });
  }

  /** Takes all of ours from the host, whose machines have ended. Errors: those of an adapter that cannot be given back. */
  async leave(): Promise<void> {
    await this.#exclusively(async () => {
      this.#empty = false;
      await this.#services.removeAll();
      await this.#converge();
    });
    await this.adapters.giveBack();
    await this.#exclusively(() => this.#converge());
  }

  /** Lets go; what is carried goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#gathering);
    // What is under way begins to listen at its end.
    await this.#work;
    this.adapters[Symbol.dispose]();
    this.#listen('no');
  }

  #note(vm: string, adapter: Adapter): void {
    this.#ports.set(portKey(vm, adapter.slot), portOf(vm, adapter));
  }

  async #drop(which: (port: Port) => boolean): Promise<void> {
    if (![...this.#ports.values()].some(which)) return;
    const tapped = tappedPorts(this.#options.hostId, this.#ports, await this.#links());
    await this.passed.add(tapped.filter(which));
    for (const [key, port] of this.#ports) if (which(port)) this.#ports.delete(key);
    for (const { tap } of tapped.filter(which))
      await this.#call(['link', 'del', 'dev', tap]).catch((error: unknown) => this.#warn(error));
  }

  /** How a network that is not carried yet would stand. */
  async #foresee(network: NetworkSpec): Promise<Foreseen> {
    const carried = this.#told.standings.asCarried(network);
    const { reserved } = this.adapters;
    return foresee(
      planNetwork(this.#options.hostId, carried, await this.#links(), 'serves', reserved),
    );
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }

  #gather(): void {
    if (this.#closed || this.#gathering !== undefined) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      if (!this.#begun) return;
      this.#exclusively(() => this.#converge()).catch((error: unknown) => this.#warn(error));
    }, gatherMs);
    this.#gathering.unref();
  }

  #warn(error: unknown): void {
    this.#options.log.warn({ why: describeFault(error) }, 'networks');
  }

  #links(): Promise<readonly Link[]> {
    return readLinks(this.#options.programs.ip);
  }

  #call(call: Call): Promise<string> {
    return run(this.#options.programs.ip, call);
  }

  /** Networks in use that are known, by id. */
  #wanted(): readonly NetworkSpec[] {
    return [...this.used].sort().flatMap((id) => {
      const network = this.#told.known.get(id);
      return network === undefined ? [] : [this.#told.standings.asCarried(network)];
    });
  }

  /** From what is to what should be. Every network by itself: one that cannot be carried keeps none from it. */
  async #converge(): Promise<void> {
    if (this.#closed) return;
    const wanted = this.#wanted();
    await this.adapters.restore();
    const nothing = wanted.length === 0 && this.#ports.size === 0 && this.adapters.isIdle;
    if (nothing && this.#empty) return;
    this.#empty = false;
    try {
      await this.#removeOthers(wanted);
      const plans = new Map<NetworkSpec, NetworkPlan>();
      let links = await this.#links();
      for (const network of wanted) {
        const plan = await this.#carry(network, links);
        plans.set(network, plan);
        // Most of them are as they should be: what was read holds until something is changed.
        if (plan.calls.length > 0 || plan.bridge === null) links = await this.#links();
      }
      const trouble = await this.#rule(plans);
      this.#tunnels.listen(this.#spannings(plans));
      await plugPorts({
        hostId: this.#options.hostId,
        ports: this.#ports,
        plans,
        links: await this.#links(),
        mends: this.#mends,
        call: (call) => this.#call(call).catch((error: unknown) => this.#warn(error)),
      });
      const limited = await keepLimits(this.#options, this.#ports, plans, await this.#links());
      const reports: NetworkReport[] = [];
      for (const [network, plan] of plans) {
        const served = trouble ?? (await this.#serve(network, plan));
        const sighted = this.#sightings.of(network.id);
        const seen = await seenOutside(this.#options.programs.bridge, network, plan.bridge);
        reports.push({ ...reportOf(network, plan, trouble, [served, limited], sighted), seen });
      }
      await keepForwarding(wanted, this.#options.runtimeDir);
      this.#leases.keep(this.#services.ids.flatMap((id) => this.#told.known.get(id) ?? []));
      this.#listen(wanted.length > 0 || !this.adapters.isIdle ? 'yes' : 'no');
      this.#report(reports);
      this.#mends.tell(wanted);
      this.#tell(trouble?.text);
      this.#empty = nothing && trouble === undefined;
    } catch (error) {
      this.#tell(describeFault(error));
      throw error;
    }
  }

  async #carry(network: NetworkSpec, links: readonly Link[]): Promise<NetworkPlan> {
    const part = this.#told.standings.partIn(network);
    const { reserved } = this.adapters;
    const plan = planNetwork(this.#options.hostId, network, links, part, reserved);
    const spoken = speaksIpv6(network) ? 'spoken' : 'refused';
    try {
      await setBridgeIpv6(plan.ownBridge, spoken);
      for (const call of plan.calls) {
        await this.#call(call);
        if (givesName(call)) await setBridgeIpv6(plan.ownBridge, spoken);
      }
      this.#mends.carried(network, part, plan);
      const spanning = this.#spanning(network, plan.bridge);
      if (spanning === undefined) return plan;
      return { ...plan, degraded: [...plan.degraded, ...(await this.#tunnels.carry(spanning))] };
    } catch (error) {
      this.#warn(error);
      const reason = { code: 'bridge-failed', text: describeFault(error) };
      return { bridge: null, calls: [], down: [reason], degraded: [] };
    }
  }

  #spanning(network: NetworkSpec, bridge: string | null): Spanning | undefined {
    return this.#told.standings.spanning(network, bridge, this.#adaptersHere(network.id));
  }

  #spannings(plans: ReadonlyMap<NetworkSpec, NetworkPlan>): readonly Spanning[] {
    return [...plans].flatMap(([network, { bridge }]) => this.#spanning(network, bridge) ?? []);
  }

  async #removeOthers(wanted: readonly NetworkSpec[]): Promise<void> {
    const networks = new Set(wanted.map(({ id }) => id));
    const hasPort = (vm: string, slot: number): boolean => this.#ports.has(portKey(vm, slot));
    const links = await this.#links();
    const { hostId } = this.#options;
    const { shared } = this.adapters;
    const removals = planRemovals(hostId, { networks, shared, hasPort }, links);
    for (const call of [...removals, ...planReleases(hostId, wanted, links)])
      await this.#call(call).catch((error: unknown) => this.#warn(error));
    const served = new Set(await this.#services.known());
    for (const { alias } of links) {
      const purpose = readAlias(hostId, alias);
      if (purpose !== undefined && 'network' in purpose) served.add(purpose.network);
    }
    for (const id of served.difference(networks)) await this.#services.remove(id);
  }

  /** The reason where the rules are not in force: then nothing keeps the networks apart. */
  async #rule(plans: ReadonlyMap<NetworkSpec, NetworkPlan>): Promise<Reason | undefined> {
    const links = await this.#links();
    const networks = ruledNetworks(plans, links);
    try {
      const { hostId } = this.#options;
      const tapped = tappedPorts(hostId, this.#ports, links);
      const tunnels = this.#spannings(plans).map(ruledTunnel);
      const ports = ruledPorts(tapped, this.#told, (id) => this.#leasesOf(id));
      if ((await this.#rules.keep({ hostId, networks, ports, tunnels })) === 'mended')
        for (const { network } of networks) this.#mends.note(network.id, 'its rules were changed');
      this.#watch(networks, ports);
      return undefined;
    } catch (error) {
      this.#warn(error);
      return { code: 'rules-failed', text: `its rules cannot be set: ${describeFault(error)}` };
    }
  }

  #watch(networks: readonly RuledNetwork[], ports: readonly RuledPort[]): void {
    const adapters = (id: string): readonly KnownAdapter[] => this.#adaptersOn(id);
    const leases = (id: string): readonly HostLease[] => this.#leasesOf(id);
    this.#sightings.keep(() => watchedNetworks(networks, ports, { adapters, leases }));
  }

  #leasesOf(network: string): readonly HostLease[] {
    return this.#leases.tables.get(network) ?? this.#told.standings.leases(network);
  }

  /** An address that was leased is its guest's own from then on. */
  #onLeases(): void {
    this.#listener();
    if (this.#told.known.values().some(({ ipSourceGuard }) => ipSourceGuard)) this.#gather();
  }

  /** The reason where the service does not serve. */
  async #serve(network: NetworkSpec, { bridge }: NetworkPlan): Promise<Reason | undefined> {
    if (bridge === null) return undefined;
    const adapters = this.#adaptersOn(network.id);
    const handed = this.#told.standings.handed(network);
    return this.#services.keep({ network, bridge, adapters, handed, links: await this.#links() });
  }

  /** Wherever they are. */
  #adaptersOn(network: string): readonly KnownAdapter[] {
    return [...this.#adaptersHere(network), ...this.#told.standings.elsewhere(network)];
  }

  #adaptersHere(network: string): readonly KnownAdapter[] {
    return adaptersOn(this.#options.allFiles(), network);
  }

  #listen(whether: 'yes' | 'no'): void {
    if (whether === 'yes') {
      this.#lookout.begin();
      return;
    }
    this.#lookout.cease();
    this.#tunnels[Symbol.dispose]();
    this.#sightings.cease();
    this.#leases.cease();
  }

  #report(reports: readonly NetworkReport[]): void {
    if (isDeepStrictEqual(reports, this.#reports)) return;
    this.#reports = reports;
    this.#listener();
  }

  #tell(trouble: string | undefined): void {
    if (trouble !== undefined && this.#trouble === undefined)
      this.#options.onNetworkTrouble(trouble);
    this.#trouble = trouble;
  }
}
