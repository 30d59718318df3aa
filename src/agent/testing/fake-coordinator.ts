/**
 * A coordinator made of bytes: a TLS server that signs joins and speaks the link over a real WebSocket.
 * It knows nothing of agents but the wire.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  agentMessageSchema,
  hostSettingsSchema,
  type AgentEvent,
  type AgentMessage,
  type HostLease,
  type HostSettings,
  type HostTrouble,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
  type MachineRecord,
  type MachineReport,
  type MachineSample,
  type NetworkReport,
} from '#api';
import { faultFromData, faultCodes, type Fault, type FaultCode } from '#lib';
import { makeAuthority, type TestAuthority } from './authority.ts';
import { Watchers } from '../../lib/testing/watchers.ts';

type Hello = Extract<AgentMessage, { type: 'hello' }>;
type Answer = Extract<AgentMessage, { type: 'answer' }>;

/** One agent's link, as long as it lasts, and what was learned of its host over all its links. */
export class FakeHost {
  hello: Hello | undefined;
  socket: WebSocket | undefined;
  links = 0;
  readonly events: AgentEvent[] = [];
  readonly records = new Map<string, MachineRecord>();
  readonly reports = new Map<string, MachineReport>();
  readonly samples = new Map<string, MachineSample>();
  networks: readonly NetworkReport[] = [];
  /** Undefined: nothing was looked at yet. */
  troubles: readonly HostTrouble[] | undefined;
  readonly leases = new Map<string, readonly HostLease[]>();
  readonly progress: (number | null)[] = [];
  acknowledge: 'at once' | 'never' = 'at once';
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #watchers = new Watchers();
  #nextId = 1;

  get lastEventSeq(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** Errors: the agent's fault. */
  async call<M extends LinkMethod>(method: M, params: LinkParams<M>): Promise<LinkResult<M>> {
    return (await this.begin(method, params).answer) as LinkResult<M>;
  }

  begin<M extends LinkMethod>(
    method: M,
    params: LinkParams<M>,
  ): { readonly id: number; readonly answer: Promise<unknown> } {
    return this.callRaw(method, params);
  }

  callRaw(
    method: string,
    params: unknown,
  ): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    this.#waiting.set(id, (answer) => {
      if (answer.fault) reject(faultOf(answer.fault));
      else resolve(answer.result);
    });
    this.send({ type: 'call', id, method, params });
    return { id, answer: promise };
  }

  cancel(id: number): void {
    this.send({ type: 'cancel', id });
  }

  send(message: unknown): void {
    this.socket?.send(JSON.stringify(message));
  }

  /** Resolves as soon as the condition holds; looks whenever something arrives. */
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void> {
    return this.#watchers.until(what, condition, limitMs);
  }

  hear(message: AgentMessage): void {
    switch (message.type) {
      case 'hello':
        for (const give of this.#waiting.values()) give(brokenLink);
        this.#waiting.clear();
        this.hello = message;
        this.links += 1;
        this.records.clear();
        for (const record of message.machines) {
          this.records.set(record.report.id, record);
          this.reports.set(record.report.id, record.report);
        }
        break;
      case 'events':
        this.#hearEvents(message.events);
        break;
      case 'records':
        this.records.clear();
        for (const record of message.machines) {
          this.records.set(record.report.id, record);
          this.reports.set(record.report.id, record.report);
        }
        break;
      case 'reports':
        for (const report of message.reports) this.reports.set(report.id, report);
        break;
      case 'samples':
        for (const sample of message.samples) this.samples.set(sample.id, sample);
        break;
      case 'networks':
        this.networks = message.networks;
        break;
      case 'troubles':
        this.troubles = message.troubles;
        break;
      case 'leases':
        this.leases.set(message.network, message.leases);
        break;
      case 'progress':
        this.progress.push(message.progress);
        break;
      case 'answer':
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
        break;
      case 'facts':
      case 'disk-space':
      case 'told':
      case 'told-of-host':
        break;
    }
    this.#watchers.wake();
  }

  #hearEvents(events: readonly AgentEvent[]): void {
    this.events.push(...events);
    if (this.acknowledge === 'at once') this.send({ type: 'ack', lastEventSeq: this.lastEventSeq });
  }
}

/** The answer of a call whose agent has gone: nobody knows whether it was done. */
const brokenLink: Answer = {
  type: 'answer',
  id: 0,
  fault: { code: 'unavailable', message: 'the link broke' },
};

function faultOf(data: NonNullable<Answer['fault']>): Fault {
  const code = Object.hasOwn(faultCodes, data.code) ? (data.code as FaultCode) : 'internal';
  return faultFromData({
    code,
    message: data.message,
    hint: data.hint,
    facts: data.facts,
    reasons: data.reasons,
  });
}

export class FakeCoordinator implements AsyncDisposable {
  readonly authority: TestAuthority;
  readonly hosts = new Map<string, FakeHost>();
  readonly streams = new Map<string, WebSocket>();
  readonly tokens = new Set(['token-1', 'token-2', 'token-3']);
  settings: HostSettings = hostSettingsSchema.parse({});
  eventScripts = false;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #watchers = new Watchers();
  #joined = 0;

  private constructor(authority: TestAuthority) {
    this.authority = authority;
    this.#server = createServer({
      key: authority.serverKey,
      cert: authority.serverCertificate + authority.pem,
      ca: authority.pem,
      requestCert: true,
      rejectUnauthorized: false,
    });
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
    this.#server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void this.#join(Buffer.concat(chunks).toString('utf8')).then(({ status, body }) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(body));
        });
      });
    });
    this.#server.on('upgrade', (request, socket, head) => {
      if (!(socket as TLSSocket).authorized) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const path = request.url ?? '';
        if (path.startsWith('/api/v1/agent/stream/')) {
          // What comes is held until somebody listens, who calls `resume`.
          webSocket.pause();
          this.streams.set(path.slice('/api/v1/agent/stream/'.length), webSocket);
          this.#watchers.wake();
        } else this.#link(webSocket);
      });
    });
  }

  static async start(port = 0, authority?: TestAuthority): Promise<FakeCoordinator> {
    const coordinator = new FakeCoordinator(authority ?? (await makeAuthority()));
    coordinator.#server.listen(port, '127.0.0.1');
    await once(coordinator.#server, 'listening');
    return coordinator;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): URL {
    return new URL(`https://127.0.0.1:${this.port}`);
  }

  /** Resolves with the only host, or the one of that name, once it said hello. */
  async host(name?: string, limitMs = 60_000): Promise<FakeHost> {
    const find = (): FakeHost | undefined =>
      [...this.hosts.values()].find(({ hello }) => name === undefined || hello?.hostName === name);
    await this.until(`host ${name ?? ''} says hello`, () => find() !== undefined, limitMs);
    const host = find();
    if (!host) throw new Error('the host went away');
    return host;
  }

  async stream(id: string): Promise<WebSocket> {
    await this.until(`stream ${id} is dialled`, () => this.streams.has(id));
    const socket = this.streams.get(id);
    if (!socket) throw new Error('the stream went away');
    return socket;
  }

  until(what: string, condition: () => boolean, limitMs?: number): Promise<void> {
    return this.#watchers.until(what, condition, limitMs);
  }

  /** Cuts all links, as a network does. */
  cut(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #join(text: string): Promise<{ status: number; body: unknown }> {
    const request = JSON.parse(text) as { token: string; hostName: string; csr: string };
    if (!this.tokens.delete(request.token)) {
      const problem = { type: 'x', title: 'x', status: 401, code: 'unauthenticated' };
      return { status: 401, body: { ...problem, detail: 'the join token is spent' } };
    }
    this.#joined += 1;
    const hostId = `00000000-0000-4000-8000-${String(this.#joined).padStart(12, '0')}`;
    const certificate = await this.authority.sign(request.csr);
    return { status: 200, body: { hostId, certificate, authority: this.authority.pem } };
  }

  #link(socket: WebSocket): void {
    let host: FakeHost | undefined;
    socket.on('message', (data: Buffer) => {
      const message = agentMessageSchema.parse(JSON.parse(data.toString('utf8')));
      if (message.type === 'hello') {
        host = this.hosts.get(message.hostId) ?? new FakeHost();
        host.socket = socket;
        this.hosts.set(message.hostId, host);
        host.send({
          type: 'welcome',
          protocol: 1,
          lastEventSeq: host.lastEventSeq,
          settings: this.settings,
          eventScripts: this.eventScripts,
          installation: 'test',
        });
      }
      host?.hear(message);
      this.#watchers.wake();
    });
    socket.on('error', () => undefined);
  }
}
