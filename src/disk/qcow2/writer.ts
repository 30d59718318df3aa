/**
 * Writing QCOW2. Data go to their place (in place when the cluster is ours alone, else to new clusters) before
 * any table says so. A commit then writes, with a sync between: refcounts and new level-2 tables; the refcount
 * table; level-2 entries; level-1 entries. Only after that are clusters released that are no longer
 * referred to. So after a cut the tables are sound, and at worst clusters are leaked. Subclusters of images that have
 * them are allocated all at once.
 */
import { assert, Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import type { LayerWriter, NewParent, ReadBelow, StoredCluster } from '../layer.ts';
import { RegionLocks } from '../region-locks.ts';
import type { MetaPages } from '../meta-pages.ts';
import { packInto } from '../packing/packer.ts';
import { isZero } from '../zeros.ts';
import { markBitmapsInUse } from './bitmaps.ts';
import {
  writeCompressedEntry,
  writeOffsetEntry,
  writeSubclusters,
  writeUnallocatedEntry,
  writeZeroEntry,
  type Entry,
  type Subclusters,
} from './entries.ts';
import {
  autoclearBitmaps,
  buildHeaderSector,
  packingOf,
  patchHeaderSector,
  type Qcow2Header,
} from './header.ts';
import type { Mapping } from './mapping.ts';
import { phases, Refcounts } from './refcounts.ts';

interface PackedCluster extends StoredCluster {
  /** Of the file. */
  readonly place: number;
}

export interface Qcow2WriterOptions {
  readonly file: DiskFile;
  readonly pages: MetaPages;
  readonly mapping: Mapping;
  readonly header: Qcow2Header;
  readonly fileBytes: number;
  /** Bytes of the backing file's name, as they are in the file. */
  readonly backingPlace: { readonly offset: number; readonly length: number } | undefined;
  onHeader(header: Qcow2Header): void;
  onEnd(fileBytes: number): void;
}

export class Qcow2Writer implements LayerWriter {
  readonly #file: DiskFile;
  readonly #pages: MetaPages;
  readonly #mapping: Mapping;
  readonly #options: Qcow2WriterOptions;
  readonly #clusterBytes: number;
  readonly #refcounts: Refcounts;
  readonly #tables = new RegionLocks();
  #header: Qcow2Header;
  #backingPlace: { readonly offset: number; readonly length: number } | undefined;
  /** Host clusters to lose one reference each, after the next commit. */
  #released: number[] = [];
  #begun: Promise<void> | undefined;
  /** Where the next compressed cluster goes, and to where there is room. */
  #packAt = 0;
  #packEnd = 0;
  #packTurn: Promise<void> = Promise.resolve();
  #reusedBelow = 0;

  constructor(options: Qcow2WriterOptions) {
    this.#options = options;
    this.#file = options.file;
    this.#pages = options.pages;
    this.#mapping = options.mapping;
    this.#header = options.header;
    this.#backingPlace = options.backingPlace;
    this.#clusterBytes = options.mapping.clusterBytes;
    this.#refcounts = new Refcounts({
      file: options.file,
      pages: options.pages,
      clusterBits: options.header.clusterBits,
      order: options.header.refcountOrder,
      place: {
        tableOffset: options.header.refcountTableOffset,
        tableClusters: options.header.refcountTableClusters,
      },
      fileClusters: Math.ceil(options.fileBytes / options.mapping.clusterBytes),
      moveTable: async ({ tableOffset, tableClusters }) => {
        await this.#file.sync();
        await this.#setHeader({
          refcountTableOffset: tableOffset,
          refcountTableClusters: tableClusters,
        });
      },
    });
  }

  get refcounts(): Refcounts {
    return this.#refcounts;
  }

  async write(from: Uint8Array, offset: number, below: ReadBelow): Promise<void> {
    await this.#begin();
    const end = offset + from.length;
    for (let at = offset; at < end;) {
      const first = Math.floor(at / this.#clusterBytes);
      const count = Math.ceil(end / this.#clusterBytes) - first;
      const known = await this.#mapping.entries(first, count);
      const inPlace = countInPlace(known, this.#clusterBytes);
      const run = known.slice(0, inPlace || this.#countNew(known));
      const stop = Math.min(end, (first + run.length) * this.#clusterBytes);
      const part = from.subarray(at - offset, stop - offset);
      const [entry] = known;
      if (inPlace > 0 && entry.kind === 'normal') {
        await this.#file.write(part, entry.offset + (at % this.#clusterBytes));
      } else {
        await this.#writeNew(part, at, below, run);
      }
      at = stop;
    }
  }

  async zero(offset: number, length: number, below: ReadBelow): Promise<void> {
    await this.#begin();
    const end = offset + length;
    for (let at = offset; at < end;) {
      const start = at;
      const cluster = Math.floor(start / this.#clusterBytes);
      const next = Math.min((cluster + 1) * this.#clusterBytes, end);
      const isWhole = start % this.#clusterBytes === 0 && this.#endsCluster(next);
      const entry = await this.#mapping.entry(cluster);
      const hasBacking = this.#header.backingName !== undefined;
      const isZeroNow = entry.kind === 'zero' || (entry.kind === 'unallocated' && !hasBacking);
      if (!isZeroNow && isWhole && (this.#header.version === 3 || !hasBacking)) {
        const isMarked = hasBacking && !this.#mapping.hasExtendedL2;
        await this.#map([entry], cluster, hasBacking ? 'zero' : 'none', (page, position) => {
          if (isMarked) writeZeroEntry(page, position);
          else writeUnallocatedEntry(page, position);
        });
      } else if (!isZeroNow) {
        await this.write(Buffer.alloc(next - start), start, below);
      }
      at = next;
    }
  }

  async commit(): Promise<void> {
    const released = this.#released;
    this.#released = [];
    const taken = this.#pages.take();
    try {
      await this.#file.sync();
      await this.#pages.put(taken);
    } catch (error) {
      this.#released.push(...released);
      throw error;
    }
    for (const cluster of released) await this.#refcounts.add(cluster, -1);
  }

  dirtyBytes(): number {
    return this.#pages.dirtyBytes + this.#released.length * 8;
  }

  async finish(): Promise<void> {
    await this.commit();
    const end = this.#refcounts.endCluster * this.#clusterBytes;
    if (this.#begun !== undefined && (await this.#file.size()) < end)
      await this.#file.truncate(end);
    if (this.dirtyBytes() > 0) await this.commit();
  }

  async compress(cluster: Uint8Array, into: Uint8Array): Promise<Uint8Array | undefined> {
    const length = await packInto(packingOf(this.#header.compression), cluster, into);
    return length < cluster.length ? into.subarray(0, length) : undefined;
  }

  async writeCompressed(clusters: readonly StoredCluster[]): Promise<void> {
    await this.#begin();
    const turn = this.#packTurn.then(() => this.#packAll(clusters));
    this.#packTurn = turn.then(
      () => undefined,
      () => undefined,
    );
    const packed = await turn;
    for (const { place, parts } of adjacentParts(packed))
      await this.#file.write(Buffer.concat(parts), place);
    for (const { offset, place, stored } of packed) {
      const cluster = offset / this.#clusterBytes;
      const before = await this.#mapping.entry(cluster);
      await this.#map([before], cluster, 'none', (page, position) => {
        writeCompressedEntry(page, position, this.#header.clusterBits, place, stored.length);
      });
    }
  }

  async resize(sizeBytes: number): Promise<void> {
    if (this.#header.snapshotCount > 0 && sizeBytes < this.#header.sizeBytes) {
      throw new Fault('refused', `cannot shrink ${this.#file.name}: it has internal snapshots`);
    }
    if (this.#header.bitmaps !== undefined && this.#header.bitmaps.count > 0) {
      throw new Fault('refused', `cannot resize ${this.#file.name}: it has dirty bitmaps`);
    }
    await this.#begin();
    const clusters = Math.ceil(sizeBytes / this.#clusterBytes);
    const old = Math.ceil(this.#header.sizeBytes / this.#clusterBytes);
    for (let cluster = clusters; cluster < old;) {
      const index = Math.floor(cluster / this.#mapping.perTable);
      const end = Math.min(old, (index + 1) * this.#mapping.perTable);
      if ((await this.#mapping.level2(index)) === undefined) {
        cluster = end;
        continue;
      }
      const entry = await this.#mapping.entry(cluster);
      if (entry.kind !== 'unallocated')
        await this.#map([entry], cluster, 'none', writeUnallocatedEntry);
      cluster += 1;
    }
    const l1Entries = Math.max(1, Math.ceil(clusters / this.#mapping.perTable));
    await this.commit();
    if (l1Entries > this.#mapping.l1Entries) await this.#growLevel1(l1Entries);
    await this.#setHeader({ sizeBytes });
    await this.commit();
  }

  async setParent(parent: NewParent): Promise<void> {
    if (this.#clusterBytes < 4096) {
      const text = `cannot change the parent of ${this.#file.name}: its clusters are too small`;
      throw new Fault('unsupported', text);
    }
    const name = Buffer.from(parent.relativePath, 'utf8');
    if (name.length > 1023) throw new Fault('too-large', `${parent.relativePath}: name too long`);
    // the new name goes where the old one is not, so that the first sector switches between them
    const offset = this.#backingPlace?.offset === 1024 ? 2048 + 512 : 1024;
    await this.#file.write(name, offset);
    await this.#file.sync();
    this.#backingPlace = { offset, length: name.length };
    const backingFormat = parent.format === 'vhd' ? 'vpc' : parent.format;
    const header = { ...this.#header, backingName: parent.relativePath, backingFormat };
    await this.#putHeader(header, buildHeaderSector(header, this.#backingPlace));
  }

  /** Before the first change: bitmaps that would miss it, and feature bits that are not kept, are marked. */
  async #begin(): Promise<void> {
    this.#begun ??= this.#makeReady();
    await this.#begun;
  }

  async #makeReady(): Promise<void> {
    await markBitmapsInUse(this.#file, this.#header);
    const autoclear = this.#header.autoclear & autoclearBitmaps;
    if (autoclear !== this.#header.autoclear) await this.#setHeader({ autoclear });
  }

  #endsCluster(offset: number): boolean {
    return offset % this.#clusterBytes === 0 || offset === this.#header.sizeBytes;
  }

  /** How many of the clusters, from the first on, get a new place together. */
  #countNew(known: readonly Entry[]): number {
    const own = known.findIndex((entry) => entry.kind === 'normal' && entry.isCopied);
    return Math.min(own < 0 ? known.length : own, this.#refcounts.longestRun);
  }

  /** Writes to new, adjacent clusters; what the write does not cover of them is copied first. */
  async #writeNew(
    from: Uint8Array,
    offset: number,
    below: ReadBelow,
    old: readonly Entry[],
  ): Promise<void> {
    const first = Math.floor(offset / this.#clusterBytes);
    const start = first * this.#clusterBytes;
    const end = offset + from.length;
    const count = old.length;
    const host = (await this.#refcounts.allocate(count)) * this.#clusterBytes;
    this.#options.onEnd(this.#refcounts.endCluster * this.#clusterBytes);
    const [lead, tail] = [offset - start, start + count * this.#clusterBytes - end];
    if (lead > 0) await this.#copyUp(start, lead, host, below);
    await this.#file.write(from, host + lead);
    if (tail > 0) await this.#copyUp(end, tail, host + (end - start), below);
    await this.#map(old, first, 'allocated', (page, position, index) => {
      writeOffsetEntry(page, position, host + index * this.#clusterBytes);
    });
  }

  /** Copies guest content, as it is now, to a place in the file. */
  async #copyUp(offset: number, length: number, host: number, below: ReadBelow): Promise<void> {
    const bytes = Buffer.alloc(length);
    const inside = Math.min(length, this.#header.sizeBytes - offset);
    for (let done = 0; done < inside;) {
      const extent = await this.#mapping.extentAt(offset + done, inside - done);
      const part = bytes.subarray(done, done + extent.length);
      if (extent.kind === 'data') await extent.file.read(part, extent.fileOffset);
      else if (extent.kind === 'absent') await below(part, offset + done);
      else if (extent.kind === 'compressed') await extent.read(part);
      done += extent.length;
    }
    if (!isZero(bytes) || host < this.#options.fileBytes || this.#mayBeReused(host)) {
      await this.#file.write(bytes, host);
    }
  }

  /** Whether the place may hold something already: it was released by us before. */
  #mayBeReused(host: number): boolean {
    return host < this.#reusedBelow;
  }

  /**
   * Sets the entries of adjacent guest clusters in their level-2 tables, and releases what they led to. The
   * data must be in the file already.
   */
  async #map(
    old: readonly Entry[],
    first: number,
    state: Subclusters,
    set: (page: Buffer, position: number, index: number) => void,
  ): Promise<void> {
    const { entryBytes, hasExtendedL2 } = this.#mapping;
    for (let index = 0; index < old.length;) {
      const cluster = first + index;
      const table = await this.#ownTable(Math.floor(cluster / this.#mapping.perTable));
      const { page, at } = this.#mapping.l2Position(table, cluster % this.#mapping.perTable);
      const count = Math.min(old.length - index, (this.#pages.pageBytes - at) / entryBytes);
      const from = index;
      await this.#pages.change(page, phases.level2, (bytes) => {
        for (let here = 0; here < count; here += 1) {
          const position = at + here * entryBytes;
          set(bytes, position, from + here);
          if (hasExtendedL2) writeSubclusters(bytes, position, state);
        }
      });
      index += count;
    }
    for (const entry of old) this.#release(entry);
  }

  #release(entry: Entry): void {
    if (entry.kind === 'unallocated' || entry.offset === 0) return;
    const first = Math.floor(entry.offset / this.#clusterBytes);
    const storedBytes = entry.kind === 'compressed' ? entry.storedBytes : 1;
    const last = Math.floor((entry.offset + storedBytes - 1) / this.#clusterBytes);
    for (let cluster = first; cluster <= last; cluster += 1) this.#released.push(cluster);
    this.#mapping.forget(entry.offset);
    this.#reusedBelow = Math.max(this.#reusedBelow, (last + 1) * this.#clusterBytes);
  }

  /** The level-2 table of an index, made or copied so that it is ours alone. */
  #ownTable(index: number): Promise<number> {
    return this.#tables.run(index, async () => {
      const known = await this.#mapping.level2(index);
      if (known?.isCopied === true) return known.offset;
      const offset = (await this.#refcounts.allocate(1)) * this.#clusterBytes;
      this.#options.onEnd(this.#refcounts.endCluster * this.#clusterBytes);
      for (let at = 0; at < this.#clusterBytes; at += this.#pages.pageBytes) {
        const content =
          known === undefined
            ? undefined
            : await this.#pages.with(known.offset + at, (bytes) => Buffer.from(bytes));
        this.#pages.create(offset + at, phases.refcountBlock, (bytes) => content?.copy(bytes));
      }
      const { page, at } = this.#mapping.l1Position(index);
      await this.#pages.change(page, phases.level1, (bytes) => writeOffsetEntry(bytes, at, offset));
      if (known !== undefined) this.#released.push(known.offset / this.#clusterBytes);
      return offset;
    });
  }

  async #packAll(clusters: readonly StoredCluster[]): Promise<readonly PackedCluster[]> {
    const packed: PackedCluster[] = [];
    for (const { offset, stored } of clusters) {
      assert(offset % this.#clusterBytes === 0, 'a compressed cluster starts on a cluster');
      packed.push({ offset, stored, place: await this.#pack(stored.length) });
    }
    return packed;
  }

  /** Space for compressed bytes: behind the last ones where possible, sharing clusters with them. */
  async #pack(length: number): Promise<number> {
    const shared = Math.floor(this.#packAt / this.#clusterBytes);
    const isInside = this.#packAt < this.#packEnd && (await this.#refcounts.canShare(shared));
    if (isInside && this.#packAt + length <= this.#packEnd) {
      await this.#refcounts.add(shared, 1);
    } else if (isInside && (await this.#refcounts.allocateAt(this.#packEnd / this.#clusterBytes))) {
      await this.#refcounts.add(shared, 1);
      this.#packEnd += this.#clusterBytes;
    } else {
      this.#packAt = (await this.#refcounts.allocate(1)) * this.#clusterBytes;
      this.#packEnd = this.#packAt + this.#clusterBytes;
    }
    this.#options.onEnd(this.#refcounts.endCluster * this.#clusterBytes);
    const place = this.#packAt;
    this.#packAt += length;
    return place;
  }

  async #growLevel1(entries: number): Promise<void> {
    const { l1Offset, l1Entries } = this.#mapping;
    const room = Math.ceil((l1Entries * 8) / this.#clusterBytes) * this.#clusterBytes;
    const table = Buffer.alloc(Math.ceil((entries * 8) / this.#clusterBytes) * this.#clusterBytes);
    for (let index = 0; index < l1Entries; index += 1) {
      const { page, at } = this.#mapping.l1Position(index);
      await this.#pages.with(page, (bytes) => bytes.copy(table, index * 8, at, at + 8));
    }
    const count = table.length / this.#clusterBytes;
    const offset = (await this.#refcounts.allocate(count)) * this.#clusterBytes;
    this.#options.onEnd(this.#refcounts.endCluster * this.#clusterBytes);
    await this.#file.write(table, offset);
    await this.commit();
    await this.#setHeader({ l1Offset: offset, l1Entries: entries });
    for (let at = 0; at < room; at += this.#pages.pageBytes) this.#pages.drop(l1Offset + at);
    this.#mapping.l1Offset = offset;
    this.#mapping.l1Entries = entries;
    for (let at = 0; at < room; at += this.#clusterBytes) {
      this.#released.push((l1Offset + at) / this.#clusterBytes);
    }
  }

  /** Changes fields of the header: one sector, so wholly or not at all. */
  async #setHeader(change: Partial<Qcow2Header>): Promise<void> {
    const header = { ...this.#header, ...change };
    const sector = Buffer.alloc(512);
    await this.#file.read(sector, 0);
    await this.#putHeader(header, patchHeaderSector(sector, header));
  }

  async #putHeader(header: Qcow2Header, sector: Buffer): Promise<void> {
    await this.#file.write(sector, 0);
    await this.#file.sync();
    this.#header = header;
    this.#options.onHeader(header);
  }
}

/** What lies side by side in the file, each with where it starts there. */
function adjacentParts(
  packed: readonly PackedCluster[],
): readonly { readonly place: number; readonly parts: Uint8Array[] }[] {
  const found: { place: number; end: number; parts: Uint8Array[] }[] = [];
  for (const { place, stored } of packed) {
    const last = found.at(-1);
    if (last?.end === place) {
      last.parts.push(stored);
      last.end += stored.length;
    } else found.push({ place, end: place + stored.length, parts: [stored] });
  }
  return found;
}

/** How many clusters, from the first on, are ours alone and adjacent in the file. */
function countInPlace(known: readonly [Entry, ...Entry[]], clusterBytes: number): number {
  const [first] = known;
  if (first.kind !== 'normal') return 0;
  const other = known.findIndex(
    (entry, index) =>
      entry.kind !== 'normal' ||
      !entry.isCopied ||
      entry.offset !== first.offset + index * clusterBytes,
  );
  return other < 0 ? known.length : other;
}
