/**
 * Reference counts of host clusters, and with them the allocation of space. The refcount table leads to
 * refcount blocks, each with the counts of a range of clusters; both are changed through the metadata pages.
 *
 * Order: counts rise before anything refers to the cluster, and fall after nothing does any more; a cut
 * between leaves a leak, never a cluster that is used and counts as free.
 */
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { maxStructureBytes } from '../limits.ts';
import type { MetaPages } from '../meta-pages.ts';
import { fileFault } from '../structure.ts';

/** Order in which a commit writes metadata; a new level-2 table counts as `refcountBlock`. */
export const phases = { refcountBlock: 0, refcountTable: 1, level2: 2, level1: 3 } as const;

export interface RefcountPlace {
  readonly tableOffset: number;
  readonly tableClusters: number;
}

export interface RefcountOptions {
  readonly file: DiskFile;
  readonly pages: MetaPages;
  readonly clusterBits: number;
  readonly order: number;
  readonly place: RefcountPlace;
  /** Clusters of the file as it was opened. */
  readonly fileClusters: number;
  /** Makes the header name another refcount table, durably. */
  moveTable(place: RefcountPlace): Promise<void>;
}

export class Refcounts {
  readonly #options: RefcountOptions;
  readonly #clusterBytes: number;
  readonly #perBlock: number;
  readonly #largest: number;
  #place: RefcountPlace;
  /**
   * Where single clusters and runs are looked for. Both start at the end of the file as it was opened: space
   * inside it that counts as free may be in use by a file whose counts are wrong. What is freed here is reused.
   */
  #cursor: number;
  #runCursor: number;
  #end: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RefcountOptions) {
    this.#options = options;
    this.#place = options.place;
    this.#end = options.fileClusters;
    this.#cursor = options.fileClusters;
    this.#runCursor = options.fileClusters;
    this.#clusterBytes = 2 ** options.clusterBits;
    this.#perBlock = (this.#clusterBytes * 8) / 2 ** options.order;
    this.#largest = options.order >= 5 ? 2 ** 31 : 2 ** (2 ** options.order) - 1;
  }

  get place(): RefcountPlace {
    return this.#place;
  }

  /** Past the last cluster that has ever been given out. */
  get endCluster(): number {
    return this.#end;
  }

  /** The most adjacent clusters to ask for: in every range of a refcount block, the block itself is in the way. */
  get longestRun(): number {
    return Math.max(1, Math.floor(this.#perBlock / 4));
  }

  async get(cluster: number): Promise<number> {
    const block = await this.blockOffset(Math.floor(cluster / this.#perBlock));
    if (block === 0) return 0;
    const { page, at } = this.#locate(block, cluster % this.#perBlock);
    return this.#options.pages.with(page, (bytes) => this.#read(bytes, at, cluster));
  }

  /** One reference more or less. Faults: `corrupt` when the count would leave its range. */
  async add(cluster: number, change: 1 | -1): Promise<void> {
    const block = await this.blockOffset(Math.floor(cluster / this.#perBlock));
    const { page, at } = this.#locate(block, cluster % this.#perBlock);
    const before = block === 0 ? 0 : await this.get(cluster);
    const after = before + change;
    if (block === 0 || after < 0 || after > this.#largest) {
      throw this.#fault(
        block,
        `cluster ${cluster} has ${before} references, one ${change} is wrong`,
      );
    }
    await this.#options.pages.change(page, phases.refcountBlock, (bytes) => {
      this.#write(bytes, at, cluster, this.#read(bytes, at, cluster) + change);
    });
    if (after === 0) this.#cursor = Math.min(this.#cursor, cluster);
  }

  /** Whether the count of the cluster can still rise. */
  async canShare(cluster: number): Promise<boolean> {
    return (await this.get(cluster)) < this.#largest;
  }

  /** Takes adjacent free clusters, each with one reference from now on, and gives the first. */
  async allocate(count: number): Promise<number> {
    if (count > this.longestRun) {
      throw new Fault(
        'too-large',
        `${this.#options.file.name}: no room for ${count} adjacent clusters`,
        {
          hint: 'convert the disk to one with larger clusters',
        },
      );
    }
    return this.#alone(() => this.#allocate(count));
  }

  /** Takes the given cluster if it is free. */
  async allocateAt(cluster: number): Promise<boolean> {
    return this.#alone(async () => {
      if ((await this.blockOffset(Math.floor(cluster / this.#perBlock))) === 0) return false;
      if ((await this.get(cluster)) !== 0) return false;
      await this.add(cluster, 1);
      this.#end = Math.max(this.#end, cluster + 1);
      return true;
    });
  }

  /** Where the refcount block lies; 0: there is none. Faults: `corrupt`. */
  async blockOffset(index: number): Promise<number> {
    if (index >= this.#tableEntries) return 0;
    const { page, at } = this.#tablePosition(index);
    const offset = await this.#options.pages.with(page, (bytes) => blockIn(bytes, at));
    if (!this.#isBlock(offset)) throw this.#outside(index, offset);
    return offset;
  }

  /** All refcount blocks in their order; `refuse` hears of entries of the table that lead nowhere. */
  async eachBlock(
    use: (offset: number, index: number) => void,
    refuse: (fault: Fault, index: number) => void,
  ): Promise<void> {
    const { pages } = this.#options;
    for (let first = 0; first < this.#tableEntries;) {
      const from = first;
      const { page, at } = this.#tablePosition(from);
      const end = Math.min(this.#tableEntries, from + (pages.pageBytes - at) / 8);
      await pages.with(page, (bytes) => {
        for (let index = from; index < end; index += 1) {
          const offset = blockIn(bytes, at + (index - from) * 8);
          if (offset === 0) continue;
          if (this.#isBlock(offset)) use(offset, index);
          else refuse(this.#outside(index, offset), index);
        }
      });
      first = end;
    }
  }

  /** The counts of a range of clusters, in their order. Faults: `corrupt`. */
  async eachCount(
    first: number,
    end: number,
    use: (count: number, cluster: number) => void,
  ): Promise<void> {
    for (let cluster = first; cluster < end;) {
      const from = cluster;
      const block = await this.blockOffset(Math.floor(from / this.#perBlock));
      const next = Math.min(end, this.#pageEnd(from));
      if (block === 0) for (let at = from; at < next; at += 1) use(0, at);
      else {
        const { page } = this.#locate(block, from % this.#perBlock);
        await this.#options.pages.with(page, (bytes) => {
          for (let at = from; at < next; at += 1)
            use(this.#read(bytes, this.#locate(block, at % this.#perBlock).at, at), at);
        });
      }
      cluster = next;
    }
  }

  get #tableEntries(): number {
    return (this.#place.tableClusters * this.#clusterBytes) / 8;
  }

  #isBlock(offset: number): boolean {
    return offset % this.#clusterBytes === 0 && offset < this.#end * this.#clusterBytes;
  }

  #outside(index: number, offset: number): Fault {
    return this.#fault(offset, `refcount block ${index} is not within the file`);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** Runs of several clusters follow each other through the file; single ones fill what was freed. */
  async #allocate(count: number): Promise<number> {
    let start = count === 1 ? this.#cursor : Math.max(this.#runCursor, this.#cursor);
    let at = start;
    while (at - start < count) {
      const block = await this.blockOffset(Math.floor(at / this.#perBlock));
      if (block === 0) {
        await this.#addBlock(at);
        continue;
      }
      const { page } = this.#locate(block, at % this.#perBlock);
      const end = this.#pageEnd(at);
      const from = { start, at };
      const found = await this.#options.pages.with(page, (bytes) => {
        let first = from.start;
        let next = from.at;
        for (; next < end && next - first < count; next += 1) {
          const position = this.#locate(block, next % this.#perBlock).at;
          if (this.#read(bytes, position, next) !== 0) first = next + 1;
        }
        return { first, next };
      });
      start = found.first;
      at = found.next;
    }
    await this.#take(start, count);
    if (count === 1) this.#cursor = start + 1;
    else this.#runCursor = start + count;
    this.#end = Math.max(this.#end, start + count);
    return start;
  }

  /** Their first references, of adjacent clusters that have none, in blocks that are there. */
  async #take(first: number, count: number): Promise<void> {
    for (let cluster = first; cluster < first + count;) {
      const from = cluster;
      const block = await this.blockOffset(Math.floor(from / this.#perBlock));
      const { page } = this.#locate(block, from % this.#perBlock);
      const end = Math.min(first + count, this.#pageEnd(from));
      await this.#options.pages.change(page, phases.refcountBlock, (bytes) => {
        for (let next = from; next < end; next += 1)
          this.#write(bytes, this.#locate(block, next % this.#perBlock).at, next, 1);
      });
      cluster = end;
    }
  }

  /** The first cluster behind one that is counted on another page. */
  #pageEnd(cluster: number): number {
    const perPage = (this.#options.pages.pageBytes * 8) / 2 ** this.#options.order;
    return (Math.floor(cluster / perPage) + 1) * perPage;
  }

  /** A block for the range of the cluster, which has none; it lies in that cluster and counts itself. */
  async #addBlock(cluster: number): Promise<void> {
    const index = Math.floor(cluster / this.#perBlock);
    const offset = cluster * this.#clusterBytes;
    const { pages, file } = this.#options;
    for (let at = 0; at < this.#clusterBytes; at += pages.pageBytes) {
      pages.create(offset + at, phases.refcountBlock, (bytes) => {
        const self = this.#locate(offset, cluster % this.#perBlock);
        if (self.page === offset + at) this.#write(bytes, self.at, cluster, 1);
      });
    }
    this.#end = Math.max(this.#end, cluster + 1);
    if (index * 8 < this.#place.tableClusters * this.#clusterBytes) {
      const { page, at } = this.#tablePosition(index);
      await pages.change(page, phases.refcountTable, (bytes) => {
        bytes.writeBigUInt64BE(BigInt(offset), at);
      });
      return;
    }
    // the table is full: a longer one goes right behind the new block
    const old = this.#place;
    const tableClusters = Math.max(
      old.tableClusters * 2,
      Math.ceil(((index + 1) * 8) / this.#clusterBytes),
    );
    const fits = (cluster % this.#perBlock) + tableClusters < this.#perBlock;
    if (!fits || tableClusters * this.#clusterBytes > maxStructureBytes) {
      throw new Fault('too-large', `${file.name}: its refcount table cannot grow any further`);
    }
    const table = Buffer.alloc(tableClusters * this.#clusterBytes);
    for (let entry = 0; entry < index; entry += 1) {
      table.writeBigUInt64BE(BigInt(await this.blockOffset(entry)), entry * 8);
    }
    table.writeBigUInt64BE(BigInt(offset), index * 8);
    const block = Buffer.alloc(this.#clusterBytes);
    for (let at = 0; at <= tableClusters; at += 1) {
      const { page, at: position } = this.#locate(offset, (cluster + at) % this.#perBlock);
      await pages.change(page, phases.refcountBlock, (bytes) => {
        this.#write(bytes, position, cluster + at, 1);
        bytes.copy(block, page - offset);
      });
    }
    await file.write(Buffer.concat([block, table]), offset);
    this.#end = Math.max(this.#end, cluster + 1 + tableClusters);
    const place = { tableOffset: offset + this.#clusterBytes, tableClusters };
    await this.#options.moveTable(place);
    for (let at = 0; at < old.tableClusters * this.#clusterBytes; at += pages.pageBytes) {
      pages.drop(old.tableOffset + at);
    }
    this.#place = place;
    for (let at = 0; at < old.tableClusters; at += 1) {
      await this.add(old.tableOffset / this.#clusterBytes + at, -1);
    }
  }

  #tablePosition(index: number): { readonly page: number; readonly at: number } {
    const position = this.#place.tableOffset + index * 8;
    const at = position % this.#options.pages.pageBytes;
    return { page: position - at, at };
  }

  #locate(block: number, index: number): { readonly page: number; readonly at: number } {
    const position = block + Math.floor((index * 2 ** this.#options.order) / 8);
    const at = position % this.#options.pages.pageBytes;
    return { page: position - at, at };
  }

  #read(bytes: Buffer, at: number, cluster: number): number {
    const { order } = this.#options;
    if (order === 4) return bytes.readUInt16BE(at);
    if (order === 3) return bytes.readUInt8(at);
    if (order === 5) return bytes.readUInt32BE(at);
    if (order === 6) return Number(bytes.readBigUInt64BE(at));
    const bits = 2 ** order;
    const shift = (cluster % (8 / bits)) * bits;
    return (bytes.readUInt8(at) >>> shift) & (2 ** bits - 1);
  }

  #write(bytes: Buffer, at: number, cluster: number, value: number): void {
    const { order } = this.#options;
    if (order === 4) bytes.writeUInt16BE(value, at);
    else if (order === 3) bytes.writeUInt8(value, at);
    else if (order === 5) bytes.writeUInt32BE(value, at);
    else if (order === 6) bytes.writeBigUInt64BE(BigInt(value), at);
    else {
      const bits = 2 ** order;
      const shift = (cluster % (8 / bits)) * bits;
      const mask = (2 ** bits - 1) << shift;
      bytes.writeUInt8((bytes.readUInt8(at) & ~mask) | (value << shift), at);
    }
  }

  #fault(offset: number, text: string): Fault {
    const place = { format: 'qcow2', structure: 'refcounts', offset };
    return fileFault(this.#options.file, place, text);
  }
}

/** An entry of the refcount table. */
function blockIn(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + ((bytes.readUInt32BE(at + 4) & 0xffff_fe00) >>> 0);
}
