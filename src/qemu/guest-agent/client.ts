/**
 * The client of the QEMU guest agent in one vm, over the Unix socket of its serial channel (GA-32, GA-34).
 *
 * Invariants:
 * 1. One command is on the way at a time; callers take turns, at most `maxWaiting` of them.
 * 2. Every command begins with a resynchronisation, so that no earlier answer is taken for its own.
 * 3. While no command is on the way the socket is not read: a guest that floods is held back by its own
 *    full channel and costs nothing (GA-33).
 * 4. After any failure the connection is dropped, with all that is in it.
 */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { abortReason, Fault, isFault, withDeadline } from '#lib';
import { isObject, record, text, type JsonObject } from '../parse.ts';
import { printable } from '../qmp/messages.ts';
import { openSocket } from '../socket.ts';
import { Exchange } from './exchange.ts';

export interface GuestAgentOptions {
  /**
   * Whether the guest holds its end of the channel open (`isGuestChannelOpen` asks the monitor). With it
   * an agent that is absent is told apart from one that does not answer.
   */
  readonly isChannelOpen?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

export interface GuestCommandOptions {
  /** For waiting, connecting, resynchronising and the answer together; 5 s unless told. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest answer accepted; 1 MiB unless told. */
  readonly maxReplyBytes?: number | undefined;
}

/** What went over the channel so far. */
export interface GuestAgentCounters {
  readonly answers: number;
  /** Commands without an answer in time. */
  readonly timeouts: number;
  /** Answers that were malformed, too long or came in a flood (GA-33). */
  readonly dropped: number;
  /** Bytes that no command asked for. */
  readonly droppedBytes: number;
}

/** Why an agent could not be used, in `facts.guestAgent` of the fault. */
export type GuestAgentTrouble = 'absent' | 'silent' | 'faulty';

const defaultTimeoutMs = 5_000;
const defaultReplyBytes = 1024 * 1024;
const maxWaiting = 32;
const maxCommandBytes = 1024 * 1024;

const parseError = record({ class: text(256), desc: text(1024 * 1024) });

export class GuestAgent implements AsyncDisposable {
  readonly #socketPath: string;
  readonly #isChannelOpen: GuestAgentOptions['isChannelOpen'];
  #socket: Socket | undefined;
  #exchange: Exchange | undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  #counters = { answers: 0, timeouts: 0, dropped: 0, droppedBytes: 0 };

  constructor(socketPath: string, options: GuestAgentOptions = {}) {
    this.#socketPath = socketPath;
    this.#isChannelOpen = options.isChannelOpen;
  }

  get counters(): GuestAgentCounters {
    return { ...this.#counters };
  }

  /**
   * Sends a command by the agent's name and returns what it returned, unparsed.
   * Errors: `unavailable` (absent, faulty or the vm is off), `timeout` (silent), `too-large`,
   * `unsupported` (unknown or disabled there), `refused` with the agent's text, `exhausted` when too
   * many callers wait, the signal's reason.
   */
  async execute(
    command: string,
    args?: JsonObject,
    options: GuestCommandOptions = {},
  ): Promise<unknown> {
    return this.#inTurn(command, options, async (exchange, signal) => {
      await this.#begin(exchange, command, args, signal);
      const value = parseAnswer(command, await exchange.answer);
      this.#counters.answers += 1;
      return value;
    });
  }

  /**
   * Sends a command that answers only when it fails, and waits `graceMs` for that.
   * Errors: as `execute`; silence after the command was handed over is success.
   */
  async tell(
    command: string,
    args: JsonObject,
    graceMs: number,
    options: GuestCommandOptions = {},
  ): Promise<void> {
    await this.#inTurn(command, options, async (exchange, signal) => {
      await this.#begin(exchange, command, args, signal);
      const grace = AbortSignal.timeout(graceMs);
      const silence = Promise.withResolvers<undefined>();
      grace.addEventListener('abort', () => silence.resolve(undefined), { once: true });
      const line = await Promise.race([this.#answerOrEnd(exchange), silence.promise]);
      if (line !== undefined) parseAnswer(command, line);
    });
  }

  /** Ends the connection; a command on the way gets `unavailable`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#drop(new Fault('unavailable', 'the connection to the guest agent was closed'));
    await this.#turn;
  }

  async #inTurn<T>(
    command: string,
    options: GuestCommandOptions,
    work: (exchange: Exchange, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const what = `guest agent ${command}`;
    if (this.#waiting >= maxWaiting) {
      throw new Fault('exhausted', `${what}: ${maxWaiting} commands wait already`);
    }
    this.#waiting += 1;
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = before.then(() => done.promise);
    try {
      const limitMs = options.timeoutMs ?? defaultTimeoutMs;
      return await withDeadline(what, limitMs, options.signal, async (signal) => {
        try {
          await before;
          if (signal.aborted) throw abortReason(signal);
          return await this.#run(options.maxReplyBytes ?? defaultReplyBytes, signal, work);
        } finally {
          this.#waiting -= 1;
          done.resolve();
        }
      });
    } catch (error) {
      throw this.#explain(what, error);
    }
  }

  /** One exchange on the connection, which is dropped unless all went well. */
  async #run<T>(
    maxReplyBytes: number,
    signal: AbortSignal,
    work: (exchange: Exchange, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new Fault('unavailable', 'the connection was closed');
    const exchange = new Exchange(randomInt(1, 2 ** 31), maxReplyBytes);
    const onAbort = (): void => this.#drop(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#exchange = exchange;
    try {
      await this.#requireOpen(exchange, signal);
      return await work(exchange, signal);
    } catch (error) {
      // An answer that says no has left the channel in order; everything else has not.
      if (!isFault(error, 'refused') && !isFault(error, 'unsupported')) {
        this.#drop(new Fault('unavailable', 'the connection was dropped', { cause: error }));
      }
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#counters.droppedBytes += exchange.droppedBytes;
      this.#exchange = undefined;
      this.#socket?.pause();
    }
  }

  async #requireOpen(exchange: Exchange, signal: AbortSignal): Promise<void> {
    if (this.#isChannelOpen === undefined) return;
    const interrupted = exchange.synced.then(() => true);
    if (await Promise.race([this.#isChannelOpen(signal), interrupted])) return;
    throw new Fault('unavailable', 'no agent in the guest has opened its channel', {
      facts: { guestAgent: 'absent' },
      hint: 'install and start the QEMU guest agent (qemu-ga) in the guest',
    });
  }

  async #begin(
    exchange: Exchange,
    command: string,
    args: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const line = `${JSON.stringify({ execute: command, arguments: args })}\n`;
    if (Buffer.byteLength(line) > maxCommandBytes) {
      throw new Fault('too-large', `longer than ${maxCommandBytes} bytes`);
    }
    const socket = await this.#connect(signal);
    socket.resume();
    const sync = { execute: 'guest-sync-delimited', arguments: { id: exchange.syncId } };
    // The leading byte, no part of any text, makes the agent forget a command that was cut off.
    socket.write(Buffer.concat([Buffer.of(0xff), Buffer.from(`${JSON.stringify(sync)}\n`)]));
    await exchange.synced;
    exchange.expect();
    socket.write(line);
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const socket = await openSocket(this.#socketPath, 'fail', signal);
    if (signal.aborted || this.#closed) {
      socket.destroy();
      throw abortReason(signal);
    }
    this.#socket = socket;
    const onEnd = (cause?: Error): void => {
      if (this.#socket !== socket) return;
      this.#drop(new Fault('unavailable', 'the channel has closed', { cause }));
    };
    socket.on('data', (chunk: Buffer) => this.#exchange?.take(chunk));
    socket.on('error', onEnd);
    socket.on('close', () => onEnd());
    return socket;
  }

  /** The answer, or undefined when the channel closed instead: a guest that is going down. */
  async #answerOrEnd(exchange: Exchange): Promise<string | undefined> {
    try {
      return await exchange.answer;
    } catch (error) {
      if (isFault(error, 'unavailable')) return undefined;
      throw error;
    }
  }

  #drop(reason: Error): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#exchange?.fail(reason);
    socket?.destroy();
  }

  /** The fault as callers see it, with the kind of trouble in its facts, and counted. */
  #explain(what: string, error: unknown): unknown {
    if (!(error instanceof Fault)) return error;
    const trouble = troubleOf(error);
    if (trouble === 'silent') this.#counters.timeouts += 1;
    if (trouble === 'faulty') this.#counters.dropped += 1;
    const facts = trouble === undefined ? error.facts : { ...error.facts, guestAgent: trouble };
    if (error.message.startsWith(what)) {
      return new Fault(error.code, error.message, { cause: error.cause, facts, hint: error.hint });
    }
    return new Fault(error.code, what, { cause: error, facts, hint: error.hint });
  }
}

function troubleOf(fault: Fault): GuestAgentTrouble | undefined {
  if (fault.facts['guestAgent'] === 'absent') return 'absent';
  if (fault.facts['guestAgent'] === 'faulty') return 'faulty';
  if (fault.code === 'timeout') return 'silent';
  return fault.code === 'too-large' ? 'faulty' : undefined;
}

function parseAnswer(command: string, line: string): unknown {
  const what = `guest agent ${command}`;
  const faulty = (cause: unknown): Fault =>
    new Fault('unavailable', `${what}: malformed answer`, {
      cause,
      facts: { guestAgent: 'faulty' },
    });
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw faulty(cause);
  }
  if (!isObject(value)) throw faulty(undefined);
  if (Object.hasOwn(value, 'return')) return value['return'];
  let error: { class: string; desc: string };
  try {
    error = parseError(value['error'], 'error');
  } catch (cause) {
    throw faulty(cause);
  }
  const description = printable(error.desc);
  const code = error.class === 'CommandNotFound' ? 'unsupported' : 'refused';
  const facts = { command, qemuClass: printable(error.class), description };
  throw new Fault(code, `${what}: ${description}`, { facts });
}
