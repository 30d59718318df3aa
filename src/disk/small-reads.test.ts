import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kiB, miB } from '#lib';
import type { DiskFile } from './file/disk-file.ts';
import { openDisk } from './open.ts';
import { hostStore } from './store.ts';
import { withFolder } from './testing/folder.ts';
import { makeDisk } from './verbs/create.ts';

/** Disks whose bytes lie in the file as they are. */
const plain = [
  { format: 'raw' },
  { format: 'vhd', variant: 'fixed' },
  { format: 'vmdk', variant: 'monolithicFlat' },
] as const;

for (const { format, ...more } of plain) {
  test(`a small read of a ${format} reads, without asking the host what the range is`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/a.${format}`;
      const data = Buffer.alloc(16 * kiB, 7);
      const store = hostStore();
      await makeDisk({ path, format, sizeBytes: 4 * miB, ...more }, store, (disk) =>
        disk.write(data, miB),
      );
      let asked = 0;
      const counting = (file: DiskFile): DiskFile =>
        new Proxy(file, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name, target);
            if (typeof value !== 'function') return value;
            if (name === 'runAt') asked += 1;
            return value.bind(target) as unknown;
          },
        });
      const counted = {
        ...store,
        open: async (...given: Parameters<typeof store.open>) =>
          counting(await store.open(...given)),
      };
      await using disk = await openDisk({ path, store: counted, format });
      asked = 0;
      const read = Buffer.alloc(64 * kiB, 1);
      await disk.read(read, miB);
      assert.deepEqual(read.subarray(0, data.length), data);
      assert.ok(read.subarray(data.length).every((byte) => byte === 0));
      await disk.read(read, 3 * miB);
      assert.ok(read.every((byte) => byte === 0));
      assert.equal(asked, 0);
      assert.equal((await disk.runAt(2 * miB, miB)).kind, 'zero');
      await disk.read(Buffer.alloc(128 * kiB), miB);
      assert.ok(asked > 1);
    }));
}
