/**
 * Bytes of a stream, taken in the pieces that the protocol has.
 *
 * Invariant: what is held and not taken stays within `maxUnreadBytes` and one more chunk of the stream, whatever
 * the peer sends or claims.
 */
import type { Duplex } from 'node:stream';
import { assert, Fault } from '#lib';
import { maxUnreadBytes } from './limits.ts';

export class StreamReader {
  readonly #stream: Duplex;
  #chunks: Buffer[] = [];
  #unreadBytes = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#push(chunk));
    stream.once('end', () => this.#finish(undefined));
    stream.once('error', (error) => this.#finish(error));
    stream.once('close', () => this.#finish(undefined));
  }

  /** The next bytes where they are here already. They are the stream's own memory: to be read at once. */
  takeNow(length: number): Buffer | undefined {
    assert(length <= maxUnreadBytes, 'what is taken whole is small');
    if (this.#unreadBytes < length) return undefined;
    const [first] = this.#chunks;
    if (first !== undefined && first.length > length) {
      this.#chunks[0] = first.subarray(length);
      this.#took(length);
      return first.subarray(0, length);
    }
    const bytes = Buffer.allocUnsafe(length);
    this.#move(bytes);
    return bytes;
  }

  /** The next bytes; undefined where the stream ended before the first of them. Faults: `unavailable` in their midst. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#unreadBytes < length && this.#end === undefined) await this.#more();
    const bytes = this.takeNow(length);
    if (bytes === undefined && this.#unreadBytes > 0) throw cutOff();
    return bytes;
  }

  /** Fills the buffer, however long it is, as the bytes come. Faults: `unavailable` when they end before. */
  async fill(into: Buffer): Promise<void> {
    for (let done = 0; done < into.length;) {
      const count = Math.min(this.#unreadBytes, into.length - done);
      this.#move(into.subarray(done, done + count));
      done += count;
      if (done === into.length) return;
      if (this.#end !== undefined) throw cutOff(this.#end.error);
      await this.#more();
    }
  }

  /** Moves bytes that are here into the buffer, which they fill. */
  #move(into: Buffer): void {
    for (let done = 0; done < into.length;) {
      const [first] = this.#chunks;
      assert(first !== undefined, 'the bytes are here');
      const count = Math.min(first.length, into.length - done);
      first.copy(into, done, 0, count);
      done += count;
      if (count === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(count);
    }
    this.#took(into.length);
  }

  #took(length: number): void {
    this.#unreadBytes -= length;
    if (this.#unreadBytes < maxUnreadBytes && this.#stream.isPaused()) this.#stream.resume();
  }

  #push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes >= maxUnreadBytes) this.#stream.pause();
    this.#wake?.();
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

function cutOff(cause?: Error): Fault {
  return new Fault('unavailable', 'the nbd client ended in the middle of a message', { cause });
}
