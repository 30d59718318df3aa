/** A range of a disk's content as a file that is only read: what a file system inside the guest lies in. */
import type { Disk } from '../disk.ts';
import { Fault } from '#lib';
import type { Access, DiskFile } from '../file/disk-file.ts';
import { sectorBytes } from '../limits.ts';

export class GuestWindow implements DiskFile {
  readonly name: string;
  readonly access: Access = 'read';
  readonly identity: string;
  readonly sizeBytes: number;
  /** Where in the disk it starts. */
  readonly start: number;
  readonly #disk: Disk;

  constructor(disk: Disk, start: number, sizeBytes: number) {
    this.#disk = disk;
    this.start = start;
    this.sizeBytes = sizeBytes;
    this.name = `${disk.name} from ${start}`;
    this.identity = `${disk.layer.file.identity}:${start}`;
  }

  /** Offsets and lengths as they come; the disk is read in whole sectors. */
  async read(into: Uint8Array, offset: number): Promise<number> {
    const count = Math.max(0, Math.min(into.length, this.sizeBytes - offset));
    if (count === 0) return 0;
    const from = this.start + offset;
    const first = Math.floor(from / sectorBytes) * sectorBytes;
    const last = Math.ceil((from + count) / sectorBytes) * sectorBytes;
    const bytes = Buffer.allocUnsafe(last - first);
    await this.#disk.read(bytes, first);
    into.set(bytes.subarray(from - first, from - first + count));
    return count;
  }

  size(): Promise<number> {
    return Promise.resolve(this.sizeBytes);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  write(): Promise<void> {
    return this.#refuse();
  }
  truncate(): Promise<void> {
    return this.#refuse();
  }
  sync(): Promise<void> {
    return Promise.resolve();
  }

  #refuse(): Promise<never> {
    return Promise.reject(new Fault('refused', `${this.name} is only read`));
  }
}
