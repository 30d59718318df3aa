/**
 * Content that comes in order, written so that what is zeros takes no space.
 *
 * Invariant: behind `position` the file has no content; what is left out is a hole there.
 */
import { eachRun } from '../zeros.ts';
import type { DiskFile } from './disk-file.ts';

export class SparseWriter {
  readonly #file: DiskFile;
  #position: number;

  private constructor(file: DiskFile, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Goes on at a position of the file; what lies behind it is cut off. Faults: those of the file. */
  static async open(file: DiskFile, position: number): Promise<SparseWriter> {
    if ((await file.size()) !== position) await file.truncate(position);
    return new SparseWriter(file, position);
  }

  get position(): number {
    return this.#position;
  }

  /** Faults: `exhausted` where the volume is full, and others of the file; the position is then where it was. */
  async write(bytes: Uint8Array): Promise<void> {
    const runs: { readonly start: number; readonly length: number }[] = [];
    eachRun(bytes, (start, length, kind) => {
      if (kind === 'data') runs.push({ start, length });
    });
    for (const { start, length } of runs)
      await this.#file.write(bytes.subarray(start, start + length), this.#position + start);
    this.#position += bytes.length;
  }

  /** Leaves so many zeros. */
  skip(zeroBytes: number): void {
    this.#position += zeroBytes;
  }

  /** The file has all that was written, and its length, also after a loss of power. */
  async flush(): Promise<void> {
    if ((await this.#file.size()) !== this.#position) await this.#file.truncate(this.#position);
    await this.#file.sync();
  }
}
