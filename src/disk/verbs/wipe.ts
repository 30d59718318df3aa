/**
 * Makes a disk hold nothing but zeros, and overwrites what its file held. A file that grows is made anew, empty, and the old one is
 * overwritten from its first byte to its last: so what its format had given back goes, too, and what was packed. All others
 * are overwritten in their place, where the disk shows them.
 *
 * Invariant: interrupted at any point, what is under the disk's name is a disk, and a second wipe finds what is left of the
 * old file: it has a name of its own until it is overwritten.
 */
import { link, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault, isFault } from '#lib';
import type { Disk } from '../disk.ts';
import { hostFault } from '../file/node-file.ts';
import type { FileStore } from '../store.ts';
import { zeroBytes } from '../zeros.ts';
import { growingVariants } from './compact.ts';
import { makeDisk, syncFolder } from './create.ts';
import { demandNothingInside } from './inside.ts';
import { chunkBytes } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';

export interface WipeOptions extends VerbOptions {
  readonly store: FileStore;
}

/**
 * The disk is open for writing; its name, format and size stay. Faults: `refused` for a differencing disk, which would show
 * its parent, and for internal snapshots; `unsupported` for formats that are only read; `exhausted`, `cancelled`.
 */
export async function wipeDisk(disk: Disk, options: WipeOptions): Promise<void> {
  if (disk.layer.parentReference !== undefined)
    throw new Fault('refused', `cannot wipe ${disk.name}: it is a differencing disk`, {
      hint: 'delete it, or flatten it first',
    });
  demandNothingInside(disk, 'wipe');
  const { variant } = disk.layer.describe();
  if (growingVariants[disk.format]?.includes(variant) === true) await wipeAnew(disk, options);
  else await wipeInPlace(disk, options);
}

async function wipeInPlace(disk: Disk, options: WipeOptions): Promise<void> {
  const meter = new ProgressMeter(disk.sizeBytes, options);
  for (let at = 0; at < disk.sizeBytes;) {
    const run = await disk.runAt(at, disk.sizeBytes - at);
    const length = run.kind === 'zero' ? run.length : Math.min(run.length, chunkBytes);
    if (run.kind !== 'zero') await disk.write(zeroBytes(length), at);
    meter.add(length);
    at += length;
  }
  await disk.flush();
  meter.end();
}

async function wipeAnew(disk: Disk, options: WipeOptions): Promise<void> {
  const path = disk.name;
  const old = join(dirname(path), `.${basename(path)}.wiped`);
  // Left by a wipe that was cut off; where it is the disk itself, that one had not begun.
  if ((await inode(old)) !== (await inode(path))) await overwrite(old, options);
  await rm(old, { force: true });
  try {
    await link(path, old);
  } catch (error) {
    throw hostFault(old, 'create', error);
  }
  try {
    const { variant, fields } = disk.layer.describe();
    await makeDisk(
      {
        path,
        format: disk.format,
        variant,
        sizeBytes: disk.sizeBytes,
        blockBytes: disk.blockBytes,
        sectorBytes: disk.sectorBytes,
        existing: 'replace',
        signal: options.signal,
        ...(fields['compression'] === 'zstd' ? { compression: 'zstd' as const } : {}),
      },
      options.store,
    );
    await overwrite(old, options);
  } finally {
    await rm(old, { force: true });
    await syncFolder(dirname(path));
  }
}

async function inode(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.dev} ${found.ino}`;
}

/** Its end is that of the file; nothing happens where there is none. */
async function overwrite(path: string, { store, ...options }: WipeOptions): Promise<void> {
  const file = await store.open(path, 'write').catch((error: unknown) => {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const sizeBytes = await file.size();
    const meter = new ProgressMeter(sizeBytes, options);
    for (let at = 0; at < sizeBytes;) {
      const run = file.runAt?.(at, sizeBytes - at) ?? { kind: 'data', length: sizeBytes - at };
      const length = run.kind === 'hole' ? run.length : Math.min(run.length, chunkBytes);
      if (run.kind === 'data') await file.write(zeroBytes(length), at);
      meter.add(length);
      at += length;
    }
    await file.sync();
    meter.end();
  } finally {
    await file.close();
  }
}
