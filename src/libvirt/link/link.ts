/**
 * One connection, either half: bytes in, frames out, and the other way round.
 *
 * Invariants.
 * 1. At most one unfinished frame is kept of what arrives. Reading stops while anybody holds the link
 *    (a full stream, too many calls at work), so that the peer is slowed down by TCP.
 * 2. What waits to be sent is bounded in bytes: `send` beyond the bound ends the connection with
 *    `exhausted`; and in time: a peer that takes nothing for `stallMs` while something waits is given
 *    up with `timeout`. Whoever can wait asks `drained` first.
 * 3. A connection ends once, with one reason, and everybody who waits hears it.
 * 4. Keepalive is answered here, at once, whatever the layers above are doing.
 */
import type { Duplex } from 'node:stream';
import { abortReason, Fault } from '#lib';
import { frameTypes, maxFrameBytes, programs, type Frame } from '../wire/frame.ts';
import { FrameSplitter } from '../wire/frame-splitter.ts';
import { keepaliveFrame, KeepaliveTimer, ping, pong, type KeepaliveOptions } from './keepalive.ts';

/** Above this, those who can wait do. */
const highWaterBytes = 1024 * 1024;
/** Above this, the connection ends. One whole frame must fit beside what was there. */
const maxPendingBytes = 2 * maxFrameBytes;
const defaultStallMs = 60_000;

export interface LinkOptions {
  /** Names the peer in faults: `qemu+tls://h1/system`, `unix peer`. */
  readonly peer: string;
  readonly maxFrameBytes?: number | undefined;
  readonly stallMs?: number | undefined;
  readonly onFrame: (frame: Frame) => void;
  /** Called once. `fault` is undefined when this side closed without a complaint. */
  readonly onEnd: (fault: Fault | undefined) => void;
}

export class Link {
  readonly peer: string;
  readonly #socket: Duplex;
  readonly #options: LinkOptions;
  readonly #splitter: FrameSplitter;
  #keepalive: KeepaliveTimer | undefined;
  #holds = 0;
  #busy = false;
  #ended = false;
  #reason: Fault | undefined;
  #queuedBytes = 0;
  #stallTimer: NodeJS.Timeout | undefined;
  readonly #drainWaiters = new Set<() => void>();

  constructor(socket: Duplex, options: LinkOptions) {
    this.peer = options.peer;
    this.#socket = socket;
    this.#options = options;
    this.#splitter = new FrameSplitter(options.maxFrameBytes ?? maxFrameBytes);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('error', (cause) => this.end(unavailable(this.peer, 'failed', cause)));
    socket.on('end', () => this.end(unavailable(this.peer, 'was closed by the peer')));
    socket.on('close', () => this.end(unavailable(this.peer, 'was closed')));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Why the connection ended; undefined while it lives and when this side closed it. */
  get reason(): Fault | undefined {
    return this.#reason;
  }

  /** Bytes that the peer has not taken yet. */
  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  limitFrames(bytes: number): void {
    this.#splitter.limit(bytes);
  }

  startKeepalive(options: KeepaliveOptions): void {
    this.#keepalive?.stop();
    if (this.#ended) return;
    this.#keepalive = new KeepaliveTimer(
      options,
      () => this.send(keepaliveFrame(ping)),
      () =>
        this.end(
          new Fault('timeout', `${this.peer} has not answered ${options.count} keepalive pings`),
        ),
    );
    if (this.#holds > 0) this.#keepalive.pause();
  }

  /**
   * Queues a frame. Does nothing on an ended connection, whose waiters know already. `onSent`: its bytes are not looked at any
   * more, whatever has become of them.
   */
  send(frame: Buffer, onSent?: () => void): void {
    if (this.#ended) {
      onSent?.();
      return;
    }
    if (this.#socket.writableLength + frame.length > maxPendingBytes) {
      this.end(
        new Fault('exhausted', `${this.peer} does not read: ${this.pendingBytes} bytes wait`, {
          hint: 'read events and answers faster, or open another connection',
        }),
      );
      onSent?.();
      return;
    }
    this.#queuedBytes += frame.length;
    if (!this.#socket.write(frame, onSent)) this.#watchStall();
  }

  /** Resolves when little waits to be sent. Errors: the connection's reason; the signal's. */
  async drained(signal?: AbortSignal): Promise<void> {
    while (this.#socket.writableLength > highWaterBytes) {
      this.#check(signal);
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#drainWaiters.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      await promise;
      this.#drainWaiters.delete(wake);
      signal?.removeEventListener('abort', wake);
    }
    this.#check(signal);
  }

  /** Stops reading until as many `release` as `hold` were called. */
  hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) {
      this.#socket.pause();
      this.#keepalive?.pause();
    }
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0 && !this.#ended) {
      this.#keepalive?.resume();
      // Frames that came with the last chunk go first; the caller's stack is not theirs.
      setImmediate(() => {
        this.#takeFrames();
        if (this.#holds === 0 && !this.#ended) this.#socket.resume();
      });
    }
  }

  /** Ends the connection; what is queued still goes out when there is no fault. */
  end(fault?: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = fault;
    this.#keepalive?.stop();
    clearTimeout(this.#stallTimer);
    if (fault === undefined) {
      this.#socket.end();
      // The peer may keep its side open for ever.
      const timer = setTimeout(() => this.#socket.destroy(), 2000);
      timer.unref();
      this.#socket.once('close', () => clearTimeout(timer));
      this.#socket.resume();
    } else {
      this.#socket.destroy();
    }
    this.#wakeDrainWaiters();
    this.#options.onEnd(fault);
  }

  #onData(chunk: Buffer): void {
    if (this.#ended) return;
    this.#keepalive?.alive();
    this.#splitter.push(chunk);
    this.#takeFrames();
  }

  #takeFrames(): void {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (!this.#ended && this.#holds === 0) {
        const frame = this.#splitter.next();
        if (frame === undefined) break;
        if (frame.program === programs.keepalive) this.#onKeepalive(frame);
        else this.#options.onFrame(frame);
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.end(new Fault(error.code, `cannot understand ${this.peer}`, { cause: error }));
    } finally {
      this.#busy = false;
    }
  }

  #onKeepalive(frame: Frame): void {
    if (frame.type !== frameTypes.message || frame.payload.length > 0) {
      throw new Fault('invalid', 'malformed keepalive frame');
    }
    // A peer that pings and does not read must not make us queue answers.
    if (frame.procedure === ping && this.pendingBytes < highWaterBytes) {
      this.send(keepaliveFrame(pong));
    }
  }

  #onDrain(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    this.#wakeDrainWaiters();
  }

  /** Compares what the peer has taken after each interval with what it had taken before. */
  #watchStall(): void {
    if (this.#stallTimer !== undefined) return;
    const stallMs = this.#options.stallMs ?? defaultStallMs;
    const takenBytes = this.#queuedBytes - this.#socket.writableLength;
    this.#stallTimer = setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#socket.writableLength === 0) return;
      if (this.#queuedBytes - this.#socket.writableLength > takenBytes) this.#watchStall();
      else this.end(new Fault('timeout', `${this.peer} has read nothing for ${stallMs} ms`));
    }, stallMs);
    this.#stallTimer.unref();
  }

  #wakeDrainWaiters(): void {
    for (const wake of this.#drainWaiters) wake();
  }

  #check(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw abortReason(signal);
    if (this.#ended) throw this.#reason ?? unavailable(this.peer, 'was closed');
  }
}

/** `cause` keeps its code and facts when it is a fault already. */
export function unavailable(peer: string, what: string, cause?: unknown): Fault {
  const below = cause instanceof Fault ? cause : undefined;
  return new Fault(below?.code ?? 'unavailable', `the connection to ${peer} ${what}`, {
    cause,
    facts: below?.facts,
    hint: below?.hint,
  });
}
