/**
 * The client of one QEMU monitor (QMP). Any number of callers send commands through it; QEMU answers
 * when it likes and reports events in between.
 *
 * Invariants:
 * 1. A command is settled exactly once: by its answer, its deadline, its signal or the end of the
 *    connection. A late answer to an abandoned command is recognised and dropped.
 * 2. Commands on the way (abandoned ones included) never exceed `maxInFlight`, bytes waiting to be sent
 *    never `maxInFlight` × `maxCommandBytes`, a line received never `maxFrameBytes`.
 * 3. An event reader sees every event in order from its subscription on, or a fault.
 * 4. After the end nothing more happens: all commands are settled, all readers ended.
 */
import type { Socket } from 'node:net';
import {
  abortReason,
  BoundedQueue,
  describeFault,
  Fault,
  isFault,
  present,
  toFault,
  withDeadline,
} from '#lib';
import type { JsonObject } from '../parse.ts';
import { openSocket } from '../socket.ts';
import { LineSplitter } from './frames.ts';
import {
  faultOfQmpError,
  parseGreeting,
  parseMessage,
  type QemuVersion,
  type QmpEvent,
  type QmpMessage,
} from './messages.ts';
import { sendDescriptor } from './send-descriptor.ts';

export interface QmpConnectOptions {
  /** For connecting and the handshake; 5 s unless told. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** `wait` tries again, until the time limit, while nothing listens yet: QEMU is starting. */
  readonly absent?: 'fail' | 'wait' | undefined;
  /** Hears every event from the first one on. */
  readonly onEvent?: ((event: QmpEvent) => void) | undefined;
  /** 64 unless told. */
  readonly maxInFlight?: number | undefined;
  /** Longest line accepted; 16 MiB unless told. */
  readonly maxFrameBytes?: number | undefined;
}

export interface CommandOptions {
  /** 10 s unless told. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** An open file that QEMU is given along with the command; open until the command is settled. */
  readonly descriptor?: number | undefined;
}

const defaultConnectMs = 5_000;
const defaultCommandMs = 10_000;
const defaultInFlight = 64;
const defaultFrameBytes = 16 * 1024 * 1024;
const defaultEventLimit = 1024;
const maxCommandBytes = 1024 * 1024;

interface Pending {
  readonly id: number;
  readonly command: string;
  readonly line: string;
  readonly descriptor: number | undefined;
  /** Absent once nobody waits any more. */
  settle: { resolve(value: unknown): void; reject(fault: Error): void } | undefined;
}

/**
 * Connects to a monitor socket and performs the handshake. QEMU serves one client per socket at a time.
 * Errors: `unavailable` when nothing listens; `timeout` when no greeting comes; `internal` when the peer
 * does not speak QMP.
 */
export async function connectQmp(
  socketPath: string,
  options: QmpConnectOptions = {},
): Promise<QmpClient> {
  const limitMs = options.timeoutMs ?? defaultConnectMs;
  const what = `cannot connect to monitor ${socketPath}`;
  try {
    return await withDeadline(what, limitMs, options.signal, async (signal) => {
      const socket = await openSocket(socketPath, options.absent ?? 'fail', signal);
      const client = new QmpClient(socket, socketPath, options);
      try {
        await client.handshake(signal, limitMs);
        return client;
      } catch (error) {
        await client[Symbol.asyncDispose]();
        throw error;
      }
    });
  } catch (error) {
    throw explainConnect(what, error);
  }
}

function explainConnect(what: string, error: unknown): unknown {
  if (isFault(error, 'timeout')) {
    const hint = 'see whether another program holds the monitor, or QEMU hangs';
    return new Fault('timeout', error.message, { cause: error.cause, hint });
  }
  if (isFault(error, 'unavailable')) {
    return new Fault('unavailable', what, { cause: error.cause ?? error });
  }
  return error;
}

export class QmpClient implements AsyncDisposable {
  /** Resolves when the connection has ended: with the reason, or undefined after `asyncDispose`. */
  readonly closed: Promise<Fault | undefined>;
  readonly #socket: Socket;
  readonly #name: string;
  readonly #splitter: LineSplitter;
  readonly #maxInFlight: number;
  readonly #greeted = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<Fault | undefined>();
  /** Sent or about to be, by id. */
  readonly #pending = new Map<number, Pending>();
  /** Those of them that the socket has not taken yet, in order. */
  readonly #unsent: Pending[] = [];
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #readers = new Set<BoundedQueue<QmpEvent>>();
  #version: QemuVersion | undefined;
  #nextId = 1;
  #end: { readonly reason: Fault | undefined } | undefined;

  /** Use `connectQmp`. */
  constructor(socket: Socket, name: string, options: QmpConnectOptions) {
    this.#socket = socket;
    this.#name = name;
    this.#maxInFlight = options.maxInFlight ?? defaultInFlight;
    this.#splitter = new LineSplitter(options.maxFrameBytes ?? defaultFrameBytes);
    this.closed = this.#finished.promise;
    this.#greeted.promise.catch(() => undefined);
    if (options.onEvent) this.#listeners.add(options.onEvent);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#flush());
    socket.on('error', (cause) => this.#finish(this.#lost(cause)));
    socket.on('close', () => this.#finish(this.#lost(undefined)));
  }

  /** What the greeting said. */
  get version(): QemuVersion {
    return present(this.#version, 'the greeting, which connectQmp awaits,');
  }

  /** Waits for the greeting and leaves negotiation mode. Called once, by `connectQmp`. */
  async handshake(signal: AbortSignal, timeoutMs: number): Promise<void> {
    const onAbort = (): void => this.#greeted.reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    await this.#greeted.promise;
    signal.removeEventListener('abort', onAbort);
    await this.execute('qmp_capabilities', undefined, { signal, timeoutMs });
  }

  /**
   * Sends a command by QEMU's name and returns what QEMU returned, unparsed.
   * Errors: the class QEMU gave (`refused`, `unsupported`, `not-found`) with its text; `timeout`; the
   * signal's reason; `unavailable` when the connection has ended; `exhausted` when too many commands
   * are unanswered; `too-large` when the command is; those of `sendDescriptor`.
   */
  async execute(
    command: string,
    args?: JsonObject,
    options: CommandOptions = {},
  ): Promise<unknown> {
    const limitMs = options.timeoutMs ?? defaultCommandMs;
    return withDeadline(`qmp ${command}`, limitMs, options.signal, (signal) =>
      this.#send(command, args, options.descriptor, signal),
    );
  }

  /** The listener hears every event from now on; it must not throw. Call the result to stop. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * All events from this call on, in order. A reader that falls behind by more than `limit` gets what
   * is queued and then `exhausted`; the end of the connection is its fault, or the end after dispose.
   */
  events(limit = defaultEventLimit, signal?: AbortSignal): AsyncIterable<QmpEvent> {
    const queue = new BoundedQueue<QmpEvent>(limit);
    const leave = (): void => {
      this.#readers.delete(queue);
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      leave();
      queue.close(abortReason(signal));
    };
    if (this.#end) queue.close(this.#end.reason);
    else this.#readers.add(queue);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    return iterate(queue, leave);
  }

  /** Ends the connection; commands on the way get `unavailable`. QEMU goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish(undefined);
    await this.closed;
  }

  #send(
    command: string,
    args: JsonObject | undefined,
    descriptor: number | undefined,
    signal: AbortSignal,
  ): Promise<unknown> {
    if (this.#end) throw this.#ended(command, this.#end.reason);
    signal.throwIfAborted();
    if (this.#pending.size >= this.#maxInFlight) {
      throw new Fault('exhausted', `qmp ${command}: ${this.#pending.size} commands are unanswered`);
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const line = `${JSON.stringify({ execute: command, arguments: args, id })}\n`;
    if (Buffer.byteLength(line) > maxCommandBytes) {
      throw new Fault('too-large', `qmp ${command}: longer than ${maxCommandBytes} bytes`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const pending: Pending = { id, command, line, descriptor, settle: { resolve, reject } };
    this.#pending.set(id, pending);
    this.#unsent.push(pending);
    signal.addEventListener('abort', () => this.#abandon(pending, abortReason(signal)), {
      once: true,
    });
    this.#flush();
    return promise;
  }

  /** Hands over commands for as long as the socket takes them. */
  #flush(): void {
    while (!this.#end && !this.#socket.writableNeedDrain) {
      const [next] = this.#unsent;
      if (!next) return;
      if (next.descriptor !== undefined && this.#socket.writableLength > 0) {
        this.#socket.write('', () => this.#flush()); // when all before it has gone
        return;
      }
      this.#unsent.shift();
      if (next.descriptor === undefined) this.#socket.write(next.line);
      else this.#sendWith(next, next.descriptor);
    }
  }

  #sendWith(next: Pending, descriptor: number): void {
    try {
      const taken = sendDescriptor(this.#socket, next.line, descriptor);
      const rest = Buffer.from(next.line).subarray(taken);
      if (rest.length > 0) this.#socket.write(rest);
    } catch (error) {
      this.#pending.delete(next.id);
      next.settle?.reject(toFault(error));
      next.settle = undefined;
    }
  }

  #abandon(pending: Pending, reason: Error): void {
    const place = this.#unsent.indexOf(pending);
    if (place >= 0) {
      this.#unsent.splice(place, 1);
      this.#pending.delete(pending.id);
    }
    pending.settle?.reject(reason);
    pending.settle = undefined;
  }

  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#splitter.push(chunk)) {
        if (this.#end) return;
        if (line.trim() !== '') this.#take(line);
      }
    } catch (cause) {
      const what = `monitor ${this.#name} broke the protocol`;
      this.#finish(new Fault('internal', what, { cause }));
    }
  }

  #take(line: string): void {
    const value: unknown = JSON.parse(line);
    if (this.#version === undefined) {
      this.#version = parseGreeting(value);
      this.#greeted.resolve();
      return;
    }
    this.#route(parseMessage(value));
  }

  #route(message: QmpMessage): void {
    if (message.kind === 'event') {
      this.#publish(message.event);
      return;
    }
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (!pending) {
      const said = message.kind === 'error' ? `: ${message.error.desc.slice(0, 200)}` : '';
      throw new Fault('internal', `an answer to a command that was not sent${said}`);
    }
    this.#pending.delete(pending.id);
    if (message.kind === 'answer') pending.settle?.resolve(message.value);
    else pending.settle?.reject(faultOfQmpError(pending.command, message.error));
    pending.settle = undefined;
  }

  #publish(event: QmpEvent): void {
    for (const reader of this.#readers) {
      if (reader.push(event)) continue;
      this.#readers.delete(reader);
      reader.close(new Fault('exhausted', `an event reader of ${this.#name} fell behind`));
    }
    // Out of the reach of the protocol's error handling: a listener that throws is a bug.
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener(event);
      });
    }
  }

  #lost(cause: Error | undefined): Fault {
    return new Fault('unavailable', `monitor ${this.#name}: connection lost`, { cause });
  }

  #ended(command: string, reason: Fault | undefined): Fault {
    const cause = reason ?? new Fault('unavailable', 'this connection was closed');
    return new Fault('unavailable', `qmp ${command}: ${describeFault(cause)}`, { cause: reason });
  }

  #finish(reason: Fault | undefined): void {
    if (this.#end) return;
    this.#end = { reason };
    this.#socket.destroy();
    this.#greeted.reject(reason ?? this.#ended('handshake', reason));
    for (const pending of this.#pending.values()) {
      pending.settle?.reject(this.#ended(pending.command, reason));
      pending.settle = undefined;
    }
    this.#pending.clear();
    this.#unsent.length = 0;
    for (const reader of this.#readers) reader.close(reason);
    this.#readers.clear();
    this.#finished.resolve(reason);
  }
}

async function* iterate(
  queue: BoundedQueue<QmpEvent>,
  leave: () => void,
): AsyncGenerator<QmpEvent, void, undefined> {
  try {
    yield* queue;
  } finally {
    leave();
  }
}
