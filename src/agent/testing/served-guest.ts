/** A guest whose disks QEMU does not open itself: a differencing disk over a starter appliance, and one for data. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { convertDisk, hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { giB, miB } from '#lib';
import type { QemuAgent } from './qemu-agent.ts';
import { WrittenGuest } from './written-guest.ts';

const store = hostStore();

export interface OtherDisk {
  readonly file: string;
  readonly format: 'vhd' | 'raw';
  readonly variant?: 'fixed' | 'dynamic';
  readonly sizeBytes: number;
}

/** The process that serves disks of a vm; undefined: there is none. */
export function serverOf(id: string): number | undefined {
  const pattern = `serve-disks\\.ts [^ ]*${id.replaceAll('-', '')}/disks `;
  const { stdout } = spawnSync('pgrep', ['-f', pattern], { encoding: 'utf8' });
  const [pid] = stdout.split('\n').filter((line) => line !== '');
  return pid === undefined ? undefined : Number(pid);
}

export class ServedGuest extends WrittenGuest {
  readonly format: 'vhd' | 'vhdx';

  constructor(agent: QemuAgent, format: 'vhd' | 'vhdx') {
    super(agent);
    this.format = format;
  }

  path(name: string): string {
    return join(this.agent.folder(this.id), `${name}.${this.format}`);
  }

  /** The vm with its files: `base` <- `child`, from which it boots, `data`, and others in its folder, which are new. */
  async make(others: readonly OtherDisk[] = []): Promise<void> {
    const { format } = this;
    const disk = (position: number, name: string, sizeBytes: number) =>
      ({ bus: 'virtio', position, file: `${name}.${format}`, format, sizeBytes }) as const;
    const more = others.map(({ file, format: its, sizeBytes }, index) => {
      return { bus: 'virtio', position: 2 + index, file, format: its, sizeBytes } as const;
    });
    await this.create({}, { disks: [disk(0, 'child', giB), disk(1, 'data', 64 * miB), ...more] });
    for (const { file, ...other } of others)
      await makeDisk({ ...other, path: join(this.agent.folder(this.id), file) }, store);
    const image = join(this.agent.folder(this.id), 'disk.qcow2');
    {
      await using from = await openDisk({ path: image, store });
      const target = { path: this.path('base'), format, durability: 'memory' } as const;
      await convertDisk(from, { store, target });
    }
    await chmod(this.path('base'), 0o444);
    await rm(image);
    await using base = await openDisk({ path: this.path('base'), store });
    const { sizeBytes } = base;
    const parent = await parentFor(this.path('child'), base);
    await makeDisk({ path: this.path('child'), format, sizeBytes, parent }, store);
    await makeDisk({ path: this.path('data'), format, sizeBytes: 64 * miB }, store);
  }

  /** Of the file itself. */
  async checksum(name: string): Promise<string> {
    return hash('sha256', await readFile(this.path(name)));
  }

  /** The first byte of a MiB of the data disk, read past the vm. */
  async byteOf(region: number): Promise<number> {
    await using disk = await openDisk({ path: this.path('data'), store });
    const sector = Buffer.alloc(512);
    await disk.read(sector, region * miB);
    return sector[0] ?? 0;
  }

  /** Fills a MiB of a disk of the vm past the vm, before it runs. */
  async put(file: string, region: number, byte: number): Promise<void> {
    const path = join(this.agent.folder(this.id), file);
    await using disk = await openDisk({ path, store, access: 'write' });
    await disk.write(Buffer.alloc(miB, byte), region * miB);
    await disk.flush();
  }

  /** The first byte of a MiB of a disk, read past the vm. */
  async get(file: string, region: number): Promise<number> {
    const path = join(this.agent.folder(this.id), file);
    await using disk = await openDisk({
      path,
      store,
      format: path.endsWith('raw') ? 'raw' : 'vhd',
    });
    const sector = Buffer.alloc(512);
    await disk.read(sector, region * miB);
    return sector[0] ?? 0;
  }

  /** The process that serves the disks; undefined: there is none. */
  server(): number | undefined {
    return serverOf(this.id);
  }

  /** Looks until it holds. */
  async see(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 600; turn += 1) {
      if (await holds()) return;
      await sleep(50);
    }
    throw new Error(`not seen: ${what}`);
  }
}
