import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostStore, makeDisk, matchDisk, openDisk, parentFor } from '../mod.ts';
import { withFolder } from '../testing/folder.ts';

const mib = 1024 * 1024;
const store = hostStore();

test('a layer comes to hold what another disk holds, and takes up only what differs', () =>
  withFolder(async (folder) => {
    const path = (name: string): string => join(folder, name);
    await makeDisk(
      { path: path('base.qcow2'), format: 'qcow2', sizeBytes: 16 * mib },
      store,
      (disk) => disk.write(Buffer.alloc(8 * mib, 'base'), 0),
    );
    await makeDisk(
      { path: path('other.vmdk'), format: 'vmdk', sizeBytes: 12 * mib },
      store,
      async (disk) => {
        await disk.write(Buffer.alloc(8 * mib, 'base'), 0);
        await disk.write(Buffer.alloc(4096, 'else'), mib);
        await disk.write(Buffer.alloc(512, 'more'), 11 * mib);
        await disk.zero(2 * mib, 65_536);
      },
    );
    await using below = await openDisk({ path: path('base.qcow2'), store });
    const parent = await parentFor(path('top.qcow2'), below);
    await makeDisk(
      { path: path('top.qcow2'), format: 'qcow2', sizeBytes: 16 * mib, parent },
      store,
    );
    await using source = await openDisk({ path: path('other.vmdk'), store });
    const match = async (): Promise<number> => {
      await using target = await openDisk({ path: path('top.qcow2'), store, access: 'write' });
      return await matchDisk(target, source);
    };
    assert.equal(await match(), 4096 + 512 + 65_536);
    assert.ok((await stat(path('top.qcow2'))).blocks * 512 < mib, 'the rest is the parent’s');
    assert.equal(await match(), 0, 'again there is nothing to do');
    await using held = await openDisk({ path: path('top.qcow2'), store });
    const bytes = Buffer.alloc(12 * mib);
    const wanted = Buffer.alloc(12 * mib);
    await held.read(bytes, 0);
    await source.read(wanted, 0);
    assert.ok(bytes.equals(wanted));
    await assert.rejects(matchDisk(source, held), { code: 'invalid' });
  }));
