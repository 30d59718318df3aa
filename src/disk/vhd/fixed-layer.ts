/**
 * A fixed VHD: the disk's bytes, then a footer. Writes go in place and never touch the footer; the size of the
 * file never changes but by `resize`.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange, fillFile } from '../file/fill.ts';
import type { Extent, Finding, Layer, LayerFacts, LayerWriter, Twin, Wanted } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { isZero, zeroBytes } from '../zeros.ts';
import { describeFooter } from './describe.ts';
import { buildFooter, footerBytes, resizedFooter, type VhdFooter } from './footer.ts';
import { fixedTwin } from './twin.ts';

export class FixedVhdLayer implements Layer {
  readonly format = 'vhd';
  readonly file: DiskFile;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes = 4096;
  readonly parentReference = undefined;
  readonly writer: LayerWriter | undefined;
  readonly twin: Twin = fixedTwin(() => this.#footer);
  readonly #remarks: readonly string[];
  #footer: VhdFooter;
  #size: number;

  constructor(file: DiskFile, footer: VhdFooter, sizeBytes: number, remarks: readonly string[]) {
    this.file = file;
    this.#footer = footer;
    this.#size = sizeBytes;
    this.#remarks = remarks;
    this.writer = file.access === 'write' ? this.#makeWriter() : undefined;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  extentAt(offset: number, limit: number, wanted?: Wanted): Extent {
    const run = wanted === 'content' ? undefined : this.file.runAt?.(offset, limit);
    if (run?.kind === 'hole') {
      const length = run.length >= limit ? limit : run.length - (run.length % sectorBytes);
      if (length > 0) return { kind: 'zero', length };
    }
    const length = Math.min(limit, Math.ceil((run?.length ?? limit) / sectorBytes) * sectorBytes);
    return { kind: 'data', length, file: this.file, fileOffset: offset };
  }

  describe(): LayerFacts {
    return describeFooter(this.#footer, this.#remarks, {});
  }

  check(report: (finding: Finding) => void): Promise<void> {
    for (const text of this.#remarks) {
      report({ kind: 'oddity', offset: this.#size, structure: 'footer', text });
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #makeWriter(): LayerWriter {
    const { file } = this;
    return {
      write: (from, offset) => file.write(from, offset),
      place: (offset, length) => Promise.resolve({ file, fileOffset: offset, length }),
      zero: (offset, length) => clearRange(file, offset, length),
      commit: () => file.sync(),
      dirtyBytes: () => 0,
      finish: () => file.sync(),
      resize: (sizeBytes) => this.#resize(sizeBytes),
    };
  }

  /**
   * Enlarges in steps, so that a footer that a cut has left behind, with nothing but zeros after it, is found
   * without searching far (findLostFooter). In each the footer at the new end is durable before the old one is
   * cleared; a cut between the two leaves the old footer's bytes at the start of the space that was added.
   * Making it smaller writes the new footer into what is given up, then cuts the file.
   */
  async #resize(sizeBytes: number): Promise<void> {
    while (this.#size < sizeBytes) await this.#enlarge(Math.min(sizeBytes, this.#size + stepBytes));
    if (this.#size === sizeBytes) return;
    const footer = resizedFooter(this.#footer, sizeBytes);
    await this.file.write(buildFooter(footer), sizeBytes);
    await this.file.sync();
    await this.file.truncate(sizeBytes + footerBytes);
    await this.file.sync();
    this.#footer = footer;
    this.#size = sizeBytes;
  }

  async #enlarge(sizeBytes: number): Promise<void> {
    const before = this.#size;
    const footer = resizedFooter(this.#footer, sizeBytes);
    await fillFile(this.file, before + footerBytes, sizeBytes - before);
    await this.file.write(buildFooter(footer), sizeBytes);
    await this.file.sync();
    await this.file.write(zeroBytes(footerBytes), before);
    await this.file.sync();
    this.#footer = footer;
    this.#size = sizeBytes;
  }
}

const stepBytes = 256 * 1024 * 1024;

/**
 * The footer of a fixed disk whose enlarging was cut off: the last bytes of the file that are not zeros. Undefined
 * when they are no such footer, or lie further from the end than one step of enlarging goes.
 */
export async function findLostFooter(
  file: DiskFile,
  fileBytes: number,
): Promise<{ readonly bytes: Buffer; readonly offset: number } | undefined> {
  const windowBytes = 1024 * 1024;
  const lowest = Math.max(0, fileBytes - stepBytes - 2 * footerBytes);
  const window = Buffer.alloc(windowBytes);
  for (let end = Math.floor(fileBytes / 512) * 512; end > lowest;) {
    const start = Math.max(lowest - (lowest % 512), end - windowBytes, 0);
    const part = window.subarray(0, end - start);
    await file.read(part, start);
    if (!isZero(part)) {
      let at = part.length - 512;
      while (isZero(part.subarray(at, at + 512))) at -= 512;
      return { bytes: Buffer.from(part.subarray(at, at + 512)), offset: start + at };
    }
    end = start;
  }
  return undefined;
}
