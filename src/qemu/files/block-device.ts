/** A disk's content as sectors, whatever file or chain of files it lies in, and a layer in memory to be put above one. */
import { Fault, miB } from '#lib';

/** Offsets and lengths are multiples of 512 and within the size. */
export interface BlockDevice {
  readonly sizeBytes: number;
  read(into: Uint8Array, offset: number): Promise<void>;
  write(from: Uint8Array, offset: number): Promise<void>;
  /** Returns when all that was written survives a loss of power. */
  flush(): Promise<void>;
}

const blockBytes = 64 * 1024;
/** The replay of a journal and its marks; a guest that writes more than that does not read. */
const maxKeptBytes = 64 * miB;

/**
 * Takes writes in memory and leaves what is below as it is: a file system can replay its journal, and nothing of it
 * is kept. Invariant: at most `maxKeptBytes` are held.
 */
export class ForgetfulDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly #below: Pick<BlockDevice, 'sizeBytes' | 'read'>;
  readonly #blocks = new Map<number, Buffer>();

  constructor(below: Pick<BlockDevice, 'sizeBytes' | 'read'>) {
    this.#below = below;
    this.sizeBytes = below.sizeBytes;
  }

  async read(into: Uint8Array, offset: number): Promise<void> {
    for (const { index, skip, part } of this.#parts(into, offset)) {
      const kept = this.#blocks.get(index);
      if (kept === undefined) await this.#below.read(part, index * blockBytes + skip);
      else part.set(kept.subarray(skip, skip + part.length));
    }
  }

  /** Errors: `exhausted` when it holds all that it may. */
  async write(from: Uint8Array, offset: number): Promise<void> {
    for (const { index, skip, part } of this.#parts(from, offset))
      (await this.#block(index)).set(part, skip);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  async #block(index: number): Promise<Buffer> {
    const kept = this.#blocks.get(index);
    if (kept !== undefined) return kept;
    if ((this.#blocks.size + 1) * blockBytes > maxKeptBytes) {
      throw new Fault('exhausted', `more than ${maxKeptBytes} bytes are written to be forgotten`);
    }
    const start = index * blockBytes;
    const block = Buffer.alloc(Math.min(blockBytes, this.sizeBytes - start));
    await this.#below.read(block, start);
    this.#blocks.set(index, block);
    return block;
  }

  *#parts(
    whole: Uint8Array,
    offset: number,
  ): Generator<{ readonly index: number; readonly skip: number; readonly part: Uint8Array }> {
    for (let done = 0; done < whole.length;) {
      const index = Math.floor((offset + done) / blockBytes);
      const skip = offset + done - index * blockBytes;
      const part = whole.subarray(done, done + blockBytes - skip);
      yield { index, skip, part };
      done += part.length;
    }
  }
}
