/**
 * A dynamic or differencing VHD. The block allocation table (BAT) gives for each block the sector of its
 * bitmap, which the block's data follow. In a differencing disk a set bit means that the sector is here, a clear
 * one that it is the parent's; in a dynamic one the BAT alone counts, as in QEMU and Hyper-V.
 *
 * Order of writes. A new block goes past the end of all others, over the footer at the end of the file: until
 * the next commit the copy at the start is the valid one. A commit writes the footer at the new end; syncs
 * (data, size); writes bitmaps; syncs; writes the BAT; syncs. So a BAT entry never leads to a block that
 * is not there, and a bit is never set for a sector that is not.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange } from '../file/fill.ts';
import type {
  Extent,
  Finding,
  Layer,
  LayerFacts,
  LayerWriter,
  NewParent,
  ParentReference,
  Place,
  ReadBelow,
  Twin,
} from '../layer.ts';
import { sectorBytes } from '../limits.ts';
import { MetaPages } from '../meta-pages.ts';
import type { PageJournal } from '../page-journal.ts';
import { fileFault } from '../structure.ts';
import type { Batmap } from './batmap.ts';
import { firstBitRun, setBits } from './bitmap.ts';
import { checkVhd } from './check.ts';
import { describeFooter } from './describe.ts';
import { buildFooter, footerBytes, resizedFooter, type VhdFooter } from './footer.ts';
import {
  headerBytes,
  readDynamicHeader,
  seal,
  withParent,
  type DynamicHeader,
} from './dynamic-header.ts';
import { dynamicTwin } from './twin.ts';

/** A BAT entry of a block that is not there. */
export const unusedEntry = 0xffff_ffff;
const batPageBytes = 512;
const entriesPerPage = batPageBytes / 4;
const bitmapPhase = 0;
const batPhase = 1;

export interface DynamicParts {
  readonly file: DiskFile;
  readonly footer: VhdFooter;
  readonly header: DynamicHeader;
  readonly sizeBytes: number;
  readonly fileBytes: number;
  /** Where the footer at the end starts, or would: the end of all else. */
  readonly tailOffset: number;
  readonly hasTailFooter: boolean;
  readonly remarks: readonly string[];
  readonly batmap: Batmap | undefined;
  readonly journal?: PageJournal | undefined;
}

export class DynamicVhdLayer implements Layer {
  readonly format = 'vhd';
  readonly file: DiskFile;
  readonly sectorBytes = sectorBytes;
  readonly blockBytes: number;
  readonly parentReference: ParentReference | undefined;
  readonly writer: LayerWriter | undefined;
  readonly twin: Twin | undefined;
  readonly #bitmapBytes: number;
  readonly #remarks: readonly string[];
  readonly #isChild: boolean;
  readonly #bat: MetaPages;
  readonly #bitmaps: MetaPages;
  #batmap: Batmap | undefined;
  #footer: VhdFooter;
  #header: DynamicHeader;
  #size: number;
  #fileBytes: number;
  #tail: number;
  /** Whether a footer is at the tail, and the write or truncation that must end before a block is written. */
  #hasTailFooter: boolean;
  #tailReady: Promise<void> = Promise.resolve();

  constructor(parts: DynamicParts) {
    this.file = parts.file;
    this.#footer = parts.footer;
    this.#header = parts.header;
    this.#size = parts.sizeBytes;
    this.#fileBytes = parts.fileBytes;
    this.#tail = parts.tailOffset;
    this.#hasTailFooter = parts.hasTailFooter;
    this.#remarks = parts.remarks;
    this.#batmap = parts.batmap;
    this.blockBytes = parts.header.blockBytes;
    this.#bitmapBytes = bitmapBytesOf(this.blockBytes);
    this.#isChild = parts.footer.variant === 'differencing';
    this.parentReference = this.#isChild ? referenceOf(parts.header) : undefined;
    this.#bat = new MetaPages(this.file, {
      format: 'vhd',
      structure: 'block allocation table',
      pageBytes: batPageBytes,
      journal: parts.journal,
    });
    this.#bitmaps = new MetaPages(this.file, {
      format: 'vhd',
      structure: 'sector bitmap',
      pageBytes: this.#bitmapBytes,
      journal: parts.journal,
    });
    this.#demandTail();
    this.writer = this.file.access === 'write' ? this.#makeWriter() : undefined;
    this.twin = this.#isChild
      ? undefined
      : dynamicTwin(() => ({
          footer: this.#footer,
          blockBytes: this.blockBytes,
          batmap: this.#batmap === undefined ? 'none' : 'there',
        }));
  }

  get sizeBytes(): number {
    return this.#size;
  }

  extentAt(offset: number, limit: number): Extent | Promise<Extent> {
    const block = Math.floor(offset / this.blockBytes);
    const page = this.#bat.peek(this.#batPage(block));
    if (page === undefined) {
      return this.#bat
        .with(this.#batPage(block), () => undefined)
        .then(() => this.extentAt(offset, limit));
    }
    const within = offset % this.blockBytes;
    const sector = page.readUInt32BE((block % entriesPerPage) * 4);
    if (sector === unusedEntry) {
      const kind = this.#isChild ? 'absent' : 'zero';
      return { kind, length: Math.min(limit, this.#unusedRun(page, block) - within) };
    }
    const bitmapOffset = this.#demandBlock(block, sector);
    const length = Math.min(limit, this.blockBytes - within);
    const fileOffset = bitmapOffset + this.#bitmapBytes + within;
    if (!this.#isChild) return { kind: 'data', length, file: this.file, fileOffset };
    const bitmap = this.#bitmaps.peek(bitmapOffset);
    if (bitmap === undefined) {
      return this.#bitmaps
        .with(bitmapOffset, () => undefined)
        .then(() => this.extentAt(offset, limit));
    }
    const run = firstBitRun(bitmap, within / sectorBytes, length / sectorBytes);
    return run.isSet
      ? { kind: 'data', length: run.count * sectorBytes, file: this.file, fileOffset }
      : { kind: 'absent', length: run.count * sectorBytes };
  }

  describe(): LayerFacts {
    const header = this.#header;
    return describeFooter(this.#footer, this.#remarks, {
      blockBytes: this.blockBytes,
      tableEntries: header.tableEntries,
      ...(this.#batmap === undefined ? {} : { batmap: this.#batmap }),
      ...(this.#isChild
        ? {
            parentIdentity: header.parentIdentity,
            parentName: header.parentName,
            parentModifiedMs: header.parentModifiedMs,
            parentLocators: header.locators.map(({ platform, name }) => ({ platform, name })),
          }
        : {}),
    });
  }

  check(report: (finding: Finding) => void, signal: AbortSignal | undefined): Promise<void> {
    return checkVhd(
      {
        file: this.file,
        header: this.#header,
        batmap: this.#batmap,
        isChild: this.#isChild,
        bitmapBytes: this.#bitmapBytes,
        tailOffset: this.#tail,
        sizeBytes: this.#size,
        remarks: this.#remarks,
        entryOf: (block) => this.#entryOf(block),
      },
      report,
      signal,
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** New blocks come after those of the journal, of which the file may have but the begin. */
  #demandTail(): void {
    const ends = [...this.#bitmaps.dirtyOffsets].map(
      (offset) => offset + this.#bitmapBytes + this.blockBytes,
    );
    const end = ends.reduce((most, one) => Math.max(most, one), 0);
    if (end <= this.#tail) return;
    this.#tail = end;
    this.#hasTailFooter = false;
  }

  #batPage(block: number): number {
    return this.#header.tableOffset + Math.floor(block / entriesPerPage) * batPageBytes;
  }

  #entryOf(block: number): Promise<number> {
    return this.#bat.with(this.#batPage(block), (page) =>
      page.readUInt32BE((block % entriesPerPage) * 4),
    );
  }

  /** Bytes from the start of the block to the end of the run of unused entries in this page. */
  #unusedRun(page: Buffer, block: number): number {
    const first = block % entriesPerPage;
    let entry = first + 1;
    while (entry < entriesPerPage && page.readUInt32BE(entry * 4) === unusedEntry) entry += 1;
    return (entry - first) * this.blockBytes;
  }

  /** The offset of the block's bitmap. Faults: `corrupt` when the block is not wholly in the file. */
  #demandBlock(block: number, sector: number): number {
    const offset = sector * sectorBytes;
    const end = offset + this.#bitmapBytes + this.blockBytes;
    // the last block of some writers stops at the end of the disk
    const guestEnd = Math.min(this.blockBytes, this.#size - block * this.blockBytes);
    const needed = offset + this.#bitmapBytes + guestEnd;
    if (offset >= footerBytes && (end <= this.#tail || needed <= this.#fileBytes)) return offset;
    const place = {
      format: 'vhd',
      structure: 'block allocation table',
      offset: this.#header.tableOffset + block * 4,
    };
    throw fileFault(this.file, place, `block ${block} at ${offset} is not within the file`);
  }

  #makeWriter(): LayerWriter {
    return {
      write: (from, offset) =>
        this.#eachBlock(offset, from.length, (start, length) =>
          this.#writeBlock(from.subarray(start - offset, start - offset + length), start),
        ),
      place: (offset, length) =>
        this.#place(offset, Math.min(length, this.blockBytes - (offset % this.blockBytes))),
      zero: (offset, length, below) =>
        this.#eachBlock(offset, length, (start, part) => this.#zeroBlock(start, part, below)),
      commit: () => this.#commit(),
      dirtyBytes: () => this.#bat.dirtyBytes + this.#bitmaps.dirtyBytes,
      finish: () => this.#commit(),
      resize: (sizeBytes) => this.#resize(sizeBytes),
      ...(this.#isChild ? { setParent: (parent: NewParent) => this.#setParent(parent) } : {}),
    };
  }

  async #eachBlock(
    offset: number,
    length: number,
    work: (start: number, length: number) => Promise<void>,
  ): Promise<void> {
    for (let at = offset; at < offset + length;) {
      const part = Math.min(offset + length - at, this.blockBytes - (at % this.blockBytes));
      await work(at, part);
      at += part;
    }
  }

  async #writeBlock(from: Uint8Array, offset: number): Promise<void> {
    const place = await this.#place(offset, from.length);
    await place.file.write(from, place.fileOffset);
    await place.settle?.();
  }

  /** Of a range within a block. */
  async #place(offset: number, length: number): Promise<Place> {
    const { file } = this;
    const block = Math.floor(offset / this.blockBytes);
    const within = offset % this.blockBytes;
    const sector = await this.#entryOf(block);
    if (sector !== unusedEntry) {
      const bitmapOffset = this.#demandBlock(block, sector);
      const fileOffset = bitmapOffset + this.#bitmapBytes + within;
      if (!this.#isChild) return { file, fileOffset, length };
      return {
        file,
        fileOffset,
        length,
        settle: () => this.#markSectors(bitmapOffset, within, length),
      };
    }
    const bitmapOffset = await this.#allocate();
    return {
      file,
      fileOffset: bitmapOffset + this.#bitmapBytes + within,
      length,
      settle: () => {
        this.#bitmaps.create(bitmapOffset, bitmapPhase, (bitmap) => {
          if (this.#isChild) setBits(bitmap, within / sectorBytes, length / sectorBytes);
          else bitmap.fill(0xff);
        });
        return this.#setEntry(block, bitmapOffset / sectorBytes);
      },
    };
  }

  async #markSectors(bitmapOffset: number, within: number, length: number): Promise<void> {
    const [first, count] = [within / sectorBytes, length / sectorBytes];
    const known = await this.#bitmaps.with(bitmapOffset, (bitmap) => {
      const run = firstBitRun(bitmap, first, count);
      return run.isSet && run.count === count;
    });
    if (known) return;
    await this.#bitmaps.change(bitmapOffset, bitmapPhase, (bitmap) =>
      setBits(bitmap, first, count),
    );
  }

  async #zeroBlock(offset: number, length: number, below: ReadBelow): Promise<void> {
    const block = Math.floor(offset / this.blockBytes);
    const sector = await this.#entryOf(block);
    if (sector === unusedEntry && !this.#isChild) return;
    if (sector === unusedEntry) {
      // a child says "zero" only by holding zeros; not needed where the parent has none else
      if (await readsAsZero(below, offset, length)) return;
      await this.#writeBlock(Buffer.alloc(length), offset);
      return;
    }
    const bitmapOffset = this.#demandBlock(block, sector);
    const within = offset % this.blockBytes;
    await clearRange(this.file, bitmapOffset + this.#bitmapBytes + within, length);
    if (this.#isChild) await this.#markSectors(bitmapOffset, within, length);
  }

  #setEntry(block: number, sector: number): Promise<void> {
    return this.#bat.change(this.#batPage(block), batPhase, (page) => {
      page.writeUInt32BE(sector, (block % entriesPerPage) * 4);
    });
  }

  /** Space for a bitmap and a block at the end of the file, the data on a 4 KiB boundary, all zeros. */
  async #allocate(): Promise<number> {
    if (this.#hasTailFooter) {
      const end = this.#tail;
      this.#hasTailFooter = false;
      this.#tailReady = this.#tailReady.then(() => this.file.truncate(end));
    }
    const offset = this.#take(this.#bitmapBytes + this.blockBytes, this.#bitmapBytes);
    await this.#tailReady;
    return offset;
  }

  /** Moves the tail past a new piece, of which what follows `lead` bytes starts on a 4 KiB boundary. */
  #take(length: number, lead: number): number {
    const offset = Math.ceil((this.#tail + lead) / 4096) * 4096 - lead;
    this.#tail = offset + length;
    return offset;
  }

  async #commit(): Promise<void> {
    if (!this.#hasTailFooter) {
      const [bytes, end] = [buildFooter(this.#footer), this.#tail];
      this.#hasTailFooter = true;
      this.#fileBytes = end + footerBytes;
      this.#tailReady = this.#tailReady.then(() => this.file.write(bytes, end));
    }
    await this.#tailReady;
    const bitmaps = this.#bitmaps.take();
    const bat = this.#bat.take();
    try {
      await this.file.sync();
      await this.#bitmaps.put(bitmaps);
      await this.#bat.put(bat);
    } catch (error) {
      this.#bitmaps.restore(bitmaps);
      this.#bat.restore(bat);
      throw error;
    }
  }

  /** A longer BAT, if needed, is made elsewhere; the header's first sector then switches over to it. */
  async #resize(sizeBytes: number): Promise<void> {
    const entries = Math.ceil(sizeBytes / this.blockBytes);
    for (let block = entries; block < Math.ceil(this.#size / this.blockBytes); block += 1) {
      if ((await this.#entryOf(block)) !== unusedEntry) await this.#setEntry(block, unusedEntry);
    }
    if (entries > this.#header.tableEntries) {
      await this.#dropBatmap();
      await this.#growTable(entries);
    }
    await this.#commit();
    const footer = resizedFooter(this.#footer, sizeBytes);
    await this.#writeFooters(footer);
    this.#size = sizeBytes;
    this.#batmap = undefined;
  }

  /** Tapdisk looks for one behind the table, wherever that is, unless the footer names another creator. */
  async #dropBatmap(): Promise<void> {
    if (this.#batmap === undefined) return;
    await this.#commit();
    await this.#writeFooters(resizedFooter(this.#footer, this.#size));
    this.#batmap = undefined;
  }

  async #growTable(entries: number): Promise<void> {
    const old = this.#header;
    const pages = Math.ceil(entries / entriesPerPage);
    await this.#dropFooter();
    const tableOffset = this.#take(pages * batPageBytes, 0);
    for (let page = 0; page < pages; page += 1) {
      const bytes = Buffer.alloc(batPageBytes, 0xff);
      const kept = Math.min(old.tableEntries - page * entriesPerPage, entriesPerPage);
      for (let entry = 0; entry < kept; entry += 1) {
        bytes.writeUInt32BE(await this.#entryOf(page * entriesPerPage + entry), entry * 4);
      }
      await this.file.write(bytes, tableOffset + page * batPageBytes);
    }
    await this.#commit();
    const raw = Buffer.from(old.raw);
    raw.writeBigUInt64BE(BigInt(tableOffset), 16);
    raw.writeUInt32BE(entries, 28);
    await this.file.write(seal(raw).subarray(0, sectorBytes), old.offset);
    await this.file.sync();
    this.#header = await readDynamicHeader(this.file, old.offset);
  }

  /** The new header goes elsewhere; the footer's copy at the start, one sector, then switches over to it. */
  async #setParent(parent: NewParent): Promise<void> {
    await this.#dropFooter();
    const offset = this.#take(headerBytes + 8192, 0);
    const { header, locatorData } = withParent(this.#header.raw, parent, offset + headerBytes);
    await this.file.write(Buffer.concat([header, locatorData]), offset);
    await this.#commit();
    await this.#writeFooters({ ...this.#footer, headerOffset: offset });
    this.#header = await readDynamicHeader(this.file, offset);
  }

  async #dropFooter(): Promise<void> {
    if (!this.#hasTailFooter) return;
    this.#hasTailFooter = false;
    await this.#tailReady;
    await this.file.truncate(this.#tail);
  }

  async #writeFooters(footer: VhdFooter): Promise<void> {
    const bytes = buildFooter(footer);
    await this.file.write(bytes, 0);
    await this.file.sync();
    await this.file.write(bytes, this.#tail);
    await this.file.sync();
    this.#footer = footer;
  }
}

/** Bytes of a block's bitmap: a bit per sector, filled up to whole sectors. */
export function bitmapBytesOf(blockBytes: number): number {
  return Math.ceil(blockBytes / sectorBytes / 8 / sectorBytes) * sectorBytes;
}

function referenceOf(header: DynamicHeader): ParentReference {
  const names = header.locators.map((locator) => locator.name);
  const last = header.parentName.replaceAll('\\', '/').split('/').at(-1) ?? '';
  const known = /^0+$/.test(header.parentIdentity) ? undefined : header.parentIdentity;
  return {
    names: [...names, last].filter((name) => name !== ''),
    ...(known === undefined ? {} : { identity: known, format: 'vhd' }),
    modifiedMs: header.parentModifiedMs,
  };
}

async function readsAsZero(below: ReadBelow, offset: number, length: number): Promise<boolean> {
  const bytes = Buffer.alloc(length);
  await below(bytes, offset);
  return bytes.every((byte) => byte === 0);
}
