/**
 * What hosts are told of networks. An installation has any number of them; a host hears of those that concern it: that
 * vms on it are on, by their definitions or as they run, that it carries, and that it is about to be asked for.
 *
 *   a network changes                        -> tellCarriers
 *   a call to a host names networks          -> introduce (networked-links.ts)
 *   vms come and go, or the host was away    -> tell (reconcile/push-networks.ts)
 *
 * Invariants
 * 1. A host is told one thing at a time, always all that concerns it then; what has not changed is not told again.
 * 2. Telling never fails: a host that was not told is told at the next turn.
 */
import { describeFault } from '#lib';
import type { LinkParams, NetworkSpec } from '#api';
import type { Coordinator } from '../../context.ts';
import type { NetworkDocument } from '../../documents.ts';
import { standingsOf } from './spans.ts';

type Context = Pick<Coordinator, 'inventory' | 'links' | 'clock' | 'log'>;
type Told = LinkParams<'network.configure'>;

const tellMs = 10_000;
/** How long a network concerns a host that was asked for it, until the host reports it or a definition names it. */
const introducedMs = 60_000;
/** A firewall has more than a name: this is far below what a message may have (maxLinkMessageBytes). */
const maxPartChars = 4 * 1024 * 1024;

interface HostState {
  /** What it was told last. */
  told: { readonly key: string; readonly versions: ReadonlyMap<string, number> } | undefined;
  /** Until when what it is about to be asked for concerns it. */
  readonly introduced: Map<string, number>;
}

export class HostNetworks {
  readonly #context: Context;
  readonly #hosts = new Map<string, HostState>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Tells the host what concerns it now, unless it knows that. */
  tell(hostId: string): Promise<void> {
    const waiting = this.#waiting.get(hostId);
    if (waiting !== undefined) return waiting;
    const work = (this.#running.get(hostId) ?? Promise.resolve()).then(async () => {
      this.#waiting.delete(hostId);
      await this.#tell(hostId);
    });
    this.#waiting.set(hostId, work);
    this.#running.set(hostId, work);
    return work;
  }

  /** Before the host is asked for what is on these networks. */
  async introduce(hostId: string, networks: readonly string[]): Promise<void> {
    const { inventory, clock } = this.#context;
    const { told, introduced } = this.#state(hostId);
    const news = networks.filter((id) => {
      const version = inventory.document('network', id)?.version;
      return version !== undefined && told?.versions.get(id) !== version;
    });
    if (news.length === 0) return;
    for (const id of news) introduced.set(id, clock.now() + introducedMs);
    await this.tell(hostId);
  }

  /** A network has changed, or is no more. */
  async tellCarriers(networkId: string): Promise<void> {
    const { inventory } = this.#context;
    const hosts = [...this.#hosts]
      .filter(([, { told }]) => told?.versions.has(networkId) === true)
      .map(([id]) => id);
    const concerned = new Set([...hosts, ...inventory.networkReports(networkId).keys()]);
    await Promise.all([...concerned].map((id) => this.tell(id)));
  }

  /** The host has just connected: it may have forgotten what it was told, and has machines on these networks. */
  begin(hostId: string, used: readonly string[]): void {
    const until = this.#context.clock.now() + introducedMs;
    const introduced = new Map(used.map((id) => [id, until]));
    this.#hosts.set(hostId, { told: undefined, introduced });
  }

  /** The host is no more. */
  forget(hostId: string): void {
    this.#hosts.delete(hostId);
    this.#running.delete(hostId);
  }

  async #tell(hostId: string): Promise<void> {
    const { links, log } = this.#context;
    if (!links.connected(hostId)) return;
    const state = this.#state(hostId);
    const { told, versions } = this.#concerning(hostId, state);
    const counted = Array.from(versions, ([id, version]) => `${id}:${version}`);
    const key = JSON.stringify([counted, told.spans, told.others]);
    if (state.told?.key === key) return;
    try {
      for (const part of inParts(told))
        await links.call(hostId, 'network.configure', part, { limitMs: tellMs });
      // Of a host that connected anew meanwhile the state is another one, which knows of nothing yet.
      state.told = { key, versions };
    } catch (error) {
      log.warn({ host: hostId, why: describeFault(error) }, 'a host is not told of its networks');
    }
  }

  #concerning(
    hostId: string,
    { introduced }: HostState,
  ): { readonly told: Told; readonly versions: ReadonlyMap<string, number> } {
    const { inventory, clock } = this.#context;
    for (const [id, until] of introduced) if (until <= clock.now()) introduced.delete(id);
    const ids = new Set([...inventory.networksOfHost(hostId), ...introduced.keys()]);
    const versions = new Map<string, number>();
    const networks: NetworkSpec[] = [];
    for (const id of [...ids].sort()) {
      const network = inventory.document<NetworkDocument>('network', id);
      if (network === undefined) continue;
      networks.push({ id, ...network.data });
      versions.set(id, network.version);
    }
    const others = inventory.count('network') > networks.length ? 'some' : 'none';
    const spans = standingsOf(inventory, hostId);
    return { told: { networks, spans, others, part: { number: 1, of: 1 } }, versions };
  }

  #state(hostId: string): HostState {
    const known = this.#hosts.get(hostId);
    if (known !== undefined) return known;
    const state: HostState = { told: undefined, introduced: new Map() };
    this.#hosts.set(hostId, state);
    return state;
  }
}

/** So that each fits into a message. How spans stand comes with the last one. */
function inParts({ networks, spans, others }: Told): readonly Told[] {
  const parts: NetworkSpec[][] = [[]];
  let chars = 0;
  for (const network of networks) {
    const own = JSON.stringify(network).length;
    if (chars + own > maxPartChars) {
      parts.push([]);
      chars = 0;
    }
    parts.at(-1)?.push(network);
    chars += own;
  }
  return parts.map((some, index) => ({
    networks: some,
    spans: index === parts.length - 1 ? spans : [],
    others,
    part: { number: index + 1, of: parts.length },
  }));
}
