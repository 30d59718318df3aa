/**
 * One connection to a coordinator, from hello to its end: frames in, frames out.
 *
 *   dialing --open--> greeting --welcome--> joined --close, silence, protocol error--> ended
 *
 * Invariants: (1) events go in order, each once per connection, after what the coordinator said it has;
 * at most `eventWindow` are unacknowledged; (2) a socket that takes nothing more is given nothing more:
 * reports and samples gather as one per machine, events wait in the outbox; (3) silence for two periods
 * of the heartbeat ends it.
 */
import type { WebSocket } from 'ws';
import {
  coordinatorMessageSchema,
  linkProtocol,
  maxLinkMessageBytes,
  type AgentMessage,
  type CoordinatorMessage,
  type HostFacts,
  type HostLease,
  type MachineSample,
} from '#api';
import { describeFault, Fault, faultCodes, faultFromData, isFault, type FaultCode } from '#lib';
import { Calls, type HostHandlers } from './calls.ts';
import type { LinkedHost } from './linked-host.ts';

export interface ConnectionTiming {
  readonly pingMs: number;
  readonly sampleMs: number;
  /** Of machines that somebody looks at. */
  readonly watchedSampleMs: number;
  readonly reportMs: number;
  readonly welcomeMs: number;
}

export const defaultTiming: ConnectionTiming = {
  pingMs: 10_000,
  sampleMs: 10_000,
  // What has changed is shown within two seconds, with the way to the page.
  watchedSampleMs: 1_500,
  reportMs: 50,
  welcomeMs: 30_000,
};

/** For the coordinator to answer a farewell. */
const farewellMs = 2_000;
const eventBatch = 500;
const eventWindow = 2_000;
/** Beyond this the socket is behind, and only answers are sent. */
const fullBytes = 4 * 1024 * 1024;

export class Connection {
  readonly #socket: WebSocket;
  readonly #host: LinkedHost;
  readonly #calls: Calls;
  readonly #timing: ConnectionTiming;
  readonly #onWelcome: () => void;
  readonly #ended = Promise.withResolvers<Fault | undefined>();
  readonly #timers: NodeJS.Timeout[] = [];
  /** As last sent, by machine: what has not changed is not sent again. */
  readonly #lastSamples = new Map<string, MachineSample>();
  #reportTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #joined = false;
  #isOver = false;
  #sentSeq = 0;
  #ackedSeq = 0;
  #alive = true;
  /** As last told; where there are none, that is not told first. */
  #networksTold: LinkedHost['driver']['networks']['reports'] | undefined;
  readonly #leasesTold = new Map<string, readonly HostLease[]>();
  #diskSpacesTold: LinkedHost['diskSpaces'];
  #troublesTold: LinkedHost['troubles'];
  /** Own end of the connection. */
  #address: string | null = null;
  #told: { readonly facts?: HostFacts; readonly serviceRunning?: boolean } = {};

  constructor(
    socket: WebSocket,
    host: LinkedHost,
    handlers: HostHandlers,
    timing: ConnectionTiming,
    onWelcome: () => void,
  ) {
    this.#socket = socket;
    this.#host = host;
    this.#timing = timing;
    this.#onWelcome = onWelcome;
    const watch = async ({ machines }: { readonly machines: readonly string[] }) => {
      this.#watch(new Set(machines));
      return {};
    };
    this.#calls = new Calls({ ...handlers, 'host.watch': watch }, host.log, (message) => {
      // Whoever hears that it is done finds it done.
      if (message.type === 'answer') this.#sendReports();
      this.#send(message);
    });
  }

  /**
   * Runs until the connection ends; answers why, undefined when a signal ended it. `stopping` is the end
   * of the agent, of which the coordinator is told.
   */
  async run(stopping: AbortSignal, redialling: AbortSignal): Promise<Fault | undefined> {
    const socket = this.#socket;
    const signal = AbortSignal.any([stopping, redialling]);
    const onAbort = (): void => {
      // What is not known yet when the agent goes would be shown as it was until it comes back.
      this.#sendReports();
      this.nudge();
      this.#end(undefined);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('upgrade', ({ socket: { localAddress = null } }) => {
      this.#address = localAddress;
    });
    socket.on('open', () => {
      this.#greet().catch((error: unknown) =>
        this.#end(new Fault('internal', 'hello failed', { cause: error })),
      );
    });
    socket.on('message', (data: Buffer, isBinary) => this.#take(data, isBinary));
    socket.on('pong', () => {
      this.#alive = true;
    });
    socket.on('error', (cause) => this.#end(new Fault('unavailable', 'link', { cause })));
    socket.on('close', (code) => this.#end(new Fault('unavailable', `link closed (${code})`)));
    this.#every(this.#timing.welcomeMs, () => {
      if (!this.#joined) this.#end(new Fault('timeout', 'no welcome from the coordinator'));
    });
    const reason = await this.#ended.promise;
    signal.removeEventListener('abort', onAbort);
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#reportTimer);
    clearInterval(this.#watchTimer);
    this.#host.onChange(() => undefined);
    if (stopping.aborted) await bidFarewell(socket, stopping.reason);
    socket.terminate();
    return reason;
  }

  /** New events are on disk. */
  nudge(): void {
    if (this.#joined) this.#sendEvents();
  }

  async #greet(): Promise<void> {
    const host = this.#host;
    const load = await host.load();
    host.forgetTaken();
    this.#told = { facts: host.facts, serviceRunning: host.serviceRunning };
    this.#send({
      type: 'hello',
      protocol: linkProtocol,
      hostId: host.id,
      hostName: host.name,
      driver: host.driver.name,
      facts: host.facts,
      load,
      machines: host.records(),
      serviceRunning: host.serviceRunning,
      address: this.#address,
      networks: [...host.driver.networks.used],
      arrivals: host.arrivals?.list() ?? [],
    });
    host.onChange(() => this.#scheduleReports());
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#isOver) return;
    try {
      if (isBinary) throw new Fault('invalid', 'a binary frame');
      const message = coordinatorMessageSchema.parse(JSON.parse(data.toString('utf8')));
      this.#alive = true;
      this.#hear(message);
    } catch (cause) {
      this.#end(new Fault('invalid', 'the coordinator broke the protocol', { cause }));
    }
  }

  #hear(message: CoordinatorMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#welcome(message);
        return;
      case 'ack':
        this.#ackedSeq = Math.max(this.#ackedSeq, message.lastEventSeq);
        this.#host.outbox.acknowledge(message.lastEventSeq);
        this.#sendEvents();
        return;
      case 'call':
        void this.#calls.take(message.id, message.method, message.params);
        return;
      case 'cancel':
        this.#calls.cancel(message.id);
        return;
      case 'refused':
        this.#end(refusal(message.fault));
        return;
    }
  }

  #welcome(message: Extract<CoordinatorMessage, { type: 'welcome' }>): void {
    if (message.protocol !== linkProtocol) {
      throw new Fault('unsupported', `the coordinator speaks protocol ${message.protocol}`);
    }
    const host = this.#host;
    this.#joined = true;
    host.outbox.acknowledge(message.lastEventSeq);
    this.#sentSeq = message.lastEventSeq;
    this.#ackedSeq = message.lastEventSeq;
    host.configure(message.settings, message).catch((error: unknown) => {
      host.log.error({ why: describeFault(error) }, 'cannot keep the settings of the host');
    });
    this.#onWelcome();
    this.#sendEvents();
    this.#scheduleReports();
    this.#every(this.#timing.pingMs, () => this.#ping());
    this.#every(this.#timing.sampleMs, () => this.#sendSamples());
    this.#sendSamples();
  }

  #ping(): void {
    if (!this.#alive) {
      this.#end(new Fault('timeout', 'the coordinator is silent'));
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }

  #sendEvents(): void {
    const { outbox } = this.#host;
    while (!this.#isFull() && this.#sentSeq - this.#ackedSeq < eventWindow) {
      const events = outbox.after(this.#sentSeq, eventBatch);
      const last = events.at(-1);
      if (!last) return;
      this.#send({ type: 'events', events });
      this.#sentSeq = last.seq;
    }
  }

  #scheduleReports(): void {
    if (this.#reportTimer) return;
    this.#reportTimer = setTimeout(() => {
      this.#reportTimer = undefined;
      this.#sendReports();
    }, this.#timing.reportMs);
  }

  #sendReports(): void {
    if (!this.#joined) return;
    if (this.#isFull()) {
      this.#scheduleReports();
      return;
    }
    const host = this.#host;
    const machines = host.takeRecords?.();
    if (machines !== undefined) this.#send({ type: 'records', machines });
    const reports = host.takeReports();
    if (reports.length > 0) this.#send({ type: 'reports', reports });
    const told = host.takeTold?.() ?? [];
    if (told.length > 0) this.#send({ type: 'told', events: [...told] });
    const ofHost = host.takeToldOfHost?.() ?? [];
    if (ofHost.length > 0) this.#send({ type: 'told-of-host', events: [...ofHost] });
    this.#tellSamples(host.takeSamples());
    const { reports: networks } = host.driver.networks;
    if (networks !== this.#networksTold) {
      this.#networksTold = networks;
      this.#send({ type: 'networks', networks: [...networks] });
    }
    this.#tellLeases();
    this.#tellDiskSpaces();
    this.#tellTroubles();
    const { facts, serviceRunning } = host;
    if (facts === this.#told.facts && serviceRunning === this.#told.serviceRunning) return;
    this.#told = { facts, serviceRunning };
    this.#send({ type: 'facts', facts, serviceRunning });
  }

  #tellLeases(): void {
    const { leaseTables } = this.#host.driver.networks;
    for (const network of this.#leasesTold.keys())
      if (!leaseTables.has(network)) this.#leasesTold.delete(network);
    for (const [network, leases] of leaseTables) {
      if (this.#leasesTold.get(network) === leases) continue;
      this.#leasesTold.set(network, leases);
      this.#send({ type: 'leases', network, leases: [...leases] });
    }
  }

  #tellDiskSpaces(): void {
    const { diskSpaces } = this.#host;
    if (diskSpaces === undefined || diskSpaces === this.#diskSpacesTold) return;
    this.#diskSpacesTold = diskSpaces;
    const machines = [...diskSpaces].map(([id, usedBytes]) => ({ id, usedBytes }));
    this.#send({ type: 'disk-space', machines });
  }

  #tellTroubles(): void {
    const { troubles } = this.#host;
    if (troubles === undefined || troubles === this.#troublesTold) return;
    this.#troublesTold = troubles;
    this.#send({ type: 'troubles', troubles: [...troubles] });
  }

  #sendSamples(): void {
    if (this.#isFull()) return;
    this.#tellSamples(this.#host.samples(), 'with-load');
  }

  /** Nothing is done for machines that nobody looks at. */
  #watch(machines: ReadonlySet<string>): void {
    clearInterval(this.#watchTimer);
    if (machines.size === 0 || this.#isOver) return;
    const tell = (): void => {
      if (!this.#isFull()) this.#tellSamples(this.#host.samples(machines));
    };
    this.#watchTimer = setInterval(tell, this.#timing.watchedSampleMs);
    tell();
  }

  #tellSamples(all: readonly MachineSample[], when: 'with-load' | 'when-news' = 'when-news'): void {
    const samples = all.filter((sample) => this.#isNews(sample));
    if (samples.length === 0 && when === 'when-news') return;
    void this.#host
      .load()
      .then((load) => this.#send({ type: 'samples', samples, load }))
      .catch((error: unknown) => this.#host.log.warn({ why: describeFault(error) }, 'no load'));
  }

  #isNews(sample: MachineSample): boolean {
    const last = this.#lastSamples.get(sample.id);
    this.#lastSamples.set(sample.id, sample);
    return last !== sample && JSON.stringify(last) !== JSON.stringify(sample);
  }

  #isFull(): boolean {
    return this.#socket.bufferedAmount > fullBytes;
  }

  #send(message: AgentMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const text = JSON.stringify(message);
    if (text.length > maxLinkMessageBytes) {
      this.#end(
        new Fault('too-large', `a message of type ${message.type} has ${text.length} bytes`),
      );
      return;
    }
    this.#socket.send(text);
  }

  #every(periodMs: number, work: () => void): void {
    this.#timers.push(setInterval(work, periodMs));
  }

  #end(reason: Fault | undefined): void {
    this.#joined = false;
    this.#isOver = true;
    this.#ended.resolve(reason);
  }
}

/** What is behind the link was lost: a code of our own (RFC 6455 7.4.2), with the reason. */
const lostCode = 4000;
/** RFC 6455 5.5: all of a control frame, two bytes of it the code. */
const maxReasonBytes = 123;

/** 1001: the agent goes away in order (RFC 6455 7.4.1), so its host is not taken for one that is lost. */
async function bidFarewell(socket: WebSocket, why: unknown): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, farewellMs);
  socket.once('close', () => resolve());
  if (isFault(why) && why.code !== 'cancelled') {
    const reason = Buffer.from(describeFault(why)).subarray(0, maxReasonBytes).toString();
    socket.close(lostCode, reason.replace(/\ufffd+$/, ''));
  } else socket.close(1001, 'the agent ends');
  await promise;
  clearTimeout(timer);
}

function refusal(data: { readonly code: string; readonly message: string }): Fault {
  const code: FaultCode = Object.hasOwn(faultCodes, data.code)
    ? (data.code as FaultCode)
    : 'refused';
  return new Fault('refused', 'the coordinator refused the link', {
    cause: faultFromData({ code, message: data.message }),
  });
}
