/** Differencing disks, which qemu-img does not read, as libvhdi finds them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '#disk';
import type { NewParent } from '../../../src/disk/layer.ts';
import { contentOf, make, mustRun, store, withFolder, writePattern } from './tools.ts';

const sizeBytes = 37 * 1024 * 1024;
const missing = ['/usr/bin/vhdimount', '/dev/fuse'].find((path) => !existsSync(path));
const skip =
  missing === undefined ? false : `${missing} is missing (apt-get install libvhdi-utils)`;

/**
 * The disk and its parents as libvhdi shows them, the lowest first, by its file system in a mount namespace of its own.
 * It copies them into `folder`.
 */
async function readByLibvhdi(path: string, folder: string, layers: number): Promise<Buffer[]> {
  const place = join(folder, 'seen');
  await mkdir(place);
  const script = 'vhdimount "$1" "$2" && cp "$2"/vhdi* "$3" && umount "$2"';
  await mustRun('unshare', '--mount', 'sh', '-c', script, 'sh', path, place, folder);
  const names = Array.from({ length: layers }, (_, index) => `vhdi${index + 1}`);
  return await Promise.all(names.map((name) => readFile(join(folder, name))));
}

/** As it is once it is closed: writing gives it another identity. */
async function describeParent(path: string, format: string): Promise<NewParent> {
  await using disk = await openDisk({ path, store });
  const { identity } = disk.layer.describe();
  return { path, relativePath: basename(path), format, identity, modifiedMs: 0 };
}

for (const { format, stepBytes } of [
  // libvhdi takes what follows a written sector in the same byte of a bitmap as written, too; Hyper-V writes no less than 4 KiB.
  { format: 'vhd', stepBytes: 4096 },
  { format: 'vhdx', stepBytes: 512 },
])
  void test(
    `libvhdi finds in a ${format} over two parents, and in each of these, what we do`,
    { skip },
    () =>
      withFolder(async (folder) => {
        const contents: Buffer[] = [];
        let parent: NewParent | undefined;
        for (const [index, name] of ['base', 'middle', 'top'].entries()) {
          const path = join(folder, `${name}.${format}`);
          const disk = await make({ path, format, sizeBytes, options: { parent } });
          await writePattern(disk, index + 20, stepBytes);
          contents.push(await contentOf(disk));
          await disk.close();
          parent = await describeParent(path, format);
        }
        const seen = await readByLibvhdi(join(folder, `top.${format}`), folder, contents.length);
        for (const [index, content] of contents.entries())
          assert.ok(seen[index]?.equals(content), `layer ${index + 1} of ${contents.length}`);
      }),
  );
