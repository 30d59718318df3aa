/** A disk that a copy is made into, by the disk library and files alone. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostStore, makeDisk, openDisk } from '#disk';
import { miB } from '#lib';
import { ServedDisk } from './served-disk.ts';

const store = hostStore();
const kinds = [
  ['vhd', 'dynamic'],
  ['vhd', 'fixed'],
  ['vhdx', 'dynamic'],
  ['vhdx', 'fixed'],
  ['vmdk', 'monolithicSparse'],
  ['vmdk', 'twoGbMaxExtentFlat'],
] as const;

for (const [format, variant] of kinds)
  void test(`what was copied into a ${variant} ${format} is there when its server dies, takes no space for zeros, and stays when it is a disk like any other`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gi-'));
    try {
      const path = join(folder, `a.${format}`);
      await makeDisk({ path, format, variant, sizeBytes: 16 * miB }, store);
      const storedBefore = statSync(path).blocks;
      const entry = { name: 'a', path, format, access: 'incoming' } as const;
      const bytesAt = async (offset: number): Promise<number | undefined> => {
        await using disk = await openDisk({ path, format, store });
        const sector = Buffer.alloc(512);
        await disk.read(sector, offset);
        return sector[0];
      };
      await using served = await ServedDisk.open(entry, store, join(folder, 'a.journal'));
      assert.equal(served.isThin, true);
      await served.write(Buffer.alloc(miB), 8 * miB);
      await served.zero(9 * miB, miB);
      assert.ok(statSync(path).blocks <= storedBefore + 200, 'zeros are not written');
      await served.write(Buffer.alloc(miB, 7), 4 * miB);
      assert.equal(await bytesAt(4 * miB), 7, 'as soon as it was answered');
      const mixed = Buffer.alloc(miB, 9).fill(0, 0, miB / 2);
      await served.write(mixed, 4 * miB);
      assert.deepEqual([await bytesAt(4 * miB), await bytesAt(4.5 * miB)], [0, 9]);
      await served.flush();
      await served.become({ ...entry, access: 'write' });
      assert.equal(served.isThin, false);
      await served.write(Buffer.alloc(512, 5), 4 * miB);
      await served.flush();
      assert.deepEqual([await bytesAt(4 * miB), await bytesAt(4.5 * miB)], [5, 9]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
