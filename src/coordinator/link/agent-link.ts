/**
 * One connection of an agent: calls out, messages in (src/api/link). It knows nothing of vms; what comes
 * in is given on in order, one message after the other.
 *
 * Bounds: 1,024 outstanding calls; 256 messages waiting to be taken in, then the socket is paused; 64 MiB
 * waiting to be sent, then the link is given up; silence for three pings, then it is given up too.
 */
import type { WebSocket } from 'ws';
import { assert, Fault, faultCodes, faultFromData, withDeadline, type FaultCode } from '#lib';
import type { Log } from '#log';
import {
  agentMessageSchema,
  linkMethods,
  type AgentMessage,
  type Cause,
  type CoordinatorMessage,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
  type MachineReport,
} from '#api';
import type { CallOptions } from '../context.ts';

const maxOutstanding = 1024;
const maxWaiting = 256;
const maxUnsentBytes = 64 * 1024 * 1024;
const maxIssuesTold = 3;

interface OutstandingCall {
  readonly method: LinkMethod;
  /** The vm it is about and who is behind it, where the method says so. */
  readonly vmId: string | undefined;
  readonly cause: Cause | undefined;
  readonly onProgress: CallOptions['onProgress'];
  settle(answer: Extract<AgentMessage, { type: 'answer' }>): void;
  fail(error: Error): void;
}

export interface AgentLinkOptions {
  readonly socket: WebSocket;
  readonly hostName: string;
  readonly log: Log;
  readonly pingIntervalMs: number;
  /** Takes in one message; the next one comes when it is done. A throw ends the link. */
  readonly onMessage: (message: AgentMessage) => Promise<void>;
}

/** Why a link ended, with the close code of RFC 6455 7.4. */
export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
}

export class AgentLink {
  readonly #options: AgentLinkOptions;
  readonly #calls = new Map<number, OutstandingCall>();
  readonly #ended = Promise.withResolvers<LinkEnd>();
  #nextId = 1;
  #waiting = 0;
  #intake: Promise<void> = Promise.resolve();
  #silentPings = 0;
  #open = true;
  #reason: string | undefined;

  constructor(options: AgentLinkOptions) {
    this.#options = options;
    const { socket } = options;
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#silentPings = 0;
    });
    socket.on('error', (error) => {
      this.#reason ??= error.message;
    });
    const pings = setInterval(() => this.#ping(), options.pingIntervalMs);
    socket.on('close', (code: number, reason: Buffer) => {
      clearInterval(pings);
      this.#open = false;
      const end = {
        code,
        reason:
          this.#reason ?? (reason.toString().slice(0, 200) || `the connection ended (${code})`),
      };
      for (const call of this.#calls.values())
        call.fail(new Fault('unavailable', `the connection to host ${options.hostName} was lost`));
      this.#calls.clear();
      this.#ended.resolve(end);
    });
  }

  get ended(): Promise<LinkEnd> {
    return this.#ended.promise;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Who is behind the outstanding call about the vm, if there is one. */
  causeOf(vmId: string): Cause | undefined {
    for (const call of this.#calls.values()) if (call.vmId === vmId) return call.cause;
    return undefined;
  }

  /** The report of a machine that an answer carries. */
  reportIn(answer: Extract<AgentMessage, { type: 'answer' }>): MachineReport | undefined {
    const method = this.#calls.get(answer.id)?.method;
    if (method === undefined || answer.fault !== undefined) return undefined;
    const parsed = linkMethods[method].result.safeParse(answer.result);
    return parsed.success && 'report' in parsed.data ? parsed.data.report : undefined;
  }

  send(message: CoordinatorMessage): void {
    if (!this.#open) return;
    const { socket } = this.#options;
    socket.send(JSON.stringify(message));
    if (socket.bufferedAmount > maxUnsentBytes)
      this.close(1008, 'the agent does not read what it is sent');
  }

  /** Says why and ends the link. */
  close(code: number, reason: string): void {
    this.#reason ??= reason;
    this.#options.socket.close(code, Buffer.from(reason).subarray(0, 120).toString());
    setTimeout(() => this.#options.socket.terminate(), 2000).unref();
  }

  async call<M extends LinkMethod>(
    method: M,
    params: LinkParams<M>,
    limitMs: number,
    options: CallOptions,
  ): Promise<LinkResult<M>> {
    const what = `${method} on host ${this.#options.hostName}`;
    if (this.#calls.size >= maxOutstanding)
      throw new Fault('exhausted', `${what}: ${maxOutstanding} calls wait for answers already`);
    const id = this.#nextId;
    this.#nextId += 1;
    return await withDeadline(what, limitMs, options.signal, async (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<LinkResult<M>>();
      const about = params as { readonly id?: string | null; readonly cause?: Cause };
      this.#calls.set(id, {
        method,
        vmId: about.id ?? undefined,
        cause: about.cause,
        onProgress: options.onProgress,
        settle: ({ fault, result }) => {
          if (fault !== undefined) {
            reject(faultFromData({ ...fault, code: knownCode(fault.code) }));
            return;
          }
          const parsed = linkMethods[method].result.safeParse(result);
          if (parsed.success) resolve(parsed.data as LinkResult<M>);
          else
            reject(
              new Fault('unavailable', `${what}: the answer is not what the method promises`, {
                facts: { issue: parsed.error.issues[0]?.message ?? '' },
                hint: 'agent and coordinator may be of different versions',
              }),
            );
        },
        fail: reject,
      });
      signal.addEventListener('abort', () => this.#cancel(id), { once: true });
      this.send({ type: 'call', id, method, params });
      if (!this.#open) reject(new Fault('unavailable', `${what}: the connection was lost`));
      return await promise.finally(() => this.#calls.delete(id));
    });
  }

  #cancel(id: number): void {
    if (this.#calls.delete(id)) this.send({ type: 'cancel', id });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#silentPings = 0;
    if (!this.#open) return;
    if (isBinary) {
      this.close(1003, 'the link carries text frames only');
      return;
    }
    const message = this.#parse(data);
    if (message === undefined) return;
    if (message.type === 'progress') {
      this.#calls.get(message.id)?.onProgress?.(message.progress, message.note);
      return;
    }
    this.#waiting += 1;
    if (this.#waiting >= maxWaiting) this.#options.socket.pause();
    this.#intake = this.#intake
      .then(() => this.#take(message))
      .catch((error: unknown) => {
        this.#options.log.error({ err: error, type: message.type }, 'cannot take in a message');
        this.close(1011, `cannot take in ${message.type}`);
      })
      .finally(() => {
        this.#waiting -= 1;
        if (this.#waiting < maxWaiting / 4 && this.#open) this.#options.socket.resume();
      });
  }

  /** The answer of a call settles it after what it reports was taken in: what was done is read. */
  async #take(message: AgentMessage): Promise<void> {
    if (!this.#open && message.type !== 'answer') return;
    if (message.type !== 'answer') {
      await this.#options.onMessage(message);
      return;
    }
    const call = this.#calls.get(message.id);
    if (call === undefined) return;
    try {
      await this.#options.onMessage(message);
    } finally {
      call.settle(message);
    }
  }

  #parse(data: Buffer): AgentMessage | undefined {
    let json: unknown;
    try {
      json = JSON.parse(data.toString('utf8'));
    } catch {
      this.close(1007, 'a message is not JSON');
      return undefined;
    }
    const parsed = agentMessageSchema.safeParse(json);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues
      .slice(0, maxIssuesTold)
      .map((issue) => `${issue.path.join('/')}: ${issue.message}`)
      .join('; ');
    this.#options.log.warn({ issues }, 'an agent sent a message that is not of the protocol');
    this.close(1008, `a message is not of the protocol: ${issues}`);
    return undefined;
  }

  #ping(): void {
    this.#silentPings += 1;
    if (this.#silentPings > 3) {
      this.#reason ??= 'no sign of life';
      this.#options.socket.terminate();
      return;
    }
    assert(this.#open, 'pings end with the link');
    this.#options.socket.ping();
  }
}

function knownCode(code: string): FaultCode {
  return Object.hasOwn(faultCodes, code) ? (code as FaultCode) : 'internal';
}
