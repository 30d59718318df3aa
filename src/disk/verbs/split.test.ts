import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { contentAt, makeScattered, store, withFolder } from '../testing/folder.ts';
import { makeDisk } from './create.ts';
import { joinDisk } from './join.ts';
import { splitDisk } from './split.ts';

const mib = 1024 * 1024;

async function split(path: string, folder: string, signal?: AbortSignal): Promise<string> {
  await using disk = await openDisk({ path, store });
  return await splitDisk(disk, { pieceBytes: mib, folder, signal });
}

void test('a disk that was split and joined is the same file, and its holes are kept', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vhd');
    const pieces = join(folder, 'p');
    await mkdir(pieces);
    await makeScattered({ path, format: 'vhd', variant: 'fixed', sizeBytes: 5 * mib }, 1);
    const list = await split(path, pieces);
    assert.deepEqual((await readdir(pieces)).toSorted(), [
      'a.vhd.001',
      'a.vhd.002',
      'a.vhd.003',
      'a.vhd.004',
      'a.vhd.005',
      'a.vhd.006',
      'a.vhd.pieces.json',
    ]);
    const joined = join(folder, 'b.vhd');
    const { format } = await joinDisk(list, joined);
    assert.equal(format, 'vhd');
    assert.ok((await readFile(joined)).equals(await readFile(path)));
    assert.ok((await contentAt(joined)).equals(await contentAt(path)));
    const huge = join(folder, 'huge.raw');
    await makeDisk({ path: huge, format: 'raw', sizeBytes: 40 * mib }, store);
    await joinDisk(await split(huge, pieces), join(folder, 'huge2.raw'));
    assert.equal((await stat(join(folder, 'huge2.raw'))).blocks, 0);
  }));

void test('pieces that are not whole are not joined, and nothing is left of the attempt', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.raw');
    await makeScattered({ path, format: 'raw', sizeBytes: 3 * mib }, 2);
    const list = await split(path, folder);
    const target = join(folder, 'b.raw');
    const second = join(folder, 'a.raw.002');
    const whole = await readFile(second);
    const damaged = Buffer.from(whole);
    damaged[777] = (damaged[777] ?? 0) ^ 1;
    await writeFile(second, damaged);
    await assert.rejects(joinDisk(list, target), { code: 'corrupt', message: /a\.raw\.002/ });
    await truncate(second, mib - 1);
    await assert.rejects(joinDisk(list, target), { code: 'corrupt' });
    await writeFile(second, whole);
    const before = await readdir(folder);
    assert.ok(!before.some((name) => name.startsWith('.')));
    await writeFile(target, 'mine');
    await assert.rejects(joinDisk(list, target), { code: 'exists' });
    assert.equal(await readFile(target, 'utf8'), 'mine');
    const { pieces, ...rest } = JSON.parse(await readFile(list, 'utf8')) as {
      readonly pieces: readonly Record<string, unknown>[];
    };
    const leading = { ...rest, pieces: pieces.map((piece) => ({ ...piece, name: '../a.raw' })) };
    await writeFile(list, JSON.stringify(leading));
    await assert.rejects(joinDisk(list, join(folder, 'c.raw')), { code: 'forbidden' });
    await writeFile(list, '{"gantry":"disk-pieces","pieces":[{}]}');
    await assert.rejects(joinDisk(list, join(folder, 'c.raw')), { code: 'corrupt' });
  }));

void test('a split that is cancelled leaves neither pieces nor a list, and the disk as it was', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.raw');
    await makeScattered({ path, format: 'raw', sizeBytes: 4 * mib }, 3);
    const before = await readFile(path);
    await assert.rejects(split(path, folder, AbortSignal.abort()));
    assert.deepEqual(await readdir(folder), ['a.raw']);
    assert.ok((await readFile(path)).equals(before));
    await writeFile(join(folder, 'a.raw.003'), 'mine');
    await assert.rejects(split(path, folder), { code: 'exists' });
    assert.deepEqual((await readdir(folder)).toSorted(), ['a.raw', 'a.raw.003']);
  }));

void test('a disk of several files is not split into pieces that would not be the disk', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.vmdk');
    const wanted = { path, format: 'vmdk', variant: 'monolithicFlat', sizeBytes: 4 * mib };
    await makeDisk(wanted, store);
    await assert.rejects(split(path, folder), { code: 'unsupported' });
  }));
