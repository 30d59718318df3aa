/**
 * A file that loses power. Until a sync, every 512-byte sector that was written may later hold what it
 * held at the last sync or anything written to it since, each sector by itself, in any combination, and
 * the size may be any that the file had since: what a disk with a volatile cache may leave. A write can
 * also be the last thing that happens: after a given number of changes every further call fails.
 */
import { Fault } from '#lib';
import type { Access, DiskFile } from './disk-file.ts';
import { MemoryFile } from './memory-file.ts';

const sector = 512;

export class PowerCutFile implements DiskFile {
  readonly name: string;
  readonly access: Access = 'write';
  readonly identity: string;
  readonly #now: MemoryFile;
  /** Per sector: its content at the last sync, then each version written since. */
  #versions = new Map<number, Buffer[]>();
  #sizes: number[] = [];
  #changesLeft = Infinity;
  #changes = 0;

  constructor(name: string, content?: Uint8Array) {
    this.name = name;
    this.#now = new MemoryFile(name, content);
    this.identity = this.#now.identity;
  }

  /** Writes, truncations and syncs so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Power fails at the call that would be the given number from now (0: the next one). */
  cutAfter(changes: number): void {
    this.#changesLeft = changes;
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    return this.#changesLeft < 0 ? this.#dead() : this.#now.read(into, offset);
  }

  async write(from: Uint8Array, offset: number): Promise<void> {
    // the last write may still have begun: its sectors become possible, then the call fails
    const alive = this.#spend();
    await this.#remember(offset, from.length);
    await this.#now.write(from, offset);
    await this.#remember(offset, from.length);
    if (!alive) await this.#dead();
  }

  size(): Promise<number> {
    return this.#now.size();
  }

  async truncate(sizeBytes: number): Promise<void> {
    const alive = this.#spend();
    const before = await this.#now.size();
    const [low, high] = [Math.min(before, sizeBytes), Math.max(before, sizeBytes)];
    const start = low - (low % sector);
    await this.#remember(start, high - start);
    await this.#now.truncate(sizeBytes);
    await this.#remember(start, high - start);
    if (!alive) await this.#dead();
  }

  async sync(): Promise<void> {
    if (!this.#spend()) await this.#dead();
    this.#versions.clear();
    this.#sizes = [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What the disk holds when power comes back; `pick(n)` chooses one of n possibilities. */
  async afterCut(pick: (choices: number) => number): Promise<PowerCutFile> {
    const size = await this.#now.size();
    const sizes = [...this.#sizes, size];
    const chosen = sizes[pick(sizes.length)] ?? size;
    const left = new PowerCutFile(this.name, await this.#now.content());
    for (const [index, versions] of this.#versions) {
      const version = versions[pick(versions.length)];
      if (version !== undefined) await left.#now.write(version, index * sector);
    }
    // a sector that was written back makes the file reach at least to it on no real file system,
    // so the size is a choice of its own
    await left.#now.truncate(chosen);
    return left;
  }

  content(): Promise<Buffer> {
    return this.#now.content();
  }

  #spend(): boolean {
    if (this.#changesLeft < 0) return false;
    this.#changes += 1;
    this.#changesLeft -= 1;
    return this.#changesLeft >= 0;
  }

  #dead(): Promise<never> {
    return Promise.reject(new Fault('unavailable', `${this.name}: the power is off`));
  }

  async #remember(offset: number, length: number): Promise<void> {
    this.#sizes.push(await this.#now.size());
    const last = Math.ceil((offset + length) / sector);
    for (let index = Math.floor(offset / sector); index < last; index += 1) {
      const bytes = Buffer.alloc(sector);
      await this.#now.read(bytes, index * sector);
      const versions = this.#versions.get(index);
      if (versions === undefined) this.#versions.set(index, [bytes]);
      else if (!versions.at(-1)?.equals(bytes)) versions.push(bytes);
    }
  }
}
