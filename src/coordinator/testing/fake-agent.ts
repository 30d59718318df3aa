/**
 * An agent made of bytes: it joins as agents do, dials with its certificate, and says on the wire whatever
 * the test wants. It knows nothing of the coordinator but the wire.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { createRequest } from '#x509';
import { Watchers } from '../../lib/testing/watchers.ts';
import { Fault, faultToData, isFault } from '#lib';
import {
  linkProtocol,
  profiles,
  vmDefinitionSchema,
  type AgentEvent,
  type AgentMessage,
  type CoordinatorMessage,
  type HostFacts,
  type HostLoad,
  type LinkMethod,
  type MachineRecord,
  type MachineReport,
  type VmDefinition,
} from '#api';
import type { Stage } from './stage.ts';

type Call = Extract<CoordinatorMessage, { type: 'call' }>;
type Hello = Extract<AgentMessage, { type: 'hello' }>;

export const load: HostLoad = {
  memoryFreeBytes: 8 * 1024 ** 3,
  cpuPercent: 1,
  cpuReservedPercent: 0,
  volumes: [{ path: '/', totalBytes: 1e12, freeBytes: 5e11 }],
  running: 0,
};

export const facts: HostFacts = {
  architecture: 'x86_64',
  operatingSystem: 'Debian GNU/Linux 12',
  kernel: '6.1',
  processor: {
    vendor: 'x',
    model: 'x',
    sockets: 1,
    cores: 2,
    threads: 2,
    clockMhz: 2000,
    flags: [],
    grade: 'ok',
  },
  interfaces: [],
  memoryTotalBytes: 16 * 1024 ** 3,
  bootedAt: '2026-01-01T00:00:00.000Z',
  hypervisor: { name: 'QEMU', version: '7.2', class: 'hosted' },
  acceleration: { kvm: 'absent', evidence: 'no', use: 'tcg' },
  missing: {},
  programs: [],
  additionsVersion: '1',
  agentVersion: '1',
  processorModels: [],
  maxProcessorsPerVm: 8,
};

export function makeDefinition(name: string, more: Partial<VmDefinition> = {}): VmDefinition {
  return vmDefinitionSchema.parse({
    id: randomUUID(),
    name,
    hardware: profiles.modern.hardware,
    ...more,
  });
}

export function makeReport(
  definition: VmDefinition,
  more: Partial<MachineReport> = {},
): MachineReport {
  return {
    id: definition.id,
    name: definition.name,
    generation: 0,
    state: 'off',
    held: false,
    since: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    accelerator: null,
    wasRunning: false,
    path: `/vms/${definition.name}`,
    pending: [],
    forwards: [],
    snapshots: [],
    undo: null,
    lastFault: null,
    ...more,
  };
}

export function makeRecord(
  definition: VmDefinition,
  definitionVersion = 0,
  report: Partial<MachineReport> = {},
): MachineRecord {
  return { definition, definitionVersion, report: makeReport(definition, report) };
}

/** A drive of a host that nothing uses, but for its name. */
export const freeDrive = { sizeBytes: 1024, identity: '', usedBy: null, readOnly: false } as const;

/** For a call that is left unanswered. */
export const neverAnswers = (): Promise<never> => new Promise(() => undefined);

export class FakeAgent implements AsyncDisposable {
  readonly hostId: string;
  readonly name: string;
  readonly #stage: Stage;
  readonly #key: string;
  readonly #certificate: string;
  /** Answers by method; the value is the result, a throw is the fault. What has none is refused, as an agent refuses a call that it does not know. */
  readonly handlers: Partial<Record<LinkMethod, (params: never) => unknown>> = {};
  /** Everything that was received, oldest first. */
  readonly received: CoordinatorMessage[] = [];
  readonly #watchers = new Watchers();
  socket: WebSocket | undefined;

  private constructor(
    stage: Stage,
    name: string,
    hostId: string,
    key: string,
    certificate: string,
  ) {
    this.#stage = stage;
    this.name = name;
    this.hostId = hostId;
    this.#key = key;
    this.#certificate = certificate;
  }

  static async join(stage: Stage, name: string): Promise<FakeAgent> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = await stage.send('POST', '/hosts/join-token');
    const joined = await stage.send('POST', '/join', {
      token: null,
      body: {
        token: (token.json as { token: string }).token,
        hostName: name,
        driver: 'qemu',
        csr: await createRequest(privateKey, publicKey, name),
      },
    });
    if (joined.status !== 200) throw new Error(joined.text);
    const { hostId, certificate } = joined.json as { hostId: string; certificate: string };
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    return new FakeAgent(stage, name, hostId, key, certificate);
  }

  dial(path = '/agent'): WebSocket {
    return new WebSocket(`${this.#stage.url.replace('https', 'wss')}/api/v1${path}`, {
      ca: this.#stage.authority,
      cert: this.#certificate,
      key: this.#key,
    });
  }

  /** Opens the link and says nothing. */
  async open(): Promise<WebSocket> {
    const socket = this.dial();
    await once(socket, 'open');
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as CoordinatorMessage;
      this.received.push(message);
      if (message.type === 'call') void this.#answer(socket, message);
      this.#watchers.wake();
    });
    return socket;
  }

  /** Opens the link and says hello. Resolves when the host is ready. */
  async connect(
    machines: readonly MachineRecord[] = [],
    more: Partial<Hello> = {},
  ): Promise<WebSocket> {
    const before = this.#stage.host(this.name)?.lastSeenAt;
    const socket = await this.open();
    this.send(this.hello(machines, more));
    const wanted = more.serviceRunning === false ? 'service-stopped' : 'ready';
    await this.#stage.until(() => {
      const host = this.#stage.host(this.name);
      return host?.status === wanted && host.lastSeenAt !== before;
    }, wanted);
    return socket;
  }

  hello(machines: readonly MachineRecord[] = [], more: Partial<Hello> = {}): Hello {
    return {
      type: 'hello',
      protocol: linkProtocol,
      hostId: this.hostId,
      hostName: this.name,
      driver: 'qemu',
      facts,
      load,
      machines: [...machines],
      serviceRunning: true,
      address: null,
      networks: [],
      ...more,
    };
  }

  send(message: AgentMessage): void {
    this.socket?.send(JSON.stringify(message));
  }

  sendEvents(...events: readonly Partial<AgentEvent>[]): void {
    this.send({
      type: 'events',
      events: events.map((event) => ({
        seq: 1,
        name: 'host.started',
        time: '2026-02-03T04:05:06.789Z',
        vmId: null,
        actor: { kind: 'system', name: 'agent' },
        correlationId: null,
        attributes: {},
        ...event,
      })),
    });
  }

  /** The first message received after `from` messages that is meant. */
  async until(is: (message: CoordinatorMessage) => boolean, from = 0): Promise<CoordinatorMessage> {
    return await this.#watchers.find(
      () => JSON.stringify(this.received).slice(-2000),
      () => this.received.slice(from).find(is),
      5000,
    );
  }

  /** Calls received of a method. */
  calls(method: LinkMethod): readonly Call[] {
    return this.received.filter(
      (message): message is Call => message.type === 'call' && message.method === method,
    );
  }

  async close(code = 1000): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (socket === undefined || socket.readyState === socket.CLOSED) return;
    const closed = once(socket, 'close');
    socket.close(code);
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #answer(socket: WebSocket, { id, method, params }: Call): Promise<void> {
    const handle = this.handlers[method as LinkMethod] as
      ((params: unknown) => unknown) | undefined;
    try {
      if (handle === undefined) throw new Fault('unsupported', `${this.name} has no ${method}`);
      const result = await handle(params);
      socket.send(JSON.stringify({ type: 'answer', id, result }));
    } catch (error) {
      const { code = 'internal', message } = error as { code?: string; message: string };
      const fault = isFault(error) ? faultToData(error) : { code, message };
      socket.send(JSON.stringify({ type: 'answer', id, fault }));
    }
  }
}
