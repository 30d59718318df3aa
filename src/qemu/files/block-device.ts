/** A disk's content as sectors, and a layer in memory to be put above it. What is served over NBD (src/nbd/export.ts) has the same shape. */
import { Fault, kiB, miB } from '#lib';

export interface BlockDevice {
  readonly sizeBytes: number;
  /** Offsets and lengths are multiples of it. */
  readonly sectorBytes: number;
  /** Unit in which it allocates. */
  readonly blockBytes: number;
  readonly isWritable: boolean;
  read(into: Uint8Array, offset: number): Promise<void>;
  write(from: Uint8Array, offset: number): Promise<void>;
  /** Makes a range read as zeros. */
  zero(offset: number, length: number): Promise<void>;
  /** Returns when all that was written survives a loss of power. */
  flush(): Promise<void>;
  /** What is at the offset, at most `limit` bytes of one kind. */
  runAt(offset: number, limit: number): Promise<{ readonly kind: string; readonly length: number }>;
}

const keptBlockBytes = 64 * kiB;
/** The replay of a journal and its marks; a guest that writes more than that does not read. */
const maxKeptBytes = 64 * miB;

/**
 * Takes writes in memory and leaves what is below as it is: a file system can replay its journal, and nothing of it
 * is kept. Invariant: at most `maxKeptBytes` are held.
 */
export class ForgetfulDevice implements BlockDevice {
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly blockBytes = keptBlockBytes;
  readonly isWritable = true;
  readonly #below: BlockDevice;
  /** Each is read from below once, however many write to it meanwhile. */
  readonly #blocks = new Map<number, Promise<Buffer>>();

  constructor(below: BlockDevice) {
    this.#below = below;
    this.sizeBytes = below.sizeBytes;
    this.sectorBytes = below.sectorBytes;
  }

  async read(into: Uint8Array, offset: number): Promise<void> {
    for (const { index, skip, part } of parts(into, offset)) {
      const kept = await this.#blocks.get(index);
      if (kept === undefined) await this.#below.read(part, index * keptBlockBytes + skip);
      else part.set(kept.subarray(skip, skip + part.length));
    }
  }

  /** Errors: `exhausted` when it holds all that it may; those of what is below. */
  async write(from: Uint8Array, offset: number): Promise<void> {
    for (const { index, skip, part } of parts(from, offset))
      (await this.#block(index)).set(part, skip);
  }

  async zero(offset: number, length: number): Promise<void> {
    const blank = Buffer.alloc(Math.min(length, keptBlockBytes));
    for (let done = 0; done < length; done += blank.length)
      await this.write(blank.subarray(0, length - done), offset + done);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  runAt(
    _offset: number,
    limit: number,
  ): Promise<{ readonly kind: string; readonly length: number }> {
    return Promise.resolve({ kind: 'data', length: limit });
  }

  #block(index: number): Promise<Buffer> {
    const kept = this.#blocks.get(index);
    if (kept !== undefined) return kept;
    if ((this.#blocks.size + 1) * keptBlockBytes > maxKeptBytes) {
      throw new Fault('exhausted', `more than ${maxKeptBytes} bytes are written to be forgotten`);
    }
    const block = this.#load(index);
    this.#blocks.set(index, block);
    // What could not be read may be there the next time.
    block.catch(() => this.#blocks.delete(index));
    return block;
  }

  async #load(index: number): Promise<Buffer> {
    const start = index * keptBlockBytes;
    const block = Buffer.alloc(Math.min(keptBlockBytes, this.sizeBytes - start));
    await this.#below.read(block, start);
    return block;
  }
}

interface BlockPart {
  readonly index: number;
  /** Where in the block it begins. */
  readonly skip: number;
  readonly part: Uint8Array;
}

function* parts(whole: Uint8Array, offset: number): Generator<BlockPart> {
  for (let done = 0; done < whole.length;) {
    const index = Math.floor((offset + done) / keptBlockBytes);
    const skip = offset + done - index * keptBlockBytes;
    const part = whole.subarray(done, done + keptBlockBytes - skip);
    yield { index, skip, part };
    done += part.length;
  }
}
