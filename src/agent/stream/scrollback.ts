/** The last bytes of a stream, in a ring of fixed size. */
export class Scrollback {
  readonly #ring: Buffer;
  #next = 0;
  #full = false;

  constructor(sizeBytes: number) {
    this.#ring = Buffer.alloc(sizeBytes);
  }

  push(chunk: Buffer): void {
    const size = this.#ring.length;
    const kept = chunk.subarray(Math.max(0, chunk.length - size));
    const first = Math.min(kept.length, size - this.#next);
    kept.copy(this.#ring, this.#next, 0, first);
    kept.copy(this.#ring, 0, first);
    this.#full ||= this.#next + kept.length >= size;
    this.#next = (this.#next + kept.length) % size;
  }

  /** A copy, oldest first. */
  read(): Buffer {
    const head = this.#ring.subarray(0, this.#next);
    return this.#full ? Buffer.concat([this.#ring.subarray(this.#next), head]) : Buffer.from(head);
  }
}
