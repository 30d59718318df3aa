/**
 * Cuts a byte stream into lines, with a bound on each. QMP and the guest agent both write one JSON value
 * per line.
 *
 * Invariant: holds at most twice the bound, however small the chunks are; a line over the bound ends
 * the stream.
 */
import { Fault } from '#lib';

const newline = 0x0a;
const firstSizeBytes = 4096;

export class LineSplitter {
  readonly #maxLineBytes: number;
  /** The line that has begun: the first `#used` bytes. */
  #buffer = Buffer.alloc(0);
  #used = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** The lines that this chunk completes, without their ends. Errors: `too-large`. */
  *push(chunk: Buffer): Generator<string, void, undefined> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
      if (this.#used + piece.length > this.#maxLineBytes) {
        this.clear();
        throw new Fault('too-large', `a line is longer than ${this.#maxLineBytes} bytes`);
      }
      if (end < 0) {
        this.#keep(piece);
        return;
      }
      start = end + 1;
      if (this.#used === 0) {
        yield piece.toString('utf8');
        continue;
      }
      this.#keep(piece);
      const line = this.#buffer.toString('utf8', 0, this.#used);
      this.clear();
      yield line;
    }
  }

  /** Forgets a line that has begun. */
  clear(): void {
    this.#buffer = Buffer.alloc(0);
    this.#used = 0;
  }

  #keep(piece: Buffer): void {
    const needed = this.#used + piece.length;
    if (needed > this.#buffer.length) {
      const size = Math.max(needed, firstSizeBytes, Math.min(needed * 2, this.#maxLineBytes));
      const grown = Buffer.allocUnsafeSlow(size);
      this.#buffer.copy(grown, 0, 0, this.#used);
      this.#buffer = grown;
    }
    piece.copy(this.#buffer, this.#used);
    this.#used = needed;
  }
}
