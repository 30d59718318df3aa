/**
 * An open disk: one layer and, below it, the disk that is its parent. Done here once for all formats: bounds,
 * reading through parents, order of writes within a region, flushing before too much waits in memory.
 *
 * Invariants: guest offsets and lengths are multiples of 512 and within the disk; at most one write is at
 * work in a region; at most one commit is at work; a parent is never written through its child.
 */
import { assert, Fault } from '#lib';
import type { Extent, Layer, LayerWriter, Place, StoredCluster, Wanted } from './layer.ts';
import type { DiskFile } from './file/disk-file.ts';
import { maxDirtyBytes, regionBytes, sectorBytes } from './limits.ts';
import type { PageJournal } from './page-journal.ts';
import { RegionLocks } from './region-locks.ts';

/** What a disk holds from some offset on, with all parents taken into account. */
export type DiskRun =
  | { readonly kind: 'zero'; readonly length: number; readonly depth: number }
  | {
      readonly kind: 'data';
      readonly length: number;
      readonly depth: number;
      /** Where the bytes lie as they are. */
      readonly file: string;
      /** Tells two files of one name apart. */
      readonly fileIdentity: string;
      readonly fileOffset: number;
    }
  | {
      readonly kind: 'compressed';
      readonly length: number;
      readonly depth: number;
      readonly storedBytes: number;
    };

/** Up to here bytes are read sooner than the host tells what they are. */
const smallReadBytes = 64 * 1024;

/** Bytes of a disk that lie in a file as they are. */
export interface PlainRun {
  /** Of the guest. */
  readonly offset: number;
  readonly length: number;
  readonly file: DiskFile;
  readonly fileOffset: number;
}

interface Found {
  readonly extent: Extent;
  /** 0: this disk; 1: its parent; … The depth of the whole chain when no layer knows. */
  readonly depth: number;
}

export class Disk {
  readonly layer: Layer;
  #parent: Disk | undefined;
  readonly #journal: PageJournal | undefined;
  readonly #regions = new RegionLocks();
  /** A block is never in two regions. */
  readonly #regionBytes: number;
  #commits: Promise<void> = Promise.resolve();
  #closed = false;

  /** `journal`: in which the layer notes what it changes. */
  constructor(layer: Layer, parent: Disk | undefined, journal?: PageJournal) {
    this.layer = layer;
    this.#journal = journal;
    this.#parent = parent;
    this.#regionBytes = Math.max(regionBytes, layer.blockBytes);
  }

  get name(): string {
    return this.layer.file.name;
  }
  get format(): string {
    return this.layer.format;
  }
  get sizeBytes(): number {
    return this.layer.sizeBytes;
  }
  get sectorBytes(): number {
    return this.layer.sectorBytes;
  }
  get blockBytes(): number {
    return this.layer.blockBytes;
  }
  get parent(): Disk | undefined {
    return this.#parent;
  }
  get isWritable(): boolean {
    return this.layer.writer !== undefined;
  }

  /** This disk, its parent, and so on down. */
  *chain(): Generator<Disk> {
    yield this;
    if (this.#parent !== undefined) yield* this.#parent.chain();
  }

  /** Fills the buffer from the guest's offset on. Faults: `corrupt`, host faults. */
  async read(into: Uint8Array, offset: number): Promise<void> {
    this.#demandRange(offset, into.length);
    const loads: Promise<void>[] = [];
    const wanted = into.length <= smallReadBytes ? 'content' : undefined;
    try {
      for (let done = 0; done < into.length;) {
        const asked = this.#find(offset + done, into.length - done, wanted);
        const { extent } = asked instanceof Promise ? await asked : asked;
        const part = into.subarray(done, done + extent.length);
        if (extent.kind === 'data') {
          const count = await extent.file.read(part, extent.fileOffset);
          if (count < part.length) part.fill(0, count);
        } else if (extent.kind === 'compressed') {
          const load = extent.read(part);
          load.catch(() => undefined); // told below
          loads.push(load);
        } else {
          part.fill(0);
        }
        done += extent.length;
      }
    } finally {
      // nothing writes to the buffer any more when the caller has it back
      await Promise.allSettled(loads);
    }
    await Promise.all(loads);
  }

  /** What the disk holds from the offset on, up to `limit` bytes: runs of one kind as one layer has them. */
  async runAt(offset: number, limit: number): Promise<DiskRun> {
    this.#demandRange(offset, Math.min(limit, this.sizeBytes - offset));
    const { extent, depth } = await this.#find(offset, Math.min(limit, this.sizeBytes - offset));
    const { length } = extent;
    if (extent.kind === 'data') {
      const { file, fileOffset } = extent;
      return {
        kind: 'data',
        length,
        depth,
        file: file.name,
        fileIdentity: file.identity,
        fileOffset,
      };
    }
    if (extent.kind === 'compressed') {
      return { kind: 'compressed', length, depth, storedBytes: extent.storedBytes };
    }
    return { kind: 'zero', length, depth };
  }

  /**
   * Where what is not zeros of a range lies, in order. Undefined where some of it is compressed, or in more than `limit`
   * runs. The end of a file may come before that of its run: what it lacks is zeros.
   */
  async plainRuns(
    offset: number,
    length: number,
    limit: number,
  ): Promise<readonly PlainRun[] | undefined> {
    this.#demandRange(offset, length);
    const runs: PlainRun[] = [];
    for (let at = offset; at < offset + length;) {
      const { extent } = await this.#find(at, offset + length - at);
      if (extent.kind === 'compressed') return undefined;
      if (extent.kind === 'data') {
        if (runs.length === limit) return undefined;
        const { file, fileOffset } = extent;
        runs.push({ offset: at, length: extent.length, file, fileOffset });
      }
      at += extent.length;
    }
    return runs;
  }

  /** Whether `fill` can be called. */
  get isFillable(): boolean {
    return this.layer.writer?.place !== undefined;
  }

  /**
   * Has `put` write a range where the layer says that it goes, part by part. What it leaves out keeps what it was: zeros
   * in a new disk. Durable after the next `flush`, as a write.
   */
  async fill(
    offset: number,
    length: number,
    put: (place: Place, offset: number) => Promise<void>,
  ): Promise<void> {
    const writer = this.#writer('write to');
    this.#demandRange(offset, length);
    this.#demandSectors(offset, length);
    const place = writer.place?.bind(writer);
    assert(place !== undefined, 'the layer says where writes go');
    await this.#eachRegion(offset, length, async (start, part) => {
      for (let at = start; at < start + part;) {
        const here = await place(at, start + part - at);
        await put(here, at);
        await here.settle?.();
        at += here.length;
      }
    });
    await this.#answer(writer);
  }

  /** Writes at the guest's offset. Durable after the next `flush`. */
  async write(from: Uint8Array, offset: number): Promise<void> {
    const writer = this.#writer('write to');
    this.#demandRange(offset, from.length);
    this.#demandSectors(offset, from.length);
    await this.#eachRegion(offset, from.length, (start, length) =>
      writer.write(from.subarray(start - offset, start - offset + length), start, this.#below),
    );
    await this.#answer(writer);
  }

  /** Makes a range read as zeros, giving back space where that is cheap. */
  async zero(offset: number, length: number): Promise<void> {
    const writer = this.#writer('zero a range of');
    this.#demandRange(offset, length);
    this.#demandSectors(offset, length);
    await this.#eachRegion(offset, length, async (start, part) => {
      if (await this.#hasNothingAt(start, part)) return;
      await writer.zero(start, part, this.#below);
    });
    await this.#answer(writer);
  }

  /** Stores clusters made by the layer's `compress`: at least one, of one region, in ascending order. */
  async writeCompressed(clusters: readonly StoredCluster[]): Promise<void> {
    const writer = this.#writer('write to');
    assert(writer.writeCompressed !== undefined, 'the format stores compressed clusters');
    const write = writer.writeCompressed.bind(writer);
    const regionOf = (cluster: StoredCluster | undefined): number | undefined =>
      cluster && Math.floor(cluster.offset / this.#regionBytes);
    const region = regionOf(clusters[0]);
    assert(region !== undefined && regionOf(clusters.at(-1)) === region, 'clusters of one region');
    await this.#regions.run(region, () => write(clusters));
    await this.#relieve(writer);
  }

  /** Returns when every write that had finished before the call survives a loss of power. */
  async flush(): Promise<void> {
    const { writer } = this.layer;
    if (writer === undefined) return;
    await this.#commit(() => writer.commit());
  }

  /** Changes the guest-visible size. Whoever shrinks has made sure that nothing is lost. */
  async resize(sizeBytes: number): Promise<void> {
    const writer = this.#writer('resize');
    const resize = writer.resize?.bind(writer);
    if (resize === undefined) {
      throw new Fault('unsupported', `cannot resize ${this.name}: ${this.format} has no resizing`);
    }
    await this.#commit(() => writer.commit());
    await this.#commit(() => resize(sizeBytes));
  }

  /** Ends the disk and its parents: everything durable, files closed. Safe to call again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { writer } = this.layer;
    try {
      if (writer !== undefined) await this.#commit(() => writer.finish());
      this.#journal?.remove();
    } finally {
      await this.abandon();
    }
  }

  /** Closes the files without a last commit: after a failure, when the content no longer matters. */
  async abandon(): Promise<void> {
    this.#closed = true;
    this.#journal?.close();
    await this.layer.close();
    await this.layer.file.close();
    await this.#parent?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #below = async (into: Uint8Array, offset: number): Promise<void> => {
    const parent = this.#parent;
    const inside = parent === undefined ? 0 : Math.min(into.length, parent.sizeBytes - offset);
    if (parent !== undefined && inside > 0) await parent.read(into.subarray(0, inside), offset);
    into.fill(0, Math.max(0, inside));
  };

  #writer(doing: string): LayerWriter {
    const { writer } = this.layer;
    if (writer === undefined || this.#closed) {
      throw new Fault('refused', `cannot ${doing} ${this.name}: it is not open for writing`);
    }
    return writer;
  }

  #demandRange(offset: number, length: number): void {
    assert(offset % sectorBytes === 0 && length % sectorBytes === 0, 'a guest range is in sectors');
    if (offset < 0 || length < 0 || offset + length > this.sizeBytes) {
      throw new Fault(
        'invalid',
        `${this.name}: bytes ${offset} to ${offset + length} are not within its ${this.sizeBytes}`,
      );
    }
  }

  /** Writes come in the guest's own sectors, which may be of 4096 bytes. */
  #demandSectors(offset: number, length: number): void {
    const sector = this.layer.sectorBytes;
    if (offset % sector === 0 && length % sector === 0) return;
    throw new Fault('invalid', `${this.name}: a write of ${length} bytes is not in whole sectors`);
  }

  #find(offset: number, limit: number, wanted?: Wanted): Found | Promise<Found> {
    const extent = this.layer.extentAt(offset, limit, wanted);
    if (extent instanceof Promise)
      return extent.then((known) => this.#resolve(known, offset, wanted));
    return this.#resolve(extent, offset, wanted);
  }

  /** Goes to the parent where the layer says nothing. */
  #resolve(extent: Extent, offset: number, wanted?: Wanted): Found | Promise<Found> {
    assert(extent.length > 0 && extent.length % sectorBytes === 0, 'an extent is whole sectors');
    if (extent.kind !== 'absent') return { extent, depth: 0 };
    const parent = this.#parent;
    const inside = parent === undefined ? 0 : parent.sizeBytes - offset;
    if (parent === undefined || inside <= 0) {
      return {
        extent: { kind: 'zero', length: extent.length },
        depth: parent === undefined ? 0 : 1,
      };
    }
    const deeper = parent.#find(offset, Math.min(extent.length, inside), wanted);
    if (!(deeper instanceof Promise)) return { extent: deeper.extent, depth: deeper.depth + 1 };
    return deeper.then((found) => ({ extent: found.extent, depth: found.depth + 1 }));
  }

  async #eachRegion(
    offset: number,
    length: number,
    work: (start: number, length: number) => Promise<void>,
  ): Promise<void> {
    for (let at = offset; at < offset + length;) {
      const region = Math.floor(at / this.#regionBytes);
      const start = at;
      const part = Math.min(offset + length, (region + 1) * this.#regionBytes) - start;
      await this.#regions.run(region, () => work(start, part));
      at += part;
    }
  }

  /** Whether a child and all below it say that the range is zeros: then there is nothing to hide, and nothing is read. */
  async #hasNothingAt(offset: number, length: number): Promise<boolean> {
    if (this.#parent === undefined) return false;
    for (let at = offset; at < offset + length;) {
      const { extent } = await this.#find(at, offset + length - at);
      if (extent.kind !== 'zero') return false;
      at += extent.length;
    }
    return true;
  }

  /** What was done may be told as done: it outlives the program, where that is asked for. */
  async #answer(writer: LayerWriter): Promise<void> {
    if (this.#journal?.append() === false) await this.#commit(() => writer.commit());
    await this.#relieve(writer);
  }

  async #relieve(writer: LayerWriter): Promise<void> {
    if (writer.dirtyBytes() < maxDirtyBytes) return;
    await this.#commit(async () => {
      if (writer.dirtyBytes() >= maxDirtyBytes) await writer.commit();
    });
  }

  /** One commit after the other; a failed one does not stop the next. */
  async #commit(work: () => Promise<void>): Promise<void> {
    const turn = this.#commits.then(work).then(() => this.#journal?.settle());
    this.#commits = turn.catch(() => undefined);
    await turn;
  }
}
