import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listMediaDrives } from './media-drives.ts';

test('drives for CDs and floppies are found by name, and no other block device', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-drives-'));
  try {
    for (const device of ['fd0', 'sr0', 'sr1', 'vda', 'loop0', 'dm-0'])
      await mkdir(join(folder, device, 'device'), { recursive: true });
    await writeFile(join(folder, 'sr0', 'device', 'vendor'), 'QEMU    \n');
    await writeFile(join(folder, 'sr0', 'device', 'model'), 'QEMU DVD-ROM    \n');
    assert.deepEqual(await listMediaDrives(folder), [
      { path: '/dev/fd0', drive: 'floppy', name: 'fd0' },
      { path: '/dev/sr0', drive: 'cd', name: 'QEMU QEMU DVD-ROM' },
      { path: '/dev/sr1', drive: 'cd', name: 'sr1' },
    ]);
    assert.deepEqual(await listMediaDrives(join(folder, 'none')), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
