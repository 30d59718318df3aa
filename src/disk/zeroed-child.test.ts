/** What zeros over zeros cost a disk with a parent. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from './open.ts';
import { store, withFolder } from './testing/folder.ts';
import { makeDisk, parentFor } from './verbs/create.ts';

const sizeBytes = 64 * 1024 * 1024;
/** In pieces of 64 KiB, one of the regions that disks are looked at in. */
const ofOneRegion = 32;

for (const format of ['vhd', 'vhdx', 'vmdk', 'qcow2']) {
  void test(`a ${format} over a parent that holds nothing is zeroed without what the parent holds being read`, () =>
    withFolder(async (folder) => {
      const [base, child] = [join(folder, `base.${format}`), join(folder, `child.${format}`)];
      await makeDisk({ path: base, format, sizeBytes }, store);
      {
        await using below = await openDisk({ path: base, format, store });
        const parent = await parentFor(child, below);
        await makeDisk({ path: child, format, sizeBytes, parent }, store);
      }
      await using disk = await openDisk({ path: child, format, store, access: 'write' });
      await disk.write(Buffer.alloc(512, 7), 0);
      let reads = 0;
      const below = disk.parent;
      assert.ok(below !== undefined);
      const read = below.read.bind(below);
      below.read = (...range) => {
        reads += 1;
        return read(...range);
      };
      await disk.zero(0, sizeBytes);
      assert.ok(reads <= ofOneRegion, `${reads} reads, of the one region that held something`);
      const first = Buffer.alloc(512, 1);
      await disk.read(first, 0);
      assert.ok(first.every((byte) => byte === 0));
    }));
}
