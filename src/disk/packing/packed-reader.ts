/**
 * Reads compressed clusters and grains, which lie packed one behind the other: whoever reads them in order gets them out of a
 * larger piece that was read at once. Only for files that nobody writes through us, since what lies ahead is kept.
 * Memory of pieces that nobody reads any more is used again.
 */
import { kiB } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { sharedBuffer } from './shared-memory.ts';

const windowBytes = 256 * kiB;
/** Twice as many as pieces of a copy are in flight. */
const maxWindows = 8;
/** Windows that were left stay in use until what was read in them is expanded: of pieces that hardly shrink there are three in one, and some 130 under way. */
const maxSpare = 64;
/** Pieces begin on sectors, so the next may begin this much behind the end of the last. */
const sharedBytes = 512;

interface Window {
  readonly start: number;
  readonly end: number;
  readonly memory: Buffer;
  readonly bytes: Promise<Buffer>;
  /** Who reads in it at present. */
  users: number;
}

export class PackedReader {
  readonly #file: DiskFile;
  readonly #lengths: 'known' | 'guessed';
  #windows: Window[] = [];
  /** Of windows that have been left, at most `maxSpare`. */
  #spare: Buffer[] = [];
  /** The pieces that were read last: where one begins within another or right behind it, somebody reads in order. */
  #last: { readonly start: number; readonly end: number }[] = [];

  /** `known`: lengths are exact, but for the end of the last sector; `guessed`: the next piece may begin anywhere in the last. */
  constructor(file: DiskFile, lengths: 'known' | 'guessed') {
    this.#file = file;
    this.#lengths = lengths;
  }

  /**
   * Hands the bytes at the offset to `work`, which has them until it ends; fewer at the end of the file. Who does not know yet how
   * many they are asks for the most that they may be.
   */
  async use<T>(offset: number, length: number, work: (bytes: Buffer) => Promise<T>): Promise<T> {
    const window = this.#windowOf(offset, length);
    if (window === undefined)
      return await work(await this.#readInto(Buffer.allocUnsafeSlow(length), offset));
    window.users += 1;
    try {
      const bytes = await window.bytes;
      return await work(bytes.subarray(offset - window.start, offset + length - window.start));
    } finally {
      window.users -= 1;
      this.#reclaim(window);
    }
  }

  /** One that holds the bytes, or will, where somebody reads in order. */
  #windowOf(offset: number, length: number): Window | undefined {
    const end = offset + length;
    const next = this.#last.findIndex((one) => this.#follows(one, offset));
    const isNext = next >= 0;
    if (isNext) this.#last.splice(next, 1);
    else if (this.#last.length >= maxWindows) this.#last.shift();
    this.#last.push({ start: offset, end });
    const known = this.#windows.find((window) => window.start <= offset && end <= window.end);
    if (known !== undefined) return known;
    if (!isNext || length >= windowBytes) return undefined;
    const oldest = this.#windows.length >= maxWindows ? this.#windows.shift() : undefined;
    if (oldest !== undefined) this.#reclaim(oldest);
    const memory = this.#spare.pop() ?? sharedBuffer(windowBytes);
    const bytes = this.#readInto(memory, offset);
    const window = { start: offset, end: offset + windowBytes, memory, bytes, users: 0 };
    this.#windows.push(window);
    bytes.catch(() => {
      this.#windows = this.#windows.filter((one) => one !== window);
    });
    return window;
  }

  #follows(
    { start, end }: { readonly start: number; readonly end: number },
    offset: number,
  ): boolean {
    const first = this.#lengths === 'known' ? end - sharedBytes : start + 1;
    return offset >= first && offset <= end + sharedBytes;
  }

  #reclaim(window: Window): void {
    if (window.users > 0 || this.#windows.includes(window)) return;
    if (this.#spare.length < maxSpare) this.#spare.push(window.memory);
  }

  async #readInto(memory: Buffer, offset: number): Promise<Buffer> {
    return memory.subarray(0, await this.#file.read(memory, offset));
  }
}
