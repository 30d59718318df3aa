import assert from 'node:assert/strict';
import { link, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { contentAt, makeScattered, store, withFolder } from '../testing/folder.ts';
import { isZero } from '../zeros.ts';
import { makeDisk } from './create.ts';
import { wipeDisk } from './wipe.ts';

const sizeBytes = 4 * 1024 * 1024;

async function wipe(path: string): Promise<void> {
  await using disk = await openDisk({ path, store, access: 'write' });
  await wipeDisk(disk, { store });
}

for (const format of ['qcow2', 'vhd', 'vhdx', 'vmdk']) {
  void test(`a growing ${format} is empty afterwards, and not a byte of its old file is left`, () =>
    withFolder(async (folder) => {
      const [path, kept] = [join(folder, 'a'), join(folder, 'kept')];
      await makeScattered({ path, format, sizeBytes }, 1);
      // What the volume has of the old file when it has no name any more.
      await link(path, kept);
      const { size } = await stat(path);
      assert.ok(!isZero(await readFile(kept)));
      await wipe(path);
      const content = await contentAt(path);
      assert.deepEqual([content.length, isZero(content)], [sizeBytes, true]);
      await using after = await openDisk({ path, store });
      assert.equal(after.format, format);
      const old = await readFile(kept);
      assert.deepEqual([old.length, old.findIndex((byte) => byte !== 0)], [size, -1]);
      assert.deepEqual((await readdir(folder)).toSorted(), ['a', 'kept']);
    }));
}

for (const wanted of [
  { format: 'raw' },
  { format: 'vhd', variant: 'fixed' },
  { format: 'vhdx', variant: 'fixed' },
]) {
  void test(`a fixed ${wanted.format} is overwritten in its place`, () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a');
      await makeScattered({ path, sizeBytes, ...wanted }, 2);
      const before = await stat(path);
      await wipe(path);
      const after = await stat(path);
      assert.deepEqual([after.ino, after.size], [before.ino, before.size]);
      assert.ok(after.blocks >= before.blocks, 'nothing was given back instead');
      assert.ok(isZero(await contentAt(path)));
    }));
}

void test('what a wipe that was cut off has left is overwritten by the next one', () =>
  withFolder(async (folder) => {
    const [path, rest, kept] = ['a', '.a.wiped', 'kept'].map((name) => join(folder, name));
    assert.ok(path !== undefined && rest !== undefined && kept !== undefined);
    await makeScattered({ path, format: 'qcow2', sizeBytes }, 3);
    await writeFile(rest, 'what was there before');
    await link(rest, kept);
    await wipe(path);
    assert.ok(isZero(await readFile(kept)));
    // It had not begun: both names mean the disk.
    await link(path, rest);
    await wipe(path);
    assert.ok(isZero(await contentAt(path)));
    assert.deepEqual((await readdir(folder)).toSorted(), ['a', 'kept']);
  }));

void test('a differencing disk is not wiped', () =>
  withFolder(async (folder) => {
    const [base, child] = [join(folder, 'base'), join(folder, 'child')];
    await makeDisk({ path: base, format: 'qcow2', sizeBytes }, store);
    await makeScattered({ path: child, format: 'qcow2', sizeBytes, over: base }, 4);
    const before = await contentAt(child);
    await assert.rejects(wipe(child), { code: 'refused' });
    assert.ok((await contentAt(child)).equals(before));
  }));
