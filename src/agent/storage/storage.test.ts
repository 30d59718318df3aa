import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { makeDefinition } from '../testing/simulated-host.ts';
import { isInside, requireInside } from './allowed.ts';
import { sweepTemporaries, writeFileAtomic } from './atomic-file.ts';
import { readBacking } from './backing.ts';
import { readDefinitionFile, writeDefinitionFile } from './definition-file.ts';
import { findDefinitions } from './discover.ts';

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gf-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('no path, link or dot leads out of the folders that vms may use', () =>
  withFolder(async (folder) => {
    const allowed = join(folder, 'vms');
    await mkdir(join(allowed, 'a'), { recursive: true });
    await writeFile(join(folder, 'secret'), 's');
    await symlink(join(folder, 'secret'), join(allowed, 'a', 'link'));
    await symlink(folder, join(allowed, 'up'));
    const inside = (path: string): Promise<boolean> => isInside(path, [allowed]);
    assert.equal(await inside(join(allowed, 'a', 'disk.qcow2')), true);
    assert.equal(await inside(join(allowed, 'a', 'link')), false);
    assert.equal(await inside(join(allowed, 'up', 'secret')), false);
    assert.equal(await inside(join(allowed, '..', 'secret')), false);
    assert.equal(await inside(`${allowed}-other/disk`), false);
    assert.equal(await inside('/etc/shadow'), false);
    await assert.rejects(requireInside('/etc/shadow', [allowed]), (error) =>
      isFault(error, 'forbidden'),
    );
  }));

test('a file is written whole, with its mode, and nothing stays of an attempt that failed', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'f');
    await writeFileAtomic(path, 'one', { mode: 0o600, durability: 'flushed' });
    await writeFileAtomic(path, 'two', { mode: 0o600, durability: 'cached' });
    assert.equal(await readFile(path, 'utf8'), 'two');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await mkdir(join(folder, 'd'));
    await assert.rejects(
      writeFileAtomic(join(folder, 'd'), 'x', { mode: 0o600, durability: 'cached' }),
    );
    assert.deepEqual((await readdir(folder)).sort(), ['d', 'f']);
  }));

test('what killed writers left of a file is in nobody’s way and is swept; other files stay', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'f.json');
    const writer = `
      import { readdirSync } from 'node:fs';
      import { writeFileAtomic } from ${JSON.stringify(import.meta.resolve('./atomic-file.ts'))};
      const [path, folder] = process.argv.slice(1);
      const before = readdirSync(folder).length;
      const die = () => {
        if (readdirSync(folder).length > before) process.kill(process.pid, 'SIGKILL');
        setImmediate(die);
      };
      die();
      await writeFileAtomic(path, 'x'.repeat(2 ** 25), { mode: 0o600, durability: 'flushed' });`;
    for (const _ of ['first', 'second']) {
      const args = ['--input-type=module', '--eval', writer, path, folder];
      assert.equal(spawnSync(process.execPath, args).signal, 'SIGKILL');
    }
    const left = await readdir(folder);
    assert.equal(left.length, 2, left.join(' '));
    await writeFile(join(folder, 'mine.tmp'), 'kept');
    await writeFileAtomic(path, 'whole', { mode: 0o600, durability: 'flushed' });
    await sweepTemporaries(folder);
    assert.deepEqual((await readdir(folder)).sort(), ['f.json', 'mine.tmp']);
  }));

test('VM-04 VM-71 a configuration file is read back; a wrong one names the setting', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'vm.json');
    const definition = { ...makeDefinition(), extensions: { 'org.example': { kept: [1, 2] } } };
    await writeDefinitionFile(path, definition);
    assert.deepEqual(await readDefinitionFile(path), definition);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"machine": "q35"', '"machine": "vax"'));
    await assert.rejects(readDefinitionFile(path), /hardware\/machine/);
    await writeFile(path, text.replace('"format": 1', '"format": 2'));
    await assert.rejects(readDefinitionFile(path), (error) => isFault(error, 'unsupported'));
    await writeFile(path, 'not json');
    await assert.rejects(readDefinitionFile(path), (error) => isFault(error, 'invalid'));
    await assert.rejects(readDefinitionFile(join(folder, 'none')), (error) =>
      isFault(error, 'not-found'),
    );
  }));

test('FMT-46 a definition is a readable document with the version of its form; one of before has what came later as it is by default, and one of a newer form is refused by its number', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'vm.json');
    const definition = makeDefinition();
    await writeDefinitionFile(path, definition);
    const text = await readFile(path, 'utf8');
    assert.match(text, /^\{\n  "gantry": "vm",\n  "format": 1,\n  "definition": \{\n/);
    // As a version wrote it that knew neither resources nor settings, nor most of the hardware's.
    const { id, name, hardware } = definition;
    const before = { gantry: 'vm', format: 1, definition: { id, name, hardware } };
    await writeFile(path, JSON.stringify(before));
    const read = await readDefinitionFile(path);
    assert.deepEqual([read.name, read.hardware], [name, hardware]);
    assert.deepEqual(read.settings.start, { onHostStart: 'off', order: 100, delaySeconds: 0 });
    assert.deepEqual(
      [read.resources, read.description, read.production],
      [definition.resources, '', false],
    );
    await writeFile(path, JSON.stringify({ ...before, format: 7 }));
    await assert.rejects(
      readDefinitionFile(path),
      (error) =>
        isFault(error, 'unsupported') &&
        error.message.includes(`${path} was written by a newer version of Gantry`) &&
        error.message.includes('the format 7, and 1 is known') &&
        error.hint === 'update Gantry on this host',
    );
    // A field that nobody knows is not passed over either: it might mean something.
    const odd = { ...before, definition: { ...before.definition, later: 1 } };
    await writeFile(path, JSON.stringify(odd));
    await assert.rejects(readDefinitionFile(path), /later/);
  }));

test('HOST-31 HOST-37 definitions are found two levels deep; other files and links are not', () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    const one = makeDefinition();
    await writeDefinitionFile(join(folder, 'a', 'one.json'), one);
    await writeDefinitionFile(join(folder, 'a', 'b', 'deep.json'), makeDefinition());
    await writeFile(join(folder, 'a', 'other.json'), '{}');
    await symlink('/etc', join(folder, 'etc'));
    const first = join(folder, 'z-first');
    await mkdir(join(first, 'b'), { recursive: true });
    await writeDefinitionFile(join(first, 'b', 'two.json'), makeDefinition());
    const folders = [first, join(folder, 'a'), folder];
    const inOrder = await findDefinitions(folders, AbortSignal.timeout(5_000));
    assert.deepEqual(
      inOrder.map(({ file }) => file),
      [
        join(first, 'b', 'two.json'),
        join(folder, 'a', 'b', 'deep.json'),
        join(folder, 'a', 'one.json'),
      ],
      'in the order of the search path, each once',
    );
    await rm(first, { recursive: true });
    const found = await findDefinitions([folder, folder], AbortSignal.timeout(5_000));
    assert.deepEqual(
      found.map(({ file }) => file),
      [join(folder, 'a', 'one.json')],
    );
    assert.deepEqual(found[0]?.definition, one);
  }));

test('the parent in a header is read, and anything else is no parent', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'child.qcow2');
    const header = Buffer.alloc(512);
    header.writeUInt32BE(0x514649fb, 0);
    header.writeBigUInt64BE(128n, 8);
    header.write('base.qcow2', 128);
    header.writeUInt32BE('base.qcow2'.length, 16);
    await writeFile(path, header);
    assert.equal(await readBacking(path), join(folder, 'base.qcow2'));
    header.write('nbd:unix', 128);
    header.writeUInt32BE('nbd:unix'.length, 16);
    await writeFile(path, header);
    assert.equal(await readBacking(path), undefined);
    header.writeUInt32BE(0xffffffff, 16);
    await writeFile(path, header);
    assert.equal(await readBacking(path), undefined);
    await writeFile(path, 'short');
    assert.equal(await readBacking(path), undefined);
    assert.equal(await readBacking(join(folder, 'none')), undefined);
    await chmod(path, 0o600);
  }));
