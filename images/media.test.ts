import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFault } from '#lib';
import { listFatFiles, putFatFiles, readFatFile } from './fat.ts';
import { createBlankFloppy, floppyBytes } from './floppy/floppy.ts';
import { createIso, listIsoFiles, putIsoFiles, readIsoFile } from './iso.ts';
import { makeSeedIso } from './seed.ts';

const isInvalid = (error: unknown): boolean => isFault(error, 'invalid');
const isMissing = (error: unknown): boolean => isFault(error, 'not-found');

describe('media without a machine', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gmd-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('HW-46 a blank floppy takes files, replaces them, lists them and gives them back', async () => {
    const path = join(folder, 'blank.img');
    await createBlankFloppy(path, 'drivers');
    assert.equal((await stat(path)).size, floppyBytes);
    assert.deepEqual(await listFatFiles(path), []);
    const driver = Buffer.alloc(300_000, 'x');
    await putFatFiles(path, [
      { path: 'A long name.txt', data: Buffer.from('one') },
      { path: 'NET/E1000/driver.sys', data: driver },
    ]);
    await putFatFiles(path, [{ path: 'A long name.txt', data: Buffer.from('two') }]);
    await putFatFiles(path, [{ path: 'NET/readme', data: Buffer.from('three') }]);
    const names = ['A long name.txt', 'NET/E1000/driver.sys', 'NET/readme'];
    assert.deepEqual(await listFatFiles(path), names);
    assert.equal((await readFatFile(path, 'A long name.txt')).toString(), 'two');
    assert.ok((await readFatFile(path, 'NET/E1000/driver.sys')).equals(driver));
    await assert.rejects(readFatFile(path, 'absent'), isMissing);
  });

  test('a floppy that is full says so', async () => {
    const path = join(folder, 'full.img');
    await createBlankFloppy(path, 'FULL');
    const file = { path: 'big', data: Buffer.alloc(floppyBytes) };
    await assert.rejects(putFatFiles(path, [file]), (error) => isFault(error, 'exhausted'));
  });

  test('a floppy is not made over a file, and not with a bad label', async () => {
    const path = join(folder, 'there.img');
    await writeFile(path, 'mine');
    await assert.rejects(createBlankFloppy(path, 'X'), (error) => isFault(error, 'exists'));
    assert.equal(await readFile(path, 'utf8'), 'mine');
    await assert.rejects(createBlankFloppy(join(folder, 'n.img'), 'TOO LONG LABEL'), isInvalid);
  });

  test('names that leave a floppy or are patterns are refused', async () => {
    const path = join(folder, 'names.img');
    await createBlankFloppy(path, 'NAMES');
    for (const name of ['../x', '/x', 'a//b', 'a*', 'b?', 'C:x', '', 'a\nb', 'x'.repeat(300)]) {
      await assert.rejects(
        putFatFiles(path, [{ path: name, data: Buffer.alloc(1) }]),
        isInvalid,
        name,
      );
    }
    assert.deepEqual(await listFatFiles(path), []);
    await writeFile(path, Buffer.alloc(floppyBytes, 'no floppy '));
    await assert.rejects(listFatFiles(path), (error) => isFault(error, 'corrupt'));
  });

  test('HW-46 files go onto a CD and come back', async () => {
    const path = join(folder, 'cd.iso');
    const files = [
      { path: "it's here.txt", data: Buffer.from('one') },
      { path: 'deep/folder/program', data: Buffer.from('#!/bin/sh\n'), executable: true },
    ] as const;
    await createIso({ path, label: 'TEST-CD', files });
    assert.deepEqual(await listIsoFiles(path), ['deep/folder/program', "it's here.txt"]);
    assert.equal((await readIsoFile(path, "it's here.txt")).toString(), 'one');
    await putIsoFiles(path, [
      { path: "it's here.txt", data: Buffer.from('changed') },
      { path: 'deep/added', data: Buffer.from('two') },
    ]);
    const names = ['deep/added', 'deep/folder/program', "it's here.txt"];
    assert.deepEqual(await listIsoFiles(path), names);
    assert.equal((await readIsoFile(path, "it's here.txt")).toString(), 'changed');
    assert.equal((await readIsoFile(path, 'deep/added')).toString(), 'two');
    await assert.rejects(readIsoFile(path, 'absent'), isMissing);
    await assert.rejects(readIsoFile(path, '../etc/passwd'), isInvalid);
    // Volume label and date of the primary volume descriptor (ECMA-119, 8.4).
    const volume = (await readFile(path)).subarray(16 * 2048);
    assert.equal(volume.toString('latin1', 40, 72).trim(), 'TEST-CD');
    assert.equal(volume.toString('latin1', 813, 829), '2025010100000000');
  });

  test('CDs of the same files are the same to the byte', async () => {
    const files = [{ path: 'a/b', data: Buffer.from('one') }];
    const paths = [join(folder, 'one.iso'), join(folder, 'two.iso')] as const;
    for (const path of paths) await createIso({ path, label: 'TWIN', files });
    assert.ok((await readFile(paths[0])).equals(await readFile(paths[1])));
  });

  test('what is no CD is a fault', async () => {
    const path = join(folder, 'no.iso');
    await writeFile(path, Buffer.alloc(100_000, 'no CD '));
    await assert.rejects(listIsoFiles(path), (error) => isFault(error, 'corrupt'));
    await assert.rejects(createIso({ path, label: 'a label', files: [] }), isInvalid);
  });

  test('a seed CD has what cloud-init looks for', async () => {
    const path = join(folder, 'seed.iso');
    const metaData = 'instance-id: one\n';
    await makeSeedIso({
      path,
      userData: '#cloud-config\n',
      metaData,
      networkConfig: 'version: 2\n',
    });
    assert.deepEqual(await listIsoFiles(path), ['meta-data', 'network-config', 'user-data']);
    assert.equal((await readIsoFile(path, 'meta-data')).toString(), metaData);
    const volume = (await readFile(path)).subarray(16 * 2048);
    assert.equal(volume.toString('latin1', 40, 72).trim(), 'CIDATA');
    await assert.rejects(makeSeedIso({ path, userData: '', metaData: '' }), isInvalid);
    const big = '#'.repeat(2_000_000);
    await assert.rejects(makeSeedIso({ path, userData: big, metaData }), (error) =>
      isFault(error, 'too-large'),
    );
  });
});
