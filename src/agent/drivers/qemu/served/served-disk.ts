/**
 * A disk that is served, opened for what is done with it: one that something lies on is read until the first write comes,
 * which is that of a merge, and is read again when it is let go of.
 *
 * Invariant: its file is open once, and between two ways of being open nothing is at work on it.
 */
import { existsSync } from 'node:fs';
import { claimDisk, openDisk, type Access, type Disk, type FileStore } from '#disk';
import { Fault } from '#lib';
import type { Export } from '#nbd';
import { LazyStore, writeIncoming } from './incoming.ts';
import type { ServedEntry } from './served-plan.ts';

type Facts = Pick<Disk, 'sizeBytes' | 'sectorBytes' | 'blockBytes'>;

export class ServedDisk implements Export, AsyncDisposable {
  readonly #store: FileStore;
  /** Of one that a copy is made into. */
  readonly #lazy: LazyStore;
  readonly #journal: string;
  #entry: ServedEntry;
  readonly #facts: Facts;
  /** Undefined: opened by whoever needs it next. */
  #disk: Disk | undefined;
  #atWork = 0;
  #quiet: PromiseWithResolvers<void> | undefined;
  #turn: Promise<void> | undefined;
  #closed = false;

  private constructor(entry: ServedEntry, stores: Stores, disk: Disk) {
    this.#entry = entry;
    this.#store = stores.store;
    this.#lazy = stores.lazy;
    this.#journal = stores.journal;
    this.#disk = disk;
    const { sizeBytes, sectorBytes, blockBytes } = disk;
    this.#facts = { sizeBytes, sectorBytes, blockBytes };
  }

  /**
   * `journal`: the file of what was answered and is not durable yet, also by the process before this one.
   * Faults: as `openDisk`; `unsupported` for one that is only read; `refused` where another program uses it.
   */
  static async open(entry: ServedEntry, store: FileStore, journal: string): Promise<ServedDisk> {
    const stores = { store, lazy: new LazyStore(store), journal };
    return new ServedDisk(entry, stores, await openFor(entry, accessOf(entry), stores));
  }

  get entry(): ServedEntry {
    return this.#entry;
  }
  get sizeBytes(): number {
    return this.#facts.sizeBytes;
  }
  get sectorBytes(): number {
    return this.#facts.sectorBytes;
  }
  get blockBytes(): number {
    return this.#facts.blockBytes;
  }
  get isWritable(): boolean {
    return this.#entry.access !== 'read';
  }
  get isThin(): boolean {
    return this.#entry.access === 'incoming';
  }

  read(into: Uint8Array, offset: number): Promise<void> {
    return this.#use((disk) => disk.read(into, offset));
  }

  async write(from: Uint8Array, offset: number): Promise<void> {
    await this.#openFor('write');
    await this.#use((disk) =>
      this.isThin ? writeIncoming(disk, from, offset) : disk.write(from, offset),
    );
  }

  async zero(offset: number, length: number): Promise<void> {
    await this.#openFor('write');
    await this.#use(async (disk) => {
      await disk.zero(offset, length);
      if (this.isThin) await disk.flush();
    });
  }

  flush(): Promise<void> {
    return this.#use((disk) => this.#lazy.durably(() => disk.flush()));
  }

  runAt(offset: number, limit: number): ReturnType<Disk['runAt']> {
    return this.#use((disk) => disk.runAt(offset, limit));
  }

  /**
   * From now on as the entry says: what was written is in the file, and it is as its format ends it. Where another file has
   * its name by now, which holds the same, it goes on with that.
   */
  async become(entry: ServedEntry): Promise<void> {
    const isPlain = (entry.access === 'incoming') === this.isThin;
    if (isPlain && (await this.#hasItsName())) {
      await this.#openFor(accessOf(entry));
      this.#entry = entry;
      return;
    }
    await this.#alone(async () => {
      if (this.#closed) return;
      await this.#close();
      this.#entry = entry;
      this.#disk = await openFor(entry, accessOf(entry), this.#stores);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#alone(async () => {
      this.#closed = true;
      await this.#close();
    });
  }

  async #hasItsName(): Promise<boolean> {
    const { path } = this.#entry;
    const named = await this.#store.open(path, 'read').catch(() => undefined);
    const open = this.#disk?.layer.file.identity;
    await named?.close();
    return named === undefined || open === undefined || named.identity === open;
  }

  async #use<T>(work: (disk: Disk) => Promise<T>): Promise<T> {
    while (this.#turn !== undefined || this.#disk === undefined) {
      if (this.#closed)
        throw new Fault('unavailable', `${this.#entry.path} is not served any more`);
      await (this.#turn ?? this.#openFor('read'));
    }
    this.#atWork += 1;
    try {
      return await work(this.#disk);
    } finally {
      this.#atWork -= 1;
      if (this.#atWork === 0) this.#quiet?.resolve();
    }
  }

  async #openFor(access: Access): Promise<void> {
    if (this.#turn === undefined && this.#disk?.layer.file.access === access) return;
    await this.#alone(async () => {
      if (this.#closed || this.#disk?.layer.file.access === access) return;
      await this.#close();
      this.#disk = await openFor(this.#entry, access, this.#stores);
    });
  }

  async #close(): Promise<void> {
    const disk = this.#disk;
    this.#disk = undefined;
    await this.#lazy.durably(async () => disk?.close());
  }

  get #stores(): Stores {
    return { store: this.#store, lazy: this.#lazy, journal: this.#journal };
  }

  /** Runs while nothing else is at work. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = done.promise;
    try {
      if (this.#atWork > 0) {
        this.#quiet = Promise.withResolvers();
        await this.#quiet.promise;
      }
      await work();
    } finally {
      this.#quiet = undefined;
      this.#turn = undefined;
      done.resolve();
    }
  }
}

interface Stores {
  readonly store: FileStore;
  readonly lazy: LazyStore;
  readonly journal: string;
}

function accessOf({ access }: ServedEntry): Access {
  return access === 'write' || access === 'incoming' ? 'write' : 'read';
}

async function openFor(entry: ServedEntry, access: Access, stores: Stores): Promise<Disk> {
  // The process before this one was writing to it.
  const isLeft = entry.access === 'when-written' && existsSync(stores.journal);
  if (access === 'read' && isLeft) await (await openOnce(entry, 'write', stores)).close();
  return openOnce(entry, access, stores);
}

async function openOnce(entry: ServedEntry, access: Access, stores: Stores): Promise<Disk> {
  const { path, format } = entry;
  // What is answered of a copy is in its file.
  const choices =
    entry.access === 'incoming'
      ? { store: stores.lazy }
      : { store: stores.store, journal: stores.journal };
  const disk = await openDisk({ path, format, access, ...choices });
  try {
    if (access === 'write' && !disk.isWritable)
      throw new Fault('unsupported', `${path}: disks of this kind of ${format} are only read`, {
        hint: 'attach it read-only, or attach a copy of it: gantry vm attach-disk --import',
      });
    await claimDisk(disk, 'serve');
    return disk;
  } catch (error) {
    // What was left of it is for one that may write to it.
    await disk.abandon();
    throw error;
  }
}
