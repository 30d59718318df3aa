/**
 * A sparse extent. Writing (hosted, not compressed) puts new grains at the end of the file; a commit makes them
 * durable, then writes the grain tables, then their redundant copies: a table never leads to a grain that is
 * not there, and one of the two tables is whole at any time.
 */
import { Fault } from '#lib';
import { ClusterCache } from '../cluster-cache.ts';
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange } from '../file/fill.ts';
import type { Extent, Finding, ReadBelow } from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { MetaPages } from '../meta-pages.ts';
import type { PageJournal } from '../page-journal.ts';
import { PackedReader } from '../packing/packed-reader.ts';
import { RegionLocks } from '../region-locks.ts';
import { fileFault } from '../structure.ts';
import { isZero } from '../zeros.ts';
import { checkGrains } from './check.ts';
import type { ExtentWriter, VmdkExtent } from './extent.ts';
import { readGrain } from './grain.ts';
import { headerFlags, type SparseHeader } from './sparse-header.ts';

const pageBytes = 512;
const phases = { table: 0, copy: 1 } as const;
const uncleanAt = 72;

export class SparseExtent implements VmdkExtent {
  readonly file: DiskFile;
  readonly sizeBytes: number;
  readonly writer: ExtentWriter | undefined;
  readonly #header: SparseHeader;
  readonly #directoryOffset: number;
  readonly #unknown: 'absent' | 'zero';
  readonly #pages: MetaPages;
  readonly #grains: ClusterCache;
  /** Compressed extents are not written to. */
  readonly #packed: PackedReader;
  /** Where an extent does not start on a grain of the disk, one grain may lie in two regions of it. */
  readonly #locks = new RegionLocks();
  #fileEnd: number;
  #begun: Promise<void> | undefined;

  /** `unknown`: what a grain that is not there means. Faults: `corrupt` for an incomplete stream. */
  constructor(
    file: DiskFile,
    header: SparseHeader,
    sizeBytes: number,
    fileBytes: number,
    unknown: 'absent' | 'zero',
    journal?: PageJournal,
  ) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.#header = header;
    this.#unknown = unknown;
    this.#fileEnd = Math.ceil(fileBytes / sectorBytes) * sectorBytes;
    if (header.directoryOffset === undefined) throw this.#fault(56, 'its footer is missing');
    this.#directoryOffset = header.directoryOffset;
    if (sizeBytes > header.capacityBytes) {
      throw this.#fault(12, `has room for ${header.capacityBytes} of ${sizeBytes} bytes`);
    }
    const structure = 'grain table';
    this.#pages = new MetaPages(file, { format: 'vmdk', structure, pageBytes, journal });
    this.#grains = new ClusterCache(header.grainBytes);
    this.#packed = new PackedReader(file, 'guessed');
    const isPlain = header.kind === 'hosted' && (header.flags & headerFlags.compressed) === 0;
    this.writer = file.access === 'write' && isPlain ? this.#makeWriter() : undefined;
  }

  extentAt(offset: number, limit: number): Extent | Promise<Extent> {
    const { grainBytes, entriesPerTable } = this.#header;
    const grain = Math.floor(offset / grainBytes);
    const index = Math.floor(grain / entriesPerTable);
    const slot = this.#slot(this.#directoryOffset + index * 4);
    const directory = this.#pages.peek(slot.page);
    if (directory === undefined) return this.#retry(slot.page, offset, limit);
    const table = directory.readUInt32LE(slot.at) * sectorBytes;
    if (table === 0) {
      const end = (index + 1) * entriesPerTable * grainBytes;
      return { kind: this.#unknown, length: Math.min(limit, end - offset) };
    }
    const entry = this.#slot(table + (grain % entriesPerTable) * 4);
    const page = this.#pages.peek(entry.page);
    if (page === undefined) return this.#retry(entry.page, offset, limit);
    return this.#run(page, entry.at, offset, limit);
  }

  check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void> {
    const { grainBytes, entriesPerTable, flags } = this.#header;
    const isPlain = (flags & headerFlags.compressed) === 0;
    const extent = {
      pages: this.#pages,
      directoryOffset: this.#directoryOffset,
      tables: Math.ceil(this.sizeBytes / grainBytes / entriesPerTable),
      entriesPerTable,
      stepBytes: isPlain ? grainBytes : sectorBytes,
      leastBytes: isPlain ? grainBytes : 1,
      overheadBytes: this.#overhead(),
      fileBytes: this.#fileEnd,
    };
    return checkGrains(extent, report, signal);
  }

  #overhead(): number {
    return this.#header.kind === 'hosted' ? sectorBytes : 0;
  }

  #slot(offset: number): { readonly page: number; readonly at: number } {
    const at = offset % pageBytes;
    return { page: offset - at, at };
  }

  async #retry(page: number, offset: number, limit: number): Promise<Extent> {
    await this.#pages.with(page, () => undefined);
    return this.extentAt(offset, limit);
  }

  #run(page: Buffer, at: number, offset: number, limit: number): Extent {
    const { grainBytes, flags } = this.#header;
    const first = page.readUInt32LE(at);
    const within = offset % grainBytes;
    const isCompressed = (flags & headerFlags.compressed) !== 0;
    const zeroEntry = (flags & headerFlags.zeroedGrains) !== 0 ? 1 : -1;
    if (isCompressed && first !== 0 && first !== zeroEntry) {
      const place = this.#demandGrain(first, 1);
      return {
        kind: 'compressed',
        length: Math.min(limit, grainBytes - within),
        storedBytes: grainBytes,
        read: (into) => this.#read(place, within, into),
      };
    }
    let length = grainBytes - within;
    for (let next = at + 4; length < limit && next < page.length; next += 4) {
      const entry = page.readUInt32LE(next);
      const step = (next - at) / 4;
      const continues =
        first === 0 || first === zeroEntry
          ? entry === first
          : entry === first + (step * grainBytes) / sectorBytes;
      if (!continues) break;
      length += grainBytes;
    }
    length = Math.min(length, limit);
    if (first === 0) return { kind: this.#unknown, length };
    if (first === zeroEntry) return { kind: 'zero', length };
    const start = this.#demandGrain(first, within + length);
    return { kind: 'data', length, file: this.file, fileOffset: start + within };
  }

  #read(offset: number, skip: number, into: Uint8Array): Promise<void> {
    const hasMarker = (this.#header.flags & headerFlags.markers) !== 0;
    const place = { file: this.file, packed: this.#packed, offset, hasMarker };
    return this.#grains.read(offset, skip, into, (grain) => readGrain(place, grain));
  }

  #demandGrain(entry: number, length: number): number {
    const offset = entry * sectorBytes;
    if (offset >= this.#overhead() && offset + length <= this.#fileEnd) return offset;
    throw this.#fault(offset, 'a grain is not within the file');
  }

  /** The entry of a grain as an offset; 0: not there; 512 where it stands for zeros. */
  async #entry(grain: number): Promise<number> {
    const { entriesPerTable } = this.#header;
    const table = await this.#table(this.#directoryOffset, grain);
    if (table === 0) return 0;
    const { page, at } = this.#slot(table + (grain % entriesPerTable) * 4);
    return this.#pages.with(page, (bytes) => bytes.readUInt32LE(at) * sectorBytes);
  }

  #table(directoryOffset: number, grain: number): Promise<number> {
    const index = Math.floor(grain / this.#header.entriesPerTable);
    const { page, at } = this.#slot(directoryOffset + index * 4);
    return this.#pages.with(page, (bytes) => bytes.readUInt32LE(at) * sectorBytes);
  }

  #makeWriter(): ExtentWriter {
    return {
      write: (from, offset, below) => this.#write(from, offset, below),
      zero: (offset, length, below) =>
        this.#eachGrain(offset, length, (start, part) => this.#zeroGrain(start, part, below)),
      commit: () => this.#commit(),
      dirtyBytes: () => this.#pages.dirtyBytes,
      finish: async () => {
        await this.#commit();
        if (this.#begun !== undefined) await this.#markUnclean(0);
      },
    };
  }

  async #write(from: Uint8Array, offset: number, below: ReadBelow): Promise<void> {
    await this.#begin();
    for (let at = offset; at < offset + from.length;) {
      const part = from.subarray(at - offset);
      const grains = await this.#newGrains(at, part.length);
      const length = Math.max(1, grains) * this.#header.grainBytes;
      const end = Math.min(offset + from.length, at - (at % this.#header.grainBytes) + length);
      const piece = part.subarray(0, end - at);
      const start = at;
      if (grains > 1) await this.#writeNew(piece, start, grains);
      else await this.#eachGrain(start, piece.length, () => this.#writeGrain(piece, start, below));
      at = end;
    }
  }

  /** How many whole grains from the offset on are not there yet. */
  async #newGrains(offset: number, length: number): Promise<number> {
    const { grainBytes } = this.#header;
    if (offset % grainBytes !== 0) return 0;
    const limit = Math.floor(length / grainBytes);
    const first = offset / grainBytes;
    let count = 0;
    while (count < limit && (await this.#entry(first + count)) === 0) count += 1;
    return count;
  }

  /** Whole grains side by side, in one write. They are wholly in one region of the disk: no lock is needed. */
  async #writeNew(from: Uint8Array, offset: number, count: number): Promise<void> {
    const { grainBytes } = this.#header;
    const place = this.#allocate(count);
    await this.file.write(from, place);
    for (let index = 0; index < count; index += 1) {
      const sector = (place + index * grainBytes) / sectorBytes;
      await this.#setEntry(offset / grainBytes + index, sector);
    }
  }

  #allocate(count: number): number {
    const place = this.#fileEnd;
    if (place / sectorBytes >= 2 ** 32) {
      throw new Fault('too-large', `${this.file.name}: a sparse vmdk cannot grow beyond 2 TiB`, {
        hint: 'convert the disk to another format',
      });
    }
    this.#fileEnd += count * this.#header.grainBytes;
    return place;
  }

  async #begin(): Promise<void> {
    this.#begun ??= this.#markUnclean(1);
    await this.#begun;
  }

  async #eachGrain(
    offset: number,
    length: number,
    work: (start: number, length: number) => Promise<void>,
  ): Promise<void> {
    await this.#begin();
    const { grainBytes } = this.#header;
    for (let at = offset; at < offset + length;) {
      const part = Math.min(offset + length - at, grainBytes - (at % grainBytes));
      const start = at;
      await this.#locks.run(Math.floor(start / grainBytes), () => work(start, part));
      at += part;
    }
  }

  /** What an earlier program has noted, and nothing else, may come before a write. */
  async #commit(): Promise<void> {
    if (this.#pages.dirtyBytes > 0) await this.#begin();
    await this.#pages.commit();
  }

  async #markUnclean(value: 0 | 1): Promise<void> {
    await this.file.write(Buffer.from([value]), uncleanAt);
    await this.file.sync();
  }

  async #writeGrain(from: Uint8Array, offset: number, below: ReadBelow): Promise<void> {
    const { grainBytes } = this.#header;
    const grain = Math.floor(offset / grainBytes);
    const within = offset % grainBytes;
    const known = await this.#entry(grain);
    if (known > sectorBytes || (known === sectorBytes && !this.#hasZeroEntries())) {
      await this.file.write(from, this.#demandGrain(known / sectorBytes, grainBytes) + within);
      return;
    }
    let bytes = from;
    if (from.length < grainBytes) {
      const start = offset - within;
      const whole = Buffer.alloc(grainBytes);
      const inside = Math.min(grainBytes, this.sizeBytes - start);
      if (known === 0) await below(whole.subarray(0, inside), start);
      whole.set(from, within);
      bytes = whole;
    }
    const place = this.#allocate(1);
    await this.file.write(bytes, place);
    await this.#setEntry(grain, place / sectorBytes);
  }

  async #zeroGrain(offset: number, length: number, below: ReadBelow): Promise<void> {
    const { grainBytes } = this.#header;
    const grain = Math.floor(offset / grainBytes);
    const known = await this.#entry(grain);
    if (known === sectorBytes && this.#hasZeroEntries()) return;
    if (known > 0) {
      const place = this.#demandGrain(known / sectorBytes, grainBytes);
      await clearRange(this.file, place + (offset % grainBytes), length);
      return;
    }
    if (this.#unknown === 'zero') return;
    const isWhole = length === grainBytes || offset + length === this.sizeBytes;
    if (isWhole && offset % grainBytes === 0 && this.#hasZeroEntries()) {
      await this.#setEntry(grain, 1);
      return;
    }
    const bytes = Buffer.alloc(length);
    await below(bytes, offset);
    if (!isZero(bytes)) await this.#writeGrain(bytes.fill(0), offset, below);
  }

  #hasZeroEntries(): boolean {
    return (this.#header.flags & headerFlags.zeroedGrains) !== 0;
  }

  async #setEntry(grain: number, value: number): Promise<void> {
    const { entriesPerTable, flags, redundantOffset } = this.#header;
    const hasCopy = (flags & headerFlags.redundantTables) !== 0 && redundantOffset > 0;
    const directories = [
      { offset: this.#directoryOffset, phase: phases.table },
      ...(hasCopy ? [{ offset: redundantOffset, phase: phases.copy }] : []),
    ];
    for (const { offset, phase } of directories) {
      const table = await this.#table(offset, grain);
      if (table === 0) {
        throw this.#fault(
          offset,
          'a grain table is missing: such an extent is only read',
          'unsupported',
        );
      }
      const { page, at } = this.#slot(table + (grain % entriesPerTable) * 4);
      await this.#pages.change(page, phase, (bytes) => {
        bytes.writeUInt32LE(value, at);
      });
    }
  }

  #fault(offset: number, text: string, code: 'corrupt' | 'unsupported' = 'corrupt'): Fault {
    const place = { format: 'vmdk', structure: 'sparse extent', offset };
    return fileFault(this.file, place, text, code);
  }
}
