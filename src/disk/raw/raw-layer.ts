/**
 * An open raw disk. Its size is that of the file, rounded up to a sector; a last incomplete sector reads as
 * if filled up with zeros. Writes go in place: each sector holds its old or its new content at any time.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange, writeZeros } from '../file/fill.ts';
import type { Extent, Layer, LayerFacts, LayerWriter, Wanted } from '../layer.ts';
import { maxDiskBytes, sectorBytes } from '../limits.ts';
import { fileFault } from '../structure.ts';

export class RawLayer implements Layer {
  readonly format = 'raw';
  readonly file: DiskFile;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes = 4096;
  readonly parentReference = undefined;
  readonly writer: LayerWriter | undefined;
  #size: number;

  constructor(file: DiskFile, sizeBytes: number) {
    this.file = file;
    this.#size = sizeBytes;
    this.writer = file.access === 'write' ? this.#makeWriter() : undefined;
  }

  static async open(file: DiskFile): Promise<RawLayer> {
    const size = await file.size();
    if (size > maxDiskBytes) {
      const place = { format: 'raw', structure: 'file', offset: 0 };
      throw fileFault(file, place, `is larger than ${maxDiskBytes} bytes`, 'too-large');
    }
    return new RawLayer(file, Math.ceil(size / sectorBytes) * sectorBytes);
  }

  get sizeBytes(): number {
    return this.#size;
  }

  extentAt(offset: number, limit: number, wanted?: Wanted): Extent {
    const run = wanted === 'content' ? undefined : this.file.runAt?.(offset, limit);
    if (run === undefined)
      return { kind: 'data', length: limit, file: this.file, fileOffset: offset };
    // the end of a hole need not be on a sector: what is left of the sector is data
    if (run.kind === 'hole') {
      const length = run.length >= limit ? limit : run.length - (run.length % sectorBytes);
      if (length > 0) return { kind: 'zero', length };
    }
    const length = Math.min(limit, Math.ceil(run.length / sectorBytes) * sectorBytes);
    return {
      kind: 'data',
      length: Math.max(length, sectorBytes),
      file: this.file,
      fileOffset: offset,
    };
  }

  describe(): LayerFacts {
    return { variant: 'raw', fields: {}, remarks: [] };
  }

  check(): Promise<void> {
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
      resize: async (sizeBytes) => {
        const before = await file.size();
        if (sizeBytes > before && before % sectorBytes !== 0) {
          await writeZeros(file, before, sectorBytes - (before % sectorBytes));
        }
        await file.truncate(sizeBytes);
        this.#size = sizeBytes;
        await file.sync();
      },
    };
  }
}
