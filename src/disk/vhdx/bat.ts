/**
 * The block allocation table of a VHDX (MS-VHDX 2.5): one 64-bit entry per block of the disk, and after each
 * chunk of them one for the chunk's sector bitmap, which only differencing disks use.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { MetaPages } from '../meta-pages.ts';
import type { PageJournal } from '../page-journal.ts';
import { fileFault } from '../structure.ts';
import { mib, type Region } from './header.ts';

export const blockStates = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  fullyPresent: 6,
  partiallyPresent: 7,
} as const;

export interface BatEntry {
  readonly state: number;
  /** In the file; 0 when there is no place. */
  readonly offset: number;
}

export interface Position {
  readonly page: number;
  readonly at: number;
}

export const pageBytes = 4096;
export const bitmapBytes = mib;

export class Bat {
  readonly pages: MetaPages;
  readonly #file: DiskFile;
  readonly #blockBytes: number;
  readonly #sectorBytes: number;
  readonly chunkRatio: number;
  region: Region;

  constructor(
    file: DiskFile,
    region: Region,
    blockBytes: number,
    sectorBytes: number,
    journal?: PageJournal,
  ) {
    this.#file = file;
    this.region = region;
    this.#blockBytes = blockBytes;
    this.#sectorBytes = sectorBytes;
    this.chunkRatio = chunkRatioOf(blockBytes, sectorBytes);
    this.pages = new MetaPages(file, {
      format: 'vhdx',
      structure: 'block allocation table',
      pageBytes,
      pastEnd: 'zeros',
      journal,
    });
  }

  blockPosition(block: number): Position {
    return this.#position(block + Math.floor(block / this.chunkRatio));
  }

  bitmapPosition(block: number): Position {
    const chunk = Math.floor(block / this.chunkRatio);
    return this.#position((chunk + 1) * this.chunkRatio + chunk);
  }

  async entry({ page, at }: Position): Promise<BatEntry> {
    return this.pages.with(page, (bytes) => readBatEntry(bytes, at));
  }

  set({ page, at }: Position, phase: number, entry: BatEntry): Promise<void> {
    return this.pages.change(page, phase, (bytes) => {
      const bits = (BigInt(entry.offset / mib) << 20n) | BigInt(entry.state);
      bytes.writeBigUInt64LE(bits, at);
    });
  }

  /** Where the bit of a guest offset lies, in a bitmap that starts at the given place. */
  bitPosition(bitmapOffset: number, guestOffset: number): Position & { readonly bit: number } {
    const sector = Math.floor(guestOffset / this.#sectorBytes) % 2 ** 23;
    const byte = Math.floor(sector / 8);
    const at = byte % pageBytes;
    return { page: bitmapOffset + byte - at, at, bit: sector % 8 };
  }

  /** Faults: `corrupt` when the piece is not within the file. */
  demandInside(entry: BatEntry, length: number, fileEnd: number, what: string): number {
    if (entry.offset >= mib && entry.offset + length <= fileEnd) return entry.offset;
    const place = {
      format: 'vhdx',
      structure: 'block allocation table',
      offset: this.region.offset,
    };
    throw fileFault(this.#file, place, `${what} at ${entry.offset} is not within the file`);
  }

  get blockBytes(): number {
    return this.#blockBytes;
  }

  #position(index: number): Position {
    const offset = this.region.offset + index * 8;
    if ((index + 1) * 8 > this.region.length) {
      const place = { format: 'vhdx', structure: 'block allocation table', offset };
      throw fileFault(this.#file, place, `has no entry ${index}`);
    }
    const at = offset % pageBytes;
    return { page: offset - at, at };
  }
}

/** Blocks to which one sector bitmap belongs. */
export function chunkRatioOf(blockBytes: number, sectorBytes: number): number {
  return (2 ** 23 * sectorBytes) / blockBytes;
}

export function readBatEntry(bytes: Buffer, at: number): BatEntry {
  const low = bytes.readUInt32LE(at);
  const high = bytes.readUInt32LE(at + 4);
  return { state: low & 7, offset: (high * 4096 + (low >>> 20)) * mib };
}

/** Entries that a table for so many blocks needs. */
export function batEntries(blocks: number, chunkRatio: number, hasParent: boolean): number {
  const chunks = Math.ceil(blocks / chunkRatio);
  return hasParent ? chunks * (chunkRatio + 1) : blocks + Math.floor((blocks - 1) / chunkRatio);
}
