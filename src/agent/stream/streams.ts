/**
 * Byte streams to a coordinator: for each watcher a WebSocket of its own, dialled by the agent when it is
 * asked for, joined with a channel of the machine.
 *
 * Invariant: at most `maxStreams` at once; a slow watcher holds back its own channel only; the end of
 * either side ends the other.
 */
import { createWebSocketStream, type WebSocket } from 'ws';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describeFault, Fault, withDeadline } from '#lib';
import type { Log } from '#log';

const maxStreams = 1_000;
const openMs = 10_000;

export interface StreamRequest {
  readonly streamId: string;
  /** The machine's side. */
  readonly openChannel: (signal: AbortSignal) => Promise<Duplex>;
  readonly signal: AbortSignal;
}

export class Streams {
  readonly #dial: (streamId: string) => WebSocket;
  readonly #log: Log;
  readonly #open = new Map<string, AbortController>();

  /** `dial` begins a connection for the stream. */
  constructor(dial: (streamId: string) => WebSocket, log: Log) {
    this.#dial = dial;
    this.#log = log;
  }

  /** Resolves when both sides are joined. Errors: those of the channel; `timeout`, `unavailable`. */
  async open(request: StreamRequest): Promise<void> {
    const { streamId, openChannel } = request;
    if (this.#open.has(streamId)) return;
    if (this.#open.size >= maxStreams) {
      throw new Fault('exhausted', `${maxStreams} streams are open on this host`);
    }
    const controller = new AbortController();
    this.#open.set(streamId, controller);
    try {
      const machineSide = await openChannel(request.signal);
      try {
        const socket = await this.#connect(streamId, request.signal);
        const watcherSide = createWebSocketStream(socket, { allowHalfOpen: false });
        const { signal } = controller;
        void pipeline(machineSide, watcherSide, machineSide, { signal })
          .catch((error: unknown) => {
            this.#log.debug({ streamId, why: describeFault(error) }, 'stream ended');
          })
          .finally(() => {
            this.#open.delete(streamId);
            machineSide.destroy();
            socket.close();
          });
      } catch (error) {
        machineSide.destroy();
        throw error;
      }
    } catch (error) {
      this.#open.delete(streamId);
      throw error;
    }
  }

  /** A stream for what is no machine's channel; whoever is given it ends it. Errors: `timeout`, `unavailable`, `exhausted`. */
  async dial(streamId: string, signal: AbortSignal): Promise<WebSocket> {
    if (this.#open.size >= maxStreams) {
      throw new Fault('exhausted', `${maxStreams} streams are open on this host`);
    }
    const controller = new AbortController();
    this.#open.set(streamId, controller);
    try {
      const socket = await this.#connect(streamId, signal);
      controller.signal.addEventListener('abort', () => socket.terminate(), { once: true });
      socket.once('close', () => this.#open.delete(streamId));
      return socket;
    } catch (error) {
      this.#open.delete(streamId);
      throw error;
    }
  }

  closeAll(): void {
    for (const controller of this.#open.values()) controller.abort();
  }

  #connect(streamId: string, outer: AbortSignal): Promise<WebSocket> {
    return withDeadline(`stream ${streamId}`, openMs, outer, async (signal) => {
      const socket = this.#dial(streamId);
      const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
      socket.once('open', () => {
        // What came with the answer to the dialling waits for the stream that will read it.
        socket.pause();
        resolve(socket);
      });
      socket.once('error', (cause) =>
        reject(new Fault('unavailable', 'the coordinator does not take the stream', { cause })),
      );
      signal.addEventListener('abort', () => socket.terminate(), { once: true });
      return promise;
    });
  }
}
