/**
 * Reads compressed clusters, which lie packed one behind the other: whoever reads them in order gets them out of a
 * larger piece that was read at once. Only for files that nobody writes through us, since what lies ahead is kept.
 */
import { kiB } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';

const windowBytes = 256 * kiB;
/** As many as pieces of a copy are in flight. */
const maxWindows = 8;
/** Clusters share sectors, so the next may begin this much before the end of the last one's. */
const sharedBytes = 512;

interface Window {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Buffer>;
}

export class PackedReader {
  readonly #file: DiskFile;
  #windows: Window[] = [];
  /** Ends of the pieces that were read last: where one begins there, somebody reads in order. */
  #ends: number[] = [];

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** The bytes at the offset, fewer at the end of the file; not to be kept or written to. */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = offset + length;
    const isNext = this.#ends.findIndex(
      (known) => known - offset >= 0 && known - offset <= sharedBytes,
    );
    if (isNext >= 0) this.#ends.splice(isNext, 1);
    else if (this.#ends.length >= maxWindows) this.#ends.shift();
    this.#ends.push(end);
    const known = this.#windows.find((window) => window.start <= offset && end <= window.end);
    if (known !== undefined)
      return (await known.bytes).subarray(offset - known.start, end - known.start);
    if (isNext < 0 || length >= windowBytes) return this.#readAt(offset, length);
    const window = {
      start: offset,
      end: offset + windowBytes,
      bytes: this.#readAt(offset, windowBytes),
    };
    if (this.#windows.length >= maxWindows) this.#windows.shift();
    this.#windows.push(window);
    window.bytes.catch(() => {
      this.#windows = this.#windows.filter((one) => one !== window);
    });
    return (await window.bytes).subarray(0, length);
  }

  async #readAt(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    return bytes.subarray(0, await this.#file.read(bytes, offset));
  }
}
