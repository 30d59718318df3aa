/**
 * A stream seen from the client. The server's end mark ends reading; `finish` says that we are content
 * and waits for the server's word, `abort` that we are not. A stream that is disposed of before it has
 * finished is aborted.
 */
import { abortReason, Fault } from '#lib';
import { unavailable, type Link } from '../link/link.ts';
import {
  abortFrame,
  cutForFrames,
  dataFrame,
  finishFrame,
  holeFrame,
  readPart,
  type StreamId,
} from '../link/stream-frame.ts';
import { StreamInbox, type StreamPart } from '../link/stream-inbox.ts';
import { decodeWhole } from '../wire/codec.ts';
import { frameStatus, type Frame } from '../wire/frame.ts';
import { faultFromRemote, remoteErrorCodec } from '../wire/remote-error.ts';

export class ClientStream implements AsyncDisposable {
  readonly #link: Link;
  readonly #id: StreamId;
  readonly #what: string;
  readonly #inbox: StreamInbox;
  readonly #onDone: () => void;
  #state: 'open' | 'finishing' | 'aborted' | 'done' = 'open';
  #fault: Fault | undefined;
  readonly #finished = Promise.withResolvers<void>();

  /** `what` names the stream in faults; `onDone` is called when no more frames can come. */
  constructor(link: Link, id: StreamId, what: string, onDone: () => void) {
    this.#link = link;
    this.#id = id;
    this.#what = what;
    this.#inbox = new StreamInbox(link);
    this.#onDone = onDone;
    this.#finished.promise.catch(() => undefined);
  }

  /** The next part; undefined at the end. Errors: the server's; `cancelled` after `abort`. */
  next(signal?: AbortSignal): Promise<StreamPart | undefined> {
    return this.#inbox.next(signal);
  }

  /** The parts until the server's end. */
  async *parts(signal?: AbortSignal): AsyncGenerator<StreamPart, void, undefined> {
    for (let part = await this.next(signal); part; part = await this.next(signal)) yield part;
  }

  /** Sends bytes, as fast as the server takes them. */
  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (const piece of cutForFrames(bytes)) {
      await this.#ready(signal);
      this.#link.send(dataFrame(this.#id, piece));
    }
  }

  /** Sends a hole; only on streams that were opened as sparse. */
  async writeHole(lengthBytes: bigint, signal?: AbortSignal): Promise<void> {
    await this.#ready(signal);
    this.#link.send(holeFrame(this.#id, lengthBytes));
  }

  /** Says that all is sent and read; resolves when the server has confirmed it. */
  async finish(signal?: AbortSignal): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'finishing';
      this.#link.send(finishFrame(this.#id));
    }
    this.#inbox.discard();
    await abortable(this.#finished.promise, signal);
  }

  abort(): void {
    if (this.#state !== 'open') return;
    this.#state = 'aborted';
    this.#link.send(abortFrame(this.#id));
    this.#close(new Fault('cancelled', `${this.#what} was aborted`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await this.#finished.promise.catch(() => undefined);
  }

  /** A frame of this stream arrived. */
  take(frame: Frame): void {
    if (frame.status === frameStatus.continue) {
      // After finish or abort nobody reads any more.
      if (this.#state === 'finishing' || this.#state === 'aborted') return;
      const part = readPart(frame);
      if (part) this.#inbox.push(part);
      else this.#inbox.end();
      return;
    }
    const fault = frame.status === frameStatus.ok ? undefined : this.#readError(frame);
    const aborted = this.#state === 'aborted';
    this.#state = 'done';
    this.#onDone();
    if (!aborted) this.#close(fault);
  }

  /** The connection ended. */
  lose(fault: Fault | undefined): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#close(fault ?? unavailable(this.#link.peer, 'was closed'));
  }

  #close(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#inbox.end(fault);
    if (fault) this.#finished.reject(fault);
    else this.#finished.resolve();
  }

  #readError(frame: Frame): Fault {
    const error = decodeWhole(remoteErrorCodec, frame.payload, `the error of ${this.#what}`);
    return faultFromRemote(error, this.#what);
  }

  async #ready(signal: AbortSignal | undefined): Promise<void> {
    await this.#link.drained(signal);
    if (this.#fault) throw this.#fault;
    if (this.#state !== 'open') {
      throw new Fault('refused', `cannot write: ${this.#what} has finished`);
    }
  }
}

/** The promise, or the signal's reason when that comes first. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(abortReason(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
