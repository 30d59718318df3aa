import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostStore, makeDisk, openDisk } from '#disk';
import { miB } from '#lib';
import { dropJournals, journalPath } from './journals.ts';
import { ServedDisk } from './served-disk.ts';

const store = hostStore();

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gj-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const access of ['write', 'when-written'] as const)
  void test(`what the process before had answered is there in a disk that is served to be opened: ${access}`, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a.vhd');
      await makeDisk({ path, format: 'vhd', sizeBytes: 16 * miB }, store);
      const journal = journalPath(join(folder, 'disks'), 'disk-virtio0-0');
      const killed = await openDisk({ path, store, access: 'write', journal });
      await killed.write(Buffer.alloc(miB, 7), 4 * miB);
      await killed.abandon();
      await using served = await ServedDisk.open(
        { name: 'a', path, format: 'vhd', access },
        store,
        journal,
      );
      const sector = Buffer.alloc(512);
      await served.read(sector, 4 * miB);
      assert.equal(sector[0], 7);
      await served.flush();
      await using disk = await openDisk({ path, store });
      await disk.read(sector, 4 * miB);
      assert.equal(sector[0], 7, 'after a flush it is in the file');
    }));

void test('journals go, and nothing else beside the socket does', () =>
  withFolder(async (folder) => {
    const socket = join(folder, 'disks');
    const other = ['disks', 'monitor', 'disks2.journal'];
    for (const name of other) writeFileSync(join(folder, name), '');
    const journal = journalPath(socket, 'a/b');
    for (const path of [journal, `${journal}.next`]) writeFileSync(path, '');
    assert.equal(readdirSync(folder).length, 5);
    await dropJournals(socket);
    assert.deepEqual(readdirSync(folder).sort(), other.sort());
    await dropJournals(join(folder, 'gone', 'disks'));
  }));
