/**
 * A fixed VHD: the disk's bytes, then a footer. Writes go in place and never touch the footer; the size of the
 * file never changes but by `resize`.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange, fillFile } from '../file/fill.ts';
import type { Extent, Finding, Layer, LayerFacts, LayerWriter } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { zeroBytes } from '../zeros.ts';
import { describeFooter } from './describe.ts';
import { buildFooter, footerBytes, resizedFooter, type VhdFooter } from './footer.ts';

export class FixedVhdLayer implements Layer {
  readonly format = 'vhd';
  readonly file: DiskFile;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes = 4096;
  readonly parentReference = undefined;
  readonly writer: LayerWriter | undefined;
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

  extentAt(offset: number, limit: number): Extent {
    const run = this.file.runAt?.(offset, limit);
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
      zero: (offset, length) => clearRange(file, offset, length),
      commit: () => file.sync(),
      dirtyBytes: () => 0,
      finish: () => file.sync(),
      resize: (sizeBytes) => this.#resize(sizeBytes),
    };
  }

  /**
   * The footer at the new end is durable before the old one is cleared, so the file is a VHD at any time;
   * after a cut between the two, the space that was added begins with the old footer's bytes.
   */
  async #resize(sizeBytes: number): Promise<void> {
    const before = this.#size;
    const footer = resizedFooter(this.#footer, sizeBytes);
    if (sizeBytes > before) {
      await fillFile(this.file, before + footerBytes, sizeBytes - before, undefined);
      await this.file.write(buildFooter(footer), sizeBytes);
      await this.file.sync();
      await this.file.write(zeroBytes(footerBytes), before);
    } else {
      await this.file.write(buildFooter(footer), sizeBytes);
      await this.file.sync();
      await this.file.truncate(sizeBytes + footerBytes);
    }
    await this.file.sync();
    this.#footer = footer;
    this.#size = sizeBytes;
  }
}
