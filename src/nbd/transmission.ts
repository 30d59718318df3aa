/**
 * The transmission phase of one connection: requests are read in the order of the wire, worked on side by side and
 * answered as they are done.
 *
 * Invariants: (1) a request counts against `maxRequests` and `maxRequestBytes` until its reply has left for the
 * client, so that one that sends and never reads comes to a stand with that much held; (2) after an orderly end of
 * the client (NBD_CMD_DISC) and after a cut everything that was taken is done before this returns.
 */
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import { BufferPool } from './buffer-pool.ts';
import type { Agreement } from './handshake.ts';
import { maxPayloadBytes, maxRequestBytes, maxRequests } from './limits.ts';
import { perform, type PerformParts } from './perform.ts';
import { errorReply } from './replies.ts';
import { judgeRequest, payloadBytes, readRequest, requestBytes, type Request } from './requests.ts';
import type { StreamReader } from './stream-reader.ts';
import { NBD_CMD_DISC, NBD_CMD_READ } from './wire.ts';

const nothing = Buffer.alloc(0);

/** Resolves when the client has gone. Faults: `invalid` when it breaks the protocol, `unavailable` in midst of a request. */
export async function transmit(
  stream: Duplex,
  reader: StreamReader,
  agreed: Agreement,
  onFault: (fault: Fault) => void,
): Promise<void> {
  const work = new Work(stream, agreed, onFault);
  try {
    for (;;) {
      const header = reader.takeNow(requestBytes) ?? (await reader.take(requestBytes));
      if (header === undefined) return;
      const request = readRequest(header);
      if (request.type === NBD_CMD_DISC) return;
      const length = payloadBytes(request);
      if (length > maxPayloadBytes)
        throw new Fault('too-large', `the nbd client wants to write ${length} bytes at once`);
      if (!work.hasRoom(request)) await work.untilRoom(request);
      const payload = length === 0 ? nothing : Buffer.allocUnsafe(length);
      if (length > 0) await reader.fill(payload);
      work.begin(request, payload);
    }
  } finally {
    await work.untilDone();
  }
}

/** What is held for a request until its reply has left. */
function heldBytes(request: Request): number {
  const { type, length } = request;
  if (type === NBD_CMD_READ) return Math.min(length, maxPayloadBytes);
  return payloadBytes(request);
}

/** The requests of one connection that are at work. */
class Work {
  readonly #stream: Duplex;
  readonly #agreed: Agreement;
  readonly #parts: PerformParts;
  #requests = 0;
  #heldBytes = 0;
  /** Work that has not ended yet, whether or not its reply has left. */
  readonly #running = new Set<Promise<void>>();
  #wake: (() => void) | undefined;
  #corked = false;
  #bug: unknown;

  constructor(stream: Duplex, agreed: Agreement, onFault: (fault: Fault) => void) {
    this.#stream = stream;
    this.#agreed = agreed;
    this.#parts = { pool: new BufferPool(), onFault };
    stream.once('close', () => this.#wake?.());
  }

  hasRoom(request: Request): boolean {
    return this.#requests < maxRequests && this.#heldBytes + heldBytes(request) <= maxRequestBytes;
  }

  async untilRoom(request: Request): Promise<void> {
    while (!this.hasRoom(request) && !this.#stream.destroyed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  begin(request: Request, payload: Buffer): void {
    this.#requests += 1;
    this.#heldBytes += heldBytes(request);
    const error = judgeRequest(request, this.#agreed);
    if (error !== undefined) {
      this.#send(request, errorReply(request, this.#agreed.replies, error));
      return;
    }
    const running = perform(request, payload, this.#agreed, this.#parts).then(
      (reply) => {
        this.#running.delete(running);
        this.#send(request, reply);
      },
      (bug: unknown) => {
        this.#running.delete(running);
        this.#bug ??= bug;
        this.#stream.destroy();
      },
    );
    this.#running.add(running);
  }

  /** Throws the bug that one of them ran into. */
  async untilDone(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#bug !== undefined) throw this.#bug;
  }

  /** Replies of one turn leave together. */
  #send(request: Request, reply: Buffer): void {
    if (!this.#corked && !this.#stream.destroyed) {
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#stream.uncork();
      });
    }
    this.#stream.write(reply, () => {
      this.#requests -= 1;
      this.#heldBytes -= heldBytes(request);
      this.#parts.pool.give(reply);
      this.#wake?.();
    });
  }
}
