/**
 * The coordinator's half of all agent links: one per host, a newer replaces an older. What comes in is
 * taken in in the order of its link.
 *
 * A host that is lost gets a grace time before that is told, so that an agent that restarts is not news;
 * a call meanwhile waits for it. Every method may be asked again (src/api/link), so a call whose link
 * broke is repeated on the next one.
 *
 *   accepted --hello--> synchronised --> connected --close--> grace --(time)--> told as unreachable
 *                                            ^                  |
 *                                            +------ hello -----+
 */
import { isDeepStrictEqual } from 'node:util';
import type { WebSocket } from 'ws';
import { abortReason, Fault, isFault, isoTime, withDeadline } from '#lib';
import {
  linkProtocol,
  type AgentMessage,
  type Cause,
  type HostArrival,
  type HostStatus,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
  type MachineRecord,
  type MachineReport,
} from '#api';
import { installationSettings } from '../access/sign-in/sessions.ts';
import { commitFresh } from '../app/commit-fresh.ts';
import type { CallOptions, Links } from '../context.ts';
import type { HostDocument } from '../documents.ts';
import { agentState } from './agent-state.ts';
import { AgentLink, type LinkEnd } from './agent-link.ts';
import type { LinkContext } from './context.ts';
import { hostEvent, statusOfConnected, tellStatus } from './host-status.ts';
import { synchronise, type Synchronised } from './synchronise.ts';
import { takeEvents } from './take-events.ts';
import { takeLeases } from './take-leases.ts';
import { takeNetworks } from './take-networks.ts';
import { takeReports } from './take-reports.ts';

const maxRepetitions = 3;

export interface AgentLinkTimes {
  /** How long a lost host is not told as lost. */
  readonly graceMs: number;
  /** How long a call waits for a host that is in its grace time or has just to come back. */
  readonly reconnectMs: number;
  readonly helloMs: number;
  readonly pingIntervalMs: number;
  /** How long a call may take when it does not say. */
  readonly callMs: number;
}

export const defaultTimes: AgentLinkTimes = {
  graceMs: 5000,
  reconnectMs: 15_000,
  helloMs: 15_000,
  pingIntervalMs: 5000,
  callMs: 60_000,
};

export interface AgentLinksOptions {
  readonly context: LinkContext;
  readonly installationId: string;
  readonly times?: Partial<AgentLinkTimes>;
  /** Told what a host carries before it is synchronised. */
  readonly onRecords?: (records: readonly MachineRecord[]) => void;
  /** Told of moves between hosts that a host knows of, before it is synchronised. */
  readonly onMoves?: (
    hostId: string,
    records: readonly MachineRecord[],
    arrivals: readonly HostArrival[] | undefined,
  ) => void;
  /** Told on which networks the machines of a host are before it is connected. */
  readonly onNetworks?: (hostId: string, networks: readonly string[]) => void;
  /** Told when a host is connected and synchronised. */
  readonly onSynchronised?: (hostId: string, result: Synchronised) => void;
}

interface HostState {
  link: AgentLink | undefined;
  /** The newest connection that has said hello; older ones end. */
  newest: AgentLink | undefined;
  /** The last known end of the link, told when the grace time is over. */
  lastSeenAt: string | null;
  lostAt: number;
  /** Ends the grace time. */
  grace: NodeJS.Timeout | undefined;
  /** What is told of it is told one after the other: a loss that is still being written never hides a return. */
  telling: Promise<void>;
  readonly waiters: Set<() => void>;
}

export class AgentLinks implements Links, AsyncDisposable {
  readonly #context: LinkContext;
  readonly #options: AgentLinksOptions;
  readonly #times: AgentLinkTimes;
  readonly #hosts = new Map<string, HostState>();
  readonly #accepted = new Set<AgentLink>();
  #closing = false;

  constructor(options: AgentLinksOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#times = { ...defaultTimes, ...options.times };
  }

  /** Begins: hosts that do not come within the grace time are told as unreachable. */
  start(): void {
    for (const host of this.#context.inventory.documents<HostDocument>('host')) {
      const state = this.#state(host.id);
      if (state.link === undefined)
        this.#beginGrace(host.id, state, {
          code: 0,
          reason: 'it has not connected since the coordinator started',
        });
    }
  }

  connected(hostId: string): boolean {
    return this.#hosts.get(hostId)?.link?.isOpen ?? false;
  }

  async call<M extends LinkMethod>(
    hostId: string,
    method: M,
    params: LinkParams<M>,
    options: CallOptions = {},
  ): Promise<LinkResult<M>> {
    for (let repetition = 0; ; repetition += 1) {
      const link = await this.#link(hostId, options.signal);
      try {
        return await link.call(method, params, options.limitMs ?? this.#times.callMs, options);
      } catch (error) {
        const broken = isFault(error, 'unavailable') && !link.isOpen;
        if (!broken || repetition >= maxRepetitions || this.#closing) throw error;
      }
    }
  }

  /** Takes an agent's connection; its certificate has proved which host it is. */
  accept(socket: WebSocket, hostId: string): void {
    const host = this.#context.inventory.document<HostDocument>('host', hostId);
    if (host === undefined || this.#closing) {
      socket.close(1013, this.#closing ? 'the coordinator stops' : 'the host is not known');
      return;
    }
    const log = this.#context.log.child({ host: host.data.name });
    let greeted = false;
    const link: AgentLink = new AgentLink({
      socket,
      hostName: host.data.name,
      log,
      pingIntervalMs: this.#times.pingIntervalMs,
      onMessage: async (message) => {
        if (greeted) await this.#take(hostId, link, message);
        else {
          if (message.type !== 'hello') throw new Fault('invalid', 'the first message is hello');
          greeted = await this.#greet(hostId, link, message);
        }
      },
    });
    this.#accepted.add(link);
    const impatience = setTimeout(() => {
      if (!greeted) link.close(1008, 'no hello');
    }, this.#times.helloMs);
    void link.ended.then((end) => {
      clearTimeout(impatience);
      this.#accepted.delete(link);
      const state = this.#state(hostId);
      if (state.newest !== link) return;
      log.info({ code: end.code, reason: end.reason }, 'an agent is gone');
      state.newest = undefined;
      state.link = undefined;
      state.lastSeenAt = isoTime(this.#context.clock.now());
      this.#beginGrace(hostId, state, end);
    });
  }

  /** Ends the link of a host that was removed. */
  forget(hostId: string): void {
    const state = this.#hosts.get(hostId);
    if (state === undefined) return;
    clearTimeout(state.grace);
    this.#hosts.delete(hostId);
    state.link?.close(1008, 'the host was removed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    for (const state of this.#hosts.values()) {
      clearTimeout(state.grace);
      for (const wake of state.waiters) wake();
    }
    const links = [...this.#accepted];
    for (const link of links) link.close(1001, 'the coordinator stops');
    // A link that does not answer the farewell is ended after two seconds (AgentLink.close).
    await Promise.all(links.map((link) => link.ended));
  }

  #state(hostId: string): HostState {
    let state = this.#hosts.get(hostId);
    if (state === undefined) {
      state = {
        link: undefined,
        newest: undefined,
        lastSeenAt: null,
        lostAt: this.#context.clock.now(),
        grace: undefined,
        telling: Promise.resolve(),
        waiters: new Set(),
      };
      this.#hosts.set(hostId, state);
    }
    return state;
  }

  async whenSettled(hostId: string, signal?: AbortSignal): Promise<void> {
    const state = this.#state(hostId);
    // A link that has just broken is lost from now on.
    const lostAt = state.link === undefined ? state.lostAt : this.#context.clock.now();
    const waitMs = lostAt + this.#times.reconnectMs - this.#context.clock.now();
    if (!state.link?.isOpen && waitMs > 0 && !this.#closing)
      await withDeadline(`waiting for host ${this.#name(hostId)}`, waitMs, signal, (inner) =>
        this.#whenConnected(state, inner),
      ).catch((error: unknown) => {
        if (!isFault(error, 'timeout')) throw error;
      });
    await state.telling;
  }

  #name(hostId: string): string {
    return this.#context.inventory.document<HostDocument>('host', hostId)?.data.name ?? hostId;
  }

  /** The link of the host, waited for while it may be about to come back. */
  async #link(hostId: string, signal: AbortSignal | undefined): Promise<AgentLink> {
    if (signal?.aborted) throw abortReason(signal);
    if (!this.connected(hostId)) await this.whenSettled(hostId, signal);
    const link = this.#hosts.get(hostId)?.link;
    if (link?.isOpen) return link;
    const name = this.#name(hostId);
    throw new Fault('unavailable', `host ${name} is not connected`, {
      facts: { host: name },
      hint: `look at it with: gantry host show ${name}`,
    });
  }

  #whenConnected(state: HostState, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        if (!state.link?.isOpen && !signal.aborted && !this.#closing) return;
        state.waiters.delete(wake);
        resolve();
      };
      state.waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #beginGrace(hostId: string, state: HostState, end: LinkEnd): void {
    state.lostAt = this.#context.clock.now();
    clearTimeout(state.grace);
    if (this.#closing) return;
    state.grace = setTimeout(() => {
      state.grace = undefined;
      void this.#tell(state, async () => {
        if (state.link === undefined) await this.#tellLost(hostId, state, end);
      });
    }, this.#times.graceMs);
  }

  #tell(state: HostState, work: () => Promise<void>): Promise<void> {
    const told = state.telling.then(work);
    state.telling = told.catch(() => undefined);
    return told;
  }

  async #tellLost(hostId: string, state: HostState, end: LinkEnd): Promise<void> {
    // 1001 is an agent's farewell when it is stopped (RFC 6455 7.4.1).
    const status: HostStatus = end.code === 1001 ? 'agent-not-running' : 'unreachable';
    const reason = status === 'agent-not-running' ? 'the agent was stopped' : end.reason;
    try {
      await tellStatus(this.#context, hostId, {
        status,
        reason,
        connected: false,
        lastSeenAt: state.lastSeenAt,
        events: [
          hostEvent(this.#context, hostId, 'coordinator.connection.lost', { cause: reason }),
        ],
      });
    } catch (error) {
      this.#context.log.error({ err: error, hostId }, 'cannot tell that a host is lost');
    }
  }

  /** False when the agent was refused. */
  async #greet(
    hostId: string,
    link: AgentLink,
    hello: Extract<AgentMessage, { type: 'hello' }>,
  ): Promise<boolean> {
    const refuse = async (fault: Fault): Promise<false> => {
      link.send({ type: 'refused', fault: { code: fault.code, message: fault.message } });
      link.close(1008, fault.message);
      await tellStatus(this.#context, hostId, {
        status: 'not-communicating',
        reason: fault.message,
        connected: false,
        lastSeenAt: isoTime(this.#context.clock.now()),
      });
      return false;
    };
    if (hello.hostId !== hostId)
      return await refuse(new Fault('forbidden', 'the certificate is that of another host'));
    if (hello.protocol !== linkProtocol)
      return await refuse(
        new Fault(
          'unsupported',
          `the agent speaks protocol ${hello.protocol}, the coordinator ${linkProtocol}`,
        ),
      );
    const host = await this.#noteFacts(hostId, hello);
    if (host === undefined) return false;
    const { eventScripts, thumbnails } = installationSettings(this.#context.inventory);
    link.send({
      type: 'welcome',
      protocol: linkProtocol,
      lastEventSeq: agentState(this.#context.inventory, hostId).data.lastEventSeq,
      settings: host.settings,
      eventScripts,
      thumbnails,
      installation: this.#options.installationId,
    });
    const state = this.#state(hostId);
    const older = state.newest;
    state.newest = link;
    state.link = undefined;
    state.lostAt = this.#context.clock.now();
    older?.close(1001, 'a newer connection of the same host replaces this one');
    this.#context.inventory.setHostLoad(hostId, hello.load);
    this.#options.onRecords?.(hello.machines);
    this.#options.onMoves?.(hostId, hello.machines, hello.arrivals);
    const result = await synchronise(this.#context, hostId, hello.machines);
    await this.#takeReports(
      hostId,
      link,
      hello.machines.map(({ report }) => report),
    );
    if (!link.isOpen || state.newest !== link) return false;
    this.#options.onNetworks?.(hostId, hello.networks);
    state.link = link;
    clearTimeout(state.grace);
    state.grace = undefined;
    await this.#tell(state, () => this.#tellConnected(hostId, hello.facts, hello.serviceRunning));
    for (const wake of state.waiters) wake();
    this.#context.log.info(
      { hostId, machines: hello.machines.length, found: result.found.length },
      'an agent is connected',
    );
    this.#options.onSynchronised?.(hostId, result);
    return true;
  }

  async #tellConnected(
    hostId: string,
    facts: Parameters<typeof statusOfConnected>[0],
    serviceRunning: boolean,
  ): Promise<void> {
    const told = agentState(this.#context.inventory, hostId).data.toldStatus;
    const wasLost = told === 'unreachable' || told === 'agent-not-running';
    await tellStatus(this.#context, hostId, {
      ...statusOfConnected(facts, serviceRunning),
      connected: true,
      lastSeenAt: isoTime(this.#context.clock.now()),
      events: wasLost
        ? [hostEvent(this.#context, hostId, 'coordinator.connection.restored', {})]
        : [],
    });
  }

  async #noteFacts(
    hostId: string,
    told: {
      readonly facts: HostDocument['facts'];
      readonly serviceRunning: boolean;
      readonly driver?: string;
      readonly address?: string | null;
    },
  ): Promise<HostDocument | undefined> {
    let noted: HostDocument | undefined;
    await commitFresh(this.#context, () => {
      const host = this.#context.inventory.document<HostDocument>('host', hostId);
      if (host === undefined) return undefined;
      noted = {
        ...host.data,
        facts: told.facts,
        serviceRunning: told.serviceRunning,
        driver: told.driver ?? host.data.driver,
        address: told.address ?? host.data.address ?? null,
      };
      if (isDeepStrictEqual(noted, host.data)) return undefined;
      return {
        conditions: [{ kind: 'host', id: hostId, version: host.version }],
        writes: [{ kind: 'host', id: hostId, data: noted }],
      };
    });
    return noted;
  }

  async #take(hostId: string, link: AgentLink, message: AgentMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        throw new Fault('invalid', 'a second hello');
      case 'events': {
        const upTo = await takeEvents(this.#context, hostId, message.events);
        link.send({ type: 'ack', lastEventSeq: upTo });
        return;
      }
      case 'records':
        this.#options.onRecords?.(message.machines);
        await synchronise(this.#context, hostId, message.machines);
        await this.#takeReports(
          hostId,
          link,
          message.machines.map(({ report }) => report),
        );
        return;
      case 'reports':
        await this.#takeReports(hostId, link, message.reports);
        return;
      case 'samples':
        for (const sample of message.samples) this.#context.inventory.setSample(sample);
        this.#context.inventory.setHostLoad(hostId, message.load);
        this.#noteSeen(hostId);
        return;
      case 'disk-space':
        this.#context.inventory.setDiskSpaces(
          hostId,
          new Map(message.machines.map(({ id, usedBytes }) => [id, usedBytes])),
        );
        return;
      case 'troubles':
        this.#context.inventory.setTroubles(hostId, message.troubles);
        return;
      case 'told':
        this.#context.hypervisorEvents.take(this.#context, hostId, message.events);
        return;
      case 'told-of-host':
        this.#context.hypervisorEvents.takeOfHost(this.#context, hostId, message.events);
        return;
      case 'facts':
        await this.#noteFacts(hostId, message);
        await this.#tellConnected(hostId, message.facts, message.serviceRunning);
        return;
      case 'networks':
        await takeNetworks(this.#context, hostId, message.networks);
        return;
      case 'leases':
        await takeLeases(this.#context, hostId, message.network, message.leases);
        return;
      case 'answer':
        await this.#takeAnswer(hostId, link, message);
        return;
      case 'progress':
    }
  }

  #noteSeen(hostId: string): void {
    const { inventory, clock } = this.#context;
    const host = inventory.host(hostId);
    if (host === undefined || !this.connected(hostId)) return;
    const { status, statusReason: reason } = host;
    const lastSeenAt = isoTime(clock.now());
    inventory.setConnection(hostId, { connected: true, reason, lastSeenAt, status });
  }

  /** What an answer reports of a machine is taken in before the caller hears of it. */
  async #takeAnswer(
    hostId: string,
    link: AgentLink,
    answer: Extract<AgentMessage, { type: 'answer' }>,
  ): Promise<void> {
    const report = link.reportIn(answer);
    if (report !== undefined) await this.#takeReports(hostId, link, [report]);
  }

  async #takeReports(
    hostId: string,
    link: AgentLink,
    reports: readonly MachineReport[],
  ): Promise<void> {
    const causeOf = (vmId: string): Cause | undefined => link.causeOf(vmId);
    await takeReports(this.#context, hostId, reports, causeOf);
  }
}
