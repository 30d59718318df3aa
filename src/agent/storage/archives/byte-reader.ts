/** Bytes of a stream in order, as many as are wanted; errors where it ends before that. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** What there is next; undefined at the end. */
  async some(): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const bytes = this.#rest;
    this.#rest = Buffer.alloc(0);
    return bytes;
  }

  giveBack(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([bytes, this.#rest]);
  }

  /** At most 1 MiB. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      const bytes = await this.some();
      if (bytes === undefined) throw new Error('it ends before its end');
      parts.push(bytes.subarray(0, missing));
      if (bytes.length > missing) this.giveBack(bytes.subarray(missing));
      missing -= Math.min(missing, bytes.length);
    }
    return Buffer.concat(parts);
  }

  /** Little-endian. */
  async number(length: number): Promise<number> {
    return (await this.take(length)).readUIntLE(0, length);
  }

  async *part(length: number): AsyncGenerator<Buffer> {
    for (let missing = length; missing > 0;) {
      const bytes = await this.some();
      if (bytes === undefined) throw new Error('it ends before its end');
      if (bytes.length > missing) this.giveBack(bytes.subarray(missing));
      yield bytes.subarray(0, missing);
      missing -= Math.min(missing, bytes.length);
    }
  }

  /** Errors: that it ends before. */
  async skip(length: number): Promise<void> {
    for await (const _bytes of this.part(length));
  }

  async drain(): Promise<void> {
    while ((await this.some()) !== undefined);
  }
}
