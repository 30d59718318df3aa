/**
 * From guest offsets to clusters: level-1 table, level-2 tables, subclusters. Reading only; one mapping per
 * view of a file (its present state, or an internal snapshot). All tables are seen through the metadata pages.
 */
import { ClusterCache } from '../cluster-cache.ts';
import type { DiskFile } from '../file/disk-file.ts';
import type { Extent } from '../layer.ts';
import type { MetaPages } from '../meta-pages.ts';
import { PackedReader } from '../packing/packed-reader.ts';
import { unpackInto } from '../packing/packer.ts';
import { fileFault } from '../structure.ts';
import { entryIsCopied, entryOffset, isWhole, readEntry, type Entry } from './entries.ts';
import { packingOf } from './header.ts';

export interface MappingOptions {
  readonly file: DiskFile;
  readonly pages: MetaPages;
  readonly clusterBits: number;
  readonly hasExtendedL2: boolean;
  readonly hasZeroFlag: boolean;
  readonly compression: 'zlib' | 'zstd';
  readonly l1Offset: number;
  readonly l1Entries: number;
  /** What a layer without a word about a cluster means: the parent, or zeros. */
  readonly unknown: 'absent' | 'zero';
  /** The end of the file, which grows while it is written. */
  fileEnd(): number;
}

export interface Level2 {
  readonly offset: number;
  readonly isCopied: boolean;
}

const subclusters = 32;

export class Mapping {
  readonly #options: MappingOptions;
  readonly #clusters: ClusterCache;
  readonly #packed: PackedReader;
  readonly clusterBytes: number;
  readonly entryBytes: number;
  readonly hasExtendedL2: boolean;
  /** Entries of one level-2 table. */
  readonly perTable: number;
  l1Offset: number;
  l1Entries: number;

  constructor(options: MappingOptions) {
    this.#options = options;
    this.clusterBytes = 2 ** options.clusterBits;
    this.hasExtendedL2 = options.hasExtendedL2;
    this.entryBytes = options.hasExtendedL2 ? 16 : 8;
    this.perTable = this.clusterBytes / this.entryBytes;
    this.l1Offset = options.l1Offset;
    this.l1Entries = options.l1Entries;
    this.#clusters = new ClusterCache(this.clusterBytes);
    this.#packed = new PackedReader(options.file, 'known');
  }

  /** See Layer. */
  extentAt(offset: number, limit: number): Extent | Promise<Extent> {
    const { pages, unknown } = this.#options;
    const cluster = Math.floor(offset / this.clusterBytes);
    const index = Math.floor(cluster / this.perTable);
    const l1 = this.l1Position(index);
    const l1Page = pages.peek(l1.page);
    if (l1Page === undefined) return this.#retry(l1.page, offset, limit);
    const table = entryOffset(l1Page, l1.at);
    if (table === 0) {
      const end = (index + 1) * this.perTable * this.clusterBytes;
      return { kind: unknown, length: Math.min(limit, end - offset) };
    }
    this.demandTable(table, `level-2 table ${index}`);
    const position = this.l2Position(table, cluster % this.perTable);
    const page = pages.peek(position.page);
    if (page === undefined) return this.#retry(position.page, offset, limit);
    return this.#options.hasExtendedL2
      ? this.#subclusterRun(page, position.at, offset, limit)
      : this.#clusterRun(page, position.at, offset, limit);
  }

  /** The level-2 table of an index of the level-1 table; undefined where there is none. */
  async level2(index: number): Promise<Level2 | undefined> {
    const { page, at } = this.l1Position(index);
    return this.#options.pages.with(page, (bytes) => {
      const offset = entryOffset(bytes, at);
      if (offset === 0) return undefined;
      this.demandTable(offset, `level-2 table ${index}`);
      return { offset, isCopied: entryIsCopied(bytes, at) };
    });
  }

  /**
   * The entries of adjacent guest clusters, at least one, as many of them as one page of a table tells. One of which only
   * some subclusters are allocated counts as not ours alone: whoever writes to it copies what it shows to a new cluster,
   * which is whole.
   */
  async entries(first: number, count: number): Promise<readonly [Entry, ...Entry[]]> {
    const table = await this.level2(Math.floor(first / this.perTable));
    const inTable = Math.min(count, this.perTable - (first % this.perTable));
    const unallocated: Entry = { kind: 'unallocated' };
    if (table === undefined)
      return [unallocated, ...Array.from({ length: inTable - 1 }, () => unallocated)];
    const { page, at } = this.l2Position(table.offset, first % this.perTable);
    return this.#options.pages.with(page, (bytes) => {
      const end = Math.min(bytes.length, at + inTable * this.entryBytes);
      const found: [Entry, ...Entry[]] = [this.#ownEntry(bytes, at)];
      for (let next = at + this.entryBytes; next < end; next += this.entryBytes)
        found.push(this.#ownEntry(bytes, next));
      return found;
    });
  }

  /** That of one. */
  async entry(cluster: number): Promise<Entry> {
    return (await this.entries(cluster, 1))[0];
  }

  #ownEntry(bytes: Buffer, at: number): Entry {
    const entry = this.#entryIn(bytes, at);
    const isPart = this.hasExtendedL2 && entry.kind === 'normal' && !isWhole(bytes, at);
    return isPart ? { ...entry, isCopied: false } : entry;
  }

  l1Position(index: number): { readonly page: number; readonly at: number } {
    if (index >= this.l1Entries) {
      throw this.#fault(this.l1Offset, `has no entry ${index}, only ${this.l1Entries}`);
    }
    return this.#position(this.l1Offset + index * 8);
  }

  l2Position(table: number, index: number): { readonly page: number; readonly at: number } {
    return this.#position(table + index * this.entryBytes);
  }

  demandTable(offset: number, what: string): void {
    if (offset % this.clusterBytes === 0 && offset < this.#options.fileEnd()) return;
    throw this.#fault(offset, `${what} is not within the file`);
  }

  forget(hostOffset: number): void {
    this.#clusters.forget(hostOffset);
  }

  #position(offset: number): { readonly page: number; readonly at: number } {
    const at = offset % this.#options.pages.pageBytes;
    return { page: offset - at, at };
  }

  async #retry(page: number, offset: number, limit: number): Promise<Extent> {
    await this.#options.pages.with(page, () => undefined);
    return this.extentAt(offset, limit);
  }

  #entryIn(page: Buffer, at: number): Entry {
    const { clusterBits, hasZeroFlag } = this.#options;
    const entry = readEntry(page, at, clusterBits, hasZeroFlag);
    if (entry.kind === 'unallocated') return entry;
    const isPlain = entry.kind !== 'compressed';
    const isPlaced = !isPlain || entry.offset % this.clusterBytes === 0;
    if (isPlaced && entry.offset < this.#options.fileEnd()) return entry;
    throw this.#fault(entry.offset, 'a cluster is not within the file');
  }

  #clusterRun(page: Buffer, at: number, offset: number, limit: number): Extent {
    const { file, unknown } = this.#options;
    const first = this.#entryIn(page, at);
    const within = offset % this.clusterBytes;
    const rest = this.clusterBytes - within;
    if (first.kind === 'compressed') {
      return {
        kind: 'compressed',
        length: Math.min(limit, rest),
        storedBytes: first.storedBytes,
        read: (into) =>
          this.#clusters.read(first.offset, within, into, (cluster) =>
            this.#expand(first.offset, first.storedBytes, cluster),
          ),
      };
    }
    let length = rest;
    for (let next = at + 8; length < limit && next < page.length; next += 8) {
      const entry = this.#entryIn(page, next);
      if (entry.kind !== first.kind) break;
      if (
        entry.kind === 'normal' &&
        first.kind === 'normal' &&
        entry.offset !== first.offset + within + length
      ) {
        break;
      }
      length += this.clusterBytes;
    }
    length = Math.min(length, limit);
    if (first.kind === 'normal') {
      return { kind: 'data', length, file, fileOffset: first.offset + within };
    }
    return { kind: first.kind === 'zero' ? 'zero' : unknown, length };
  }

  /** Extended entries: behind the entry proper, a bit per subcluster for "allocated" and one for "zero". */
  #subclusterRun(page: Buffer, at: number, offset: number, limit: number): Extent {
    const { file, unknown } = this.#options;
    const entry = this.#entryIn(page, at);
    if (entry.kind === 'compressed') return this.#clusterRun(page, at, offset, limit);
    const size = this.clusterBytes / subclusters;
    const [zero, allocated] = [page.readUInt32BE(at + 8), page.readUInt32BE(at + 12)];
    const within = offset % this.clusterBytes;
    const kindOf = (index: number): 'zero' | 'data' | 'unknown' => {
      if (((zero >>> index) & 1) === 1) return 'zero';
      return ((allocated >>> index) & 1) === 1 ? 'data' : 'unknown';
    };
    const first = Math.floor(within / size);
    const kind = kindOf(first);
    let end = first + 1;
    while (end < subclusters && kindOf(end) === kind) end += 1;
    const length = Math.min(limit, end * size - within);
    if (kind === 'zero') return { kind: 'zero', length };
    if (kind === 'unknown') return { kind: unknown, length };
    if (entry.kind !== 'normal') throw this.#fault(at, 'an allocated subcluster without a cluster');
    return { kind: 'data', length, file, fileOffset: entry.offset + within };
  }

  async #expand(offset: number, storedBytes: number, into: Uint8Array): Promise<void> {
    const { file, compression } = this.#options;
    const place = { format: 'qcow2', structure: 'compressed cluster', offset };
    const unpack = async (stored: Uint8Array): Promise<number> => {
      try {
        return await unpackInto(packingOf(compression), stored, into);
      } catch (error) {
        throw fileFault(file, place, 'cannot be expanded', 'corrupt', error);
      }
    };
    const length = await this.#withStored(offset, storedBytes, unpack);
    if (length === this.clusterBytes) return;
    throw fileFault(file, place, `expands to ${length} of ${this.clusterBytes} bytes`);
  }

  async #withStored(
    offset: number,
    length: number,
    work: (stored: Uint8Array) => Promise<number>,
  ): Promise<number> {
    const { file } = this.#options;
    if (file.access === 'read') return await this.#packed.use(offset, length, work);
    const bytes = Buffer.allocUnsafe(length);
    return await work(bytes.subarray(0, await file.read(bytes, offset)));
  }

  #fault(offset: number, text: string): Error {
    const place = { format: 'qcow2', structure: 'mapping', offset };
    return fileFault(this.#options.file, place, text);
  }
}
