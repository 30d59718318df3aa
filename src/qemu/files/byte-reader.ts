/** Reads a stream in pieces of a known size or by lines. Invariant: it takes no more from the stream than was asked for, but what one chunk brings. */
import type { Readable } from 'node:stream';
import { Fault } from '#lib';

export class ByteReader {
  readonly #chunks: AsyncIterator<unknown>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** So many bytes. Errors: `unavailable` when the stream ends before. */
  async readExactly(lengthBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = lengthBytes; missing > 0;) {
      const part = await this.readSome(missing);
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** What is there, at least a byte and at most so many. Errors: `unavailable` at the end. */
  async readSome(maxBytes: number): Promise<Buffer> {
    if (this.#rest.length === 0) await this.#more();
    const part = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** A line without its end. Errors: `unavailable` at the end; `too-large`. */
  async readLine(maxBytes: number): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end > maxBytes || (end === -1 && this.#rest.length > maxBytes)) {
        throw new Fault('too-large', `a line is longer than ${maxBytes} bytes`);
      }
      if (end !== -1) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done === true || !Buffer.isBuffer(value)) {
      throw new Fault('unavailable', 'the stream ends without a word');
    }
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
  }
}
