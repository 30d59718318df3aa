/** Partition tables as sfdisk writes them, with and without what firmware starts from. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { store, withFolder } from '../testing/folder.ts';
import { hasSystem } from './system.ts';

const sfdisk = '/usr/sbin/sfdisk';
const skip = existsSync(sfdisk) ? false : `${sfdisk} is not installed`;

const tables = [
  ['an active partition', 'label: dos\nsize=8M, type=83, bootable\nsize=8M, type=83\n', true],
  ['an MBR with an EFI system partition', 'label: dos\nsize=8M, type=ef\n', true],
  ['partitions of data', 'label: dos\nsize=8M, type=83\nsize=8M, type=7\n', false],
  [
    'a GPT with an EFI system partition',
    'label: gpt\nsize=8M, type=uefi\nsize=8M, type=linux\n',
    true,
  ],
  [
    'a GPT with a BIOS boot partition',
    'label: gpt\nsize=8M, type=linux\nsize=1M, type=21686148-6449-6E6F-744E-656564454649\n',
    true,
  ],
  ['a GPT with data', 'label: gpt\nsize=8M, type=linux\n', false],
] as const;

for (const [name, table, isThere] of tables)
  test(`a disk with ${name} has ${isThere ? 'a' : 'no'} system`, { skip }, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'disk.raw');
      await writeFile(path, '');
      await truncate(path, 32 * 1024 * 1024);
      const { status, stderr } = spawnSync(sfdisk, ['--quiet', path], { input: table });
      assert.equal(status, 0, stderr.toString());
      await using disk = await openDisk({ path, store, format: 'raw' });
      assert.equal(await hasSystem(disk), isThere);
    }),
  );

test('a disk without a table, or with one that leads nowhere, has no system', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'disk.raw');
    await writeFile(path, '');
    await truncate(path, 1024 * 1024);
    const judge = async (): Promise<boolean> => {
      await using disk = await openDisk({ path, store, format: 'raw' });
      return await hasSystem(disk);
    };
    assert.equal(await judge(), false);
    const file = await open(path, 'r+');
    // An active partition far beyond the end.
    await file.write(Buffer.from('80000000830000000100ffff00000001', 'hex'), 0, 16, 446);
    await file.write(Buffer.from('55aa', 'hex'), 0, 2, 510);
    await file.close();
    assert.equal(await judge(), false);
  }));
