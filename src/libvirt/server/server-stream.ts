/**
 * A stream seen from the server. Whoever runs it reads parts until the client's end and writes as fast
 * as the client takes them; the frames around that (end marks, confirmations, errors) are sent here.
 *
 *   open ── run returns ──▶ ended (downloads: end mark sent) ── client's finish ──▶ done (confirmed)
 *   open ── client's finish ──▶ finished ── run returns ──▶ done (confirmed) / fails ──▶ done (error)
 *   open, ended ── client's abort ──▶ done (confirmed) ; open ── run fails ──▶ done (error)
 */
import { abortReason, Fault, toFault } from '#lib';
import type { Link } from '../link/link.ts';
import {
  cutForFrames,
  dataFrame,
  endFrame,
  failFrame,
  finishFrame,
  holeFrame,
  readPart,
  type StreamId,
} from '../link/stream-frame.ts';
import { StreamInbox, type StreamPart } from '../link/stream-inbox.ts';
import type { StreamKind } from '../procedures/entry.ts';
import { frameStatus, type Frame } from '../wire/frame.ts';
import { remoteFromFault } from '../wire/remote-error.ts';

export interface ServerStreamOptions {
  readonly link: Link;
  readonly id: StreamId;
  readonly kind: StreamKind;
  readonly procedure: string;
  readonly onDone: () => void;
  readonly onFault: (fault: Fault) => void;
}

export class ServerStream {
  readonly #options: ServerStreamOptions;
  readonly #inbox: StreamInbox;
  readonly #controller = new AbortController();
  #state: 'open' | 'ended' | 'finished' | 'done' = 'open';

  constructor(options: ServerStreamOptions) {
    this.#options = options;
    this.#inbox = new StreamInbox(options.link);
  }

  /** The next part; undefined when the client has finished. Errors: `cancelled`, `unavailable`. */
  next(signal?: AbortSignal): Promise<StreamPart | undefined> {
    return this.#inbox.next(signal);
  }

  /** The parts until the client's end. */
  async *parts(signal?: AbortSignal): AsyncGenerator<StreamPart, void, undefined> {
    for (let part = await this.next(signal); part; part = await this.next(signal)) yield part;
  }

  /** Sends bytes, as fast as the client takes them. Errors: `cancelled` when it wants no more. */
  async write(bytes: Uint8Array): Promise<void> {
    for (const piece of cutForFrames(bytes)) {
      await this.#ready();
      this.#options.link.send(dataFrame(this.#options.id, piece));
    }
  }

  /** Sends a hole; only where the caller asked for a sparse stream. */
  async writeHole(lengthBytes: bigint): Promise<void> {
    await this.#ready();
    this.#options.link.send(holeFrame(this.#options.id, lengthBytes));
  }

  /** Lets the answer's `run` have the stream; never rejects. */
  async run(work: (stream: ServerStream, signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await work(this, this.#controller.signal);
      this.#onReturned();
    } catch (error) {
      this.#onFailed(toFault(error));
    }
  }

  /** A frame of this stream arrived. Errors: `invalid`; the link ends then. */
  take(frame: Frame): void {
    if (this.#state === 'done') return;
    switch (frame.status) {
      case frameStatus.continue: {
        const part = readPart(frame);
        if (part && this.#state === 'open') this.#inbox.push(part);
        break;
      }
      case frameStatus.ok:
        this.#onClientFinished();
        break;
      default:
        // Confirmed as libvirtd does, so that the client's abort comes to an end.
        this.#confirm();
        this.#stop(new Fault('cancelled', 'the client has aborted the stream'));
    }
  }

  /** The connection ended. */
  lose(fault: Fault): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#stop(fault);
  }

  #onReturned(): void {
    if (this.#state === 'finished') this.#confirm();
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#inbox.discard();
    this.#inbox.end();
    if (this.#options.kind !== 'upload') this.#options.link.send(endFrame(this.#options.id));
  }

  #onFailed(fault: Fault): void {
    if (this.#state === 'done') return;
    // A reader that stops because the client has enough is no failure.
    if (this.#state === 'finished' && fault.code === 'cancelled') {
      this.#confirm();
      return;
    }
    const { link, id, procedure, onFault } = this.#options;
    link.send(failFrame(id, remoteFromFault(fault, procedure)));
    this.#close();
    this.#stop(fault);
    onFault(fault);
  }

  #onClientFinished(): void {
    if (this.#state === 'ended') {
      this.#confirm();
      return;
    }
    this.#state = 'finished';
    this.#inbox.end();
    // Whoever only sends would not notice; whoever receives has all there is and may still store it.
    if (this.#options.kind !== 'upload') {
      this.#controller.abort(new Fault('cancelled', 'the client has finished the stream'));
    }
  }

  #confirm(): void {
    this.#options.link.send(finishFrame(this.#options.id));
    this.#close();
  }

  #close(): void {
    this.#state = 'done';
    this.#options.onDone();
  }

  #stop(fault: Fault): void {
    this.#inbox.end(fault);
    this.#controller.abort(fault);
  }

  async #ready(): Promise<void> {
    await this.#options.link.drained(this.#controller.signal);
    if (this.#controller.signal.aborted) throw abortReason(this.#controller.signal);
    if (this.#state !== 'open') throw new Fault('cancelled', 'the stream has ended');
  }
}
