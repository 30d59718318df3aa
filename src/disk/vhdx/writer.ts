/**
 * Writing VHDX. Data go to their place, new blocks to the end of the file. A commit makes the data durable, then
 * writes the changed pages of table and bitmaps to the log, makes it durable, writes them to their place, makes
 * them durable: a cut anywhere leaves the old table, or a log that gives the new one. Every entry of the log
 * is a sequence of its own. The first write gives the file new identities, as the specification asks.
 */
import { randomBytes } from 'node:crypto';
import { uuidOf } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { clearRange, fillFile } from '../file/fill.ts';
import type { LayerWriter, NewParent, ReadBelow } from '../layer.ts';
import type { TakenPage } from '../meta-pages.ts';
import { isZero } from '../zeros.ts';
import { batEntries, bitmapBytes, blockStates, pageBytes, type Bat, type BatEntry } from './bat.ts';
import { noGuid } from './guid.ts';
import {
  buildRegions,
  mib,
  regionOffsets,
  switchHeader,
  type Regions,
  type VhdxHeader,
} from './header.ts';
import { buildEntry, pagesPerEntry } from './log.ts';
import type { VhdxMetadata } from './metadata.ts';
import { buildParentLocator } from './parent-locator.ts';

const phases = { bitmap: 0, table: 1 } as const;

export interface VhdxWriterOptions {
  readonly file: DiskFile;
  readonly bat: Bat;
  readonly metadata: VhdxMetadata;
  readonly header: VhdxHeader;
  readonly regions: Regions;
  readonly fileBytes: number;
  onHeader(header: VhdxHeader): void;
  onEnd(fileBytes: number): void;
  onSize(sizeBytes: number): void;
}

const newGuid = (): string => uuidOf(randomBytes(16), 4);

export class VhdxWriter implements LayerWriter {
  readonly #file: DiskFile;
  readonly #bat: Bat;
  readonly #options: VhdxWriterOptions;
  readonly #blockBytes: number;
  readonly #hasParent: boolean;
  #header: VhdxHeader;
  #end: number;
  #size: number;
  #growing: Promise<void> = Promise.resolve();
  #begun: Promise<void> | undefined;
  #chunks = new Map<number, Promise<number>>();
  #logAt = 0;
  #logSequence = 1n;

  constructor(options: VhdxWriterOptions) {
    this.#options = options;
    this.#file = options.file;
    this.#bat = options.bat;
    this.#header = options.header;
    this.#blockBytes = options.metadata.blockBytes;
    this.#hasParent = options.metadata.hasParent;
    this.#size = options.metadata.sizeBytes;
    this.#end = Math.ceil(options.fileBytes / mib) * mib;
  }

  async write(from: Uint8Array, offset: number): Promise<void> {
    await this.#begin();
    await this.#eachBlock(offset, from.length, (start, length) =>
      this.#writeBlock(from.subarray(start - offset, start - offset + length), start),
    );
  }

  async zero(offset: number, length: number, below: ReadBelow): Promise<void> {
    await this.#begin();
    await this.#eachBlock(offset, length, (start, part) => this.#zeroBlock(start, part, below));
  }

  async commit(): Promise<void> {
    await this.#growing;
    // What an earlier program has noted comes into the log as well.
    if (this.#bat.pages.dirtyBytes > 0) await this.#begin();
    const taken = this.#bat.pages.take();
    let done = 0;
    try {
      await this.#file.sync();
      const batch = pagesPerEntry(this.#header.logBytes / 3);
      for (; done < taken.length; done += batch) await this.#log(taken.slice(done, done + batch));
    } catch (error) {
      this.#bat.pages.restore(taken.slice(done));
      throw error;
    }
  }

  dirtyBytes(): number {
    return this.#bat.pages.dirtyBytes;
  }

  async finish(): Promise<void> {
    await this.commit();
    if (this.#begun !== undefined) await this.#setHeader({ logGuid: noGuid });
  }

  async resize(sizeBytes: number): Promise<void> {
    await this.#begin();
    const blocks = Math.ceil(sizeBytes / this.#blockBytes);
    const before = Math.ceil(this.#size / this.#blockBytes);
    for (let block = blocks; block < before; block += 1) {
      const position = this.#bat.blockPosition(block);
      const entry = await this.#bat.entry(position);
      const gone = { state: blockStates.notPresent, offset: 0 };
      if (entry.state !== blockStates.notPresent) await this.#bat.set(position, phases.table, gone);
    }
    const needed = batEntries(blocks, this.#bat.chunkRatio, this.#hasParent) * 8;
    if (needed > this.#bat.region.length) await this.#moveTable(needed);
    if (this.#options.metadata.leaveAllocated && before < blocks) {
      const first = this.#end;
      for (let block = before; block < blocks; block += 1) await this.#present(block);
      await fillFile(this.#file, first, this.#end - first);
    }
    await this.commit();
    await this.#putBytes(this.#options.metadata.sizeOffset, (bytes, at) =>
      bytes.writeBigUInt64LE(BigInt(sizeBytes), at),
    );
    await this.commit();
    this.#size = sizeBytes;
    this.#options.onSize(sizeBytes);
  }

  /** The new locator goes to the other of two places of the metadata region; the table's entry, through the
   * log, switches over to it. */
  async setParent(parent: NewParent): Promise<void> {
    const { locatorEntryOffset, locatorOffset } = this.#options.metadata;
    const locator = buildParentLocator(parent);
    if (locatorEntryOffset === undefined) return;
    await this.#begin();
    const region = this.#options.regions.metadata.offset;
    const places = [region + 128 * 1024, region + 160 * 1024];
    const place = places.find((one) => Math.abs(one - (locatorOffset ?? 0)) >= 32768) ?? region;
    await this.#file.write(locator, place);
    await this.#putBytes(locatorEntryOffset + 16, (bytes, at) => {
      bytes.writeUInt32LE(place - region, at);
      bytes.writeUInt32LE(locator.length, at + 4);
    });
    await this.commit();
  }

  async #putBytes(offset: number, put: (bytes: Buffer, at: number) => void): Promise<void> {
    const at = offset % pageBytes;
    await this.#bat.pages.change(offset - at, phases.table, (bytes) => put(bytes, at));
  }

  async #begin(): Promise<void> {
    this.#begun ??= this.#makeReady();
    await this.#begun;
  }

  /** A log that is said to be in use must hold an entry: one that changes nothing, made before it is said. */
  async #makeReady(): Promise<void> {
    const logGuid = newGuid();
    await this.#log([], logGuid);
    await this.#setHeader({ fileWriteGuid: newGuid(), dataWriteGuid: newGuid(), logGuid });
  }

  async #setHeader(change: Partial<VhdxHeader>): Promise<void> {
    this.#header = await switchHeader(this.#file, this.#header, change);
    this.#options.onHeader(this.#header);
  }

  /** No entry is longer than a third of the log, so none ever goes over the one before it. */
  async #log(pages: readonly TakenPage[], guid = this.#header.logGuid): Promise<void> {
    const { logBytes, logOffset } = this.#header;
    const build = (at: number): Buffer =>
      buildEntry({
        at,
        sequence: this.#logSequence,
        guid,
        fileBytes: this.#end,
        pages,
      });
    let entry = build(this.#logAt);
    if (this.#logAt + entry.length > logBytes) {
      this.#logAt = 0;
      entry = build(0);
    }
    await this.#file.write(entry, logOffset + this.#logAt);
    await this.#file.sync();
    this.#logAt += entry.length;
    this.#logSequence += 1n;
    if (pages.length > 0) await this.#bat.pages.put(pages);
  }

  async #eachBlock(
    offset: number,
    length: number,
    work: (start: number, length: number) => Promise<void>,
  ): Promise<void> {
    for (let at = offset; at < offset + length;) {
      const part = Math.min(offset + length - at, this.#blockBytes - (at % this.#blockBytes));
      await work(at, part);
      at += part;
    }
  }

  async #writeBlock(from: Uint8Array, offset: number): Promise<void> {
    const block = Math.floor(offset / this.#blockBytes);
    const within = offset % this.#blockBytes;
    const position = this.#bat.blockPosition(block);
    const entry = await this.#bat.entry(position);
    const isPartial = entry.state === blockStates.partiallyPresent;
    if (entry.state === blockStates.fullyPresent || isPartial) {
      const host = this.#demandBlock(block, entry);
      await this.#file.write(from, host + within);
      if (isPartial) await this.#setBits(await this.#bitmapOf(block), offset, from.length);
      return;
    }
    const host = await this.#placeFor(block, entry);
    await this.#file.write(from, host + within);
    const guest = Math.min(this.#blockBytes, this.#size - block * this.#blockBytes);
    const state =
      this.#hasParent && entry.state === blockStates.notPresent && from.length < guest
        ? blockStates.partiallyPresent
        : blockStates.fullyPresent;
    if (state === blockStates.partiallyPresent) {
      const bitmap = await this.#bitmapOf(block);
      await this.#changeBits(bitmap, block * this.#blockBytes, this.#blockBytes, 'clear');
      await this.#setBits(bitmap, offset, from.length);
    }
    await this.#bat.set(position, phases.table, { state, offset: host });
  }

  async #zeroBlock(offset: number, length: number, below: ReadBelow): Promise<void> {
    const block = Math.floor(offset / this.#blockBytes);
    const position = this.#bat.blockPosition(block);
    const entry = await this.#bat.entry(position);
    const isPartial = entry.state === blockStates.partiallyPresent;
    if (entry.state === blockStates.fullyPresent || isPartial) {
      const host = this.#demandBlock(block, entry);
      await clearRange(this.#file, host + (offset % this.#blockBytes), length);
      if (isPartial) await this.#setBits(await this.#bitmapOf(block), offset, length);
    } else if (this.#hasParent && entry.state === blockStates.notPresent) {
      const guest = Math.min(this.#blockBytes, this.#size - block * this.#blockBytes);
      if (length === guest) {
        await this.#bat.set(position, phases.table, { state: blockStates.zero, offset: 0 });
        return;
      }
      const bytes = Buffer.alloc(length);
      await below(bytes, offset);
      if (!isZero(bytes)) await this.#writeBlock(bytes.fill(0), offset);
    }
  }

  /** A fixed disk of some writers has its blocks set aside, yet marked as zeros: they are used, cleared first. */
  async #placeFor(block: number, entry: BatEntry): Promise<number> {
    const isSetAside = this.#options.metadata.leaveAllocated && entry.offset !== 0;
    if (!isSetAside) return this.#allocate(this.#blockBytes);
    const host = this.#demandBlock(block, entry);
    await clearRange(this.#file, host, Math.min(this.#blockBytes, this.#end - host));
    return host;
  }

  async #present(block: number): Promise<void> {
    const offset = await this.#allocate(this.#blockBytes);
    const entry = { state: blockStates.fullyPresent, offset };
    await this.#bat.set(this.#bat.blockPosition(block), phases.table, entry);
  }

  #demandBlock(block: number, entry: BatEntry): number {
    const guest = Math.min(this.#blockBytes, this.#size - block * this.#blockBytes);
    return this.#bat.demandInside(entry, guest, this.#end, `block ${block}`);
  }

  /** Space at the end of the file, of zeros. */
  async #allocate(length: number): Promise<number> {
    const offset = this.#end;
    const end = offset + Math.ceil(length / mib) * mib;
    this.#end = end;
    this.#options.onEnd(end);
    // one after the other: a later, shorter truncation must not cut off what an earlier one made room for
    this.#growing = this.#growing.then(() => this.#file.truncate(end));
    await this.#growing;
    return offset;
  }

  /** The sector bitmap of the block's chunk, made if there is none. */
  async #bitmapOf(block: number): Promise<number> {
    const chunk = Math.floor(block / this.#bat.chunkRatio);
    const known = this.#chunks.get(chunk);
    if (known !== undefined) return known;
    const making = this.#findBitmap(block);
    this.#chunks.set(chunk, making);
    making.catch(() => this.#chunks.delete(chunk));
    return making;
  }

  async #findBitmap(block: number): Promise<number> {
    const position = this.#bat.bitmapPosition(block);
    const entry = await this.#bat.entry(position);
    if (entry.state === blockStates.fullyPresent) {
      return this.#bat.demandInside(entry, bitmapBytes, this.#end, 'a sector bitmap');
    }
    const offset = await this.#allocate(bitmapBytes);
    await this.#bat.set(position, phases.bitmap, { state: blockStates.fullyPresent, offset });
    return offset;
  }

  #setBits(bitmap: number, offset: number, length: number): Promise<void> {
    return this.#changeBits(bitmap, offset, length, 'set');
  }

  async #changeBits(
    bitmap: number,
    offset: number,
    length: number,
    to: 'set' | 'clear',
  ): Promise<void> {
    const sector = this.#options.metadata.logicalSectorBytes;
    for (let done = 0; done < length;) {
      const { page, at, bit } = this.#bat.bitPosition(bitmap, offset + done);
      const first = at * 8 + bit;
      const count = Math.min((length - done) / sector, pageBytes * 8 - first);
      await this.#bat.pages.change(page, phases.bitmap, (bytes) => {
        for (let index = first; index < first + count; index += 1) {
          const byte = bytes[index >>> 3] ?? 0;
          const mask = 1 << (index & 7);
          bytes[index >>> 3] = to === 'set' ? byte | mask : byte & ~mask;
        }
      });
      done += count * sector;
    }
  }

  /** A longer table at the end of the file. Both have the same content when the region tables switch over. */
  async #moveTable(needed: number): Promise<void> {
    await this.commit();
    const old = this.#bat.region;
    const length = Math.ceil(needed / mib) * mib;
    const offset = await this.#allocate(length);
    const page = Buffer.alloc(mib);
    for (let done = 0; done < old.length; done += page.length) {
      await this.#file.read(page, old.offset + done);
      await this.#file.write(page, offset + done);
    }
    await this.#file.sync();
    const regions = { ...this.#options.regions, bat: { offset, length } };
    for (const place of regionOffsets) {
      await this.#file.write(buildRegions(regions), place);
      await this.#file.sync();
    }
    this.#bat.region = regions.bat;
  }
}
