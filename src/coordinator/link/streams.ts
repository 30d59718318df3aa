/**
 * Byte streams between a client and a machine, or between two agents: the coordinator asks an agent to dial, and joins what it
 * dials with what the client opened, or with what the other agent dials. The id of a stream is 128 random bits, good once, for ten
 * seconds, and only from the host that was asked.
 */
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { abortReason, Fault, withDeadline } from '#lib';
import type { ConsoleName } from '#api';
import type { Links } from '../context.ts';
import { pipeSockets } from './pipe.ts';

const dialLimitMs = 10_000;
const maxPending = 1000;

export interface Joining<T> {
  readonly doing: string;
  readonly limitMs: number;
  readonly ask: (streamId: string, signal: AbortSignal) => Promise<T>;
  readonly signal?: AbortSignal | undefined;
}

export interface Joined<T> {
  readonly socket: WebSocket;
  readonly answer: Promise<T>;
}

/** A host, and the call by which it is asked to dial the stream. */
export interface StreamEnd {
  readonly hostId: string;
  readonly ask: (streamId: string, signal: AbortSignal) => Promise<unknown>;
}

export class StreamHub {
  readonly #links: Links;
  readonly #pending = new Map<
    string,
    { readonly hostId: string; readonly resolve: (socket: WebSocket) => void }
  >();

  constructor(links: Links) {
    this.#links = links;
  }

  /** The agent's end of a channel of the vm. Errors: the agent's fault; `unavailable`; `timeout`. */
  async open(
    hostId: string,
    vmId: string,
    channel: ConsoleName,
    access: 'read-only' | 'read-write',
    signal?: AbortSignal,
  ): Promise<WebSocket> {
    const readOnly = access === 'read-only';
    const { socket } = await this.join(hostId, {
      doing: `opening ${channel} of a vm`,
      limitMs: dialLimitMs,
      ask: (streamId, inner) => {
        const params = { streamId, id: vmId, channel, readOnly };
        return this.#links.call(hostId, 'stream.open', params, { signal: inner });
      },
      signal,
    });
    return socket;
  }

  /**
   * The agent's end of what it is asked to dial for, within `limitMs`; `answer` is what it says to the call, maybe when all has gone
   * over it. Errors: the agent's fault; `unavailable`; `timeout`.
   */
  async join<T>(hostId: string, { doing, limitMs, ask, signal }: Joining<T>): Promise<Joined<T>> {
    if (this.#pending.size >= maxPending)
      throw new Fault('exhausted', `${maxPending} streams are being opened already`);
    const streamId = randomBytes(16).toString('base64url');
    const { promise, resolve } = Promise.withResolvers<WebSocket>();
    this.#pending.set(streamId, { hostId, resolve });
    const controller = new AbortController();
    const both = AbortSignal.any([controller.signal, ...(signal === undefined ? [] : [signal])]);
    const answer = ask(streamId, both);
    // Told to whoever waits for it.
    answer.catch(() => undefined);
    try {
      const dialled = Promise.race([promise, answer.then(() => promise)]);
      const socket = await withDeadline(doing, limitMs, signal, () => dialled);
      return { socket, answer };
    } catch (error) {
      controller.abort(error);
      // The agent may have dialled all the same, even before it answers.
      void promise.then((socket) => socket.close(1001, 'nobody waits for it'));
      throw error;
    } finally {
      this.#pending.delete(streamId);
    }
  }

  /**
   * Has both hosts dial, and carries what the one sends to the other and what that answers, no faster than it is taken. `onJoined`
   * is told when both have dialled. Resolves when either of them has ended it. Errors: those of the asking; the signal's reason.
   */
  async carry(
    from: StreamEnd,
    to: StreamEnd,
    work: {
      readonly signal: AbortSignal;
      readonly onBytes: (bytes: number) => void;
      readonly onJoined?: () => void;
    },
  ): Promise<void> {
    const { signal } = work;
    const dialled = ({ hostId, ask }: StreamEnd): Promise<Joined<unknown>> =>
      this.join(hostId, {
        doing: 'opening a stream between hosts',
        limitMs: dialLimitMs,
        ask,
        signal,
      });
    const taker = (await dialled(to)).socket;
    let sender: WebSocket;
    try {
      sender = (await dialled(from)).socket;
    } catch (error) {
      taker.close(1001, 'the other host does not come');
      throw error;
    }
    const end = (): void => {
      for (const socket of [sender, taker]) socket.close(1001, 'it was ended');
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      const joined = pipeSockets(sender, taker, (bytes) => {
        work.onBytes(bytes.length);
        return bytes;
      });
      sender.resume();
      if (signal.aborted) end();
      else work.onJoined?.();
      await joined;
    } finally {
      signal.removeEventListener('abort', end);
    }
    if (signal.aborted) throw abortReason(signal);
  }

  /** Whether an agent's stream connection is expected: asked before its upgrade is accepted. */
  expects(streamId: string, hostId: string): boolean {
    return this.#pending.get(streamId)?.hostId === hostId;
  }

  /** Takes the agent's connection. */
  accept(streamId: string, hostId: string, socket: WebSocket): void {
    const pending = this.#pending.get(streamId);
    this.#pending.delete(streamId);
    if (pending === undefined || pending.hostId !== hostId)
      socket.close(1008, 'no such stream is expected');
    else {
      // What the machine says at once waits until somebody listens (pipeSockets resumes).
      socket.pause();
      pending.resolve(socket);
    }
  }
}
