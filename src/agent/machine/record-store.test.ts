import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#log';
import { makeDefinition } from '../testing/simulated-host.ts';
import { RecordStore } from './record-store.ts';
import { newMachineFile } from './record.ts';

const place = { folder: '/f', file: '/f/v.json' };

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gr-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('HOST-39 what was saved is read back whole, readable by the agent alone', () =>
  withFolder(async (folder) => {
    const store = new RecordStore(folder, 'flushed', silentLog);
    await store.load();
    const file = newMachineFile(makeDefinition(), 7, place, 0);
    await store.save(file);
    const again = await new RecordStore(folder, 'flushed', silentLog).load();
    assert.deepEqual(again, { files: [file], damaged: [] });
    const { mode } = await stat(join(folder, `${file.definition.id}.json`));
    assert.equal(mode & 0o777, 0o600);
  }));

test('of many versions saved at once the last one is what stays', () =>
  withFolder(async (folder) => {
    const store = new RecordStore(folder, 'cached', silentLog);
    await store.load();
    const file = newMachineFile(makeDefinition(), 1, place, 0);
    const saves = Array.from({ length: 200 }, (_, generation) =>
      store.save({ ...file, generation }),
    );
    await Promise.all(saves);
    const { files } = await store.load();
    assert.equal(files[0]?.generation, 199);
  }));

test('a removed record is gone, also when it was saved right before', () =>
  withFolder(async (folder) => {
    const store = new RecordStore(folder, 'cached', silentLog);
    await store.load();
    const file = newMachineFile(makeDefinition(), 1, place, 0);
    void store.save(file);
    await store.remove(file.definition.id);
    await store.settle();
    assert.deepEqual(await readdir(folder), []);
  }));

test('a damaged record and one of a newer version are told, and others still read', () =>
  withFolder(async (folder) => {
    const store = new RecordStore(folder, 'cached', silentLog);
    await store.load();
    const files = [1, 2, 3].map((version) => newMachineFile(makeDefinition(), version, place, 0));
    for (const file of files) await store.save(file);
    const [first, second, third] = files.map(({ definition }) => definition.id);
    await writeFile(join(folder, `${first}.json`), '{"gantry":"mach');
    const text = await readFile(join(folder, `${second}.json`), 'utf8');
    await writeFile(join(folder, `${second}.json`), text.replace('"format":1', '"format":99'));
    await writeFile(join(folder, 'half.json.0123456789abcdef.tmp'), 'half');
    const again = await store.load();
    assert.deepEqual(
      again.files.map(({ definition }) => definition.id),
      [third],
    );
    assert.deepEqual(new Set(again.damaged), new Set([first, second]));
    assert.equal((await readdir(folder)).length, 3);
  }));

test('a record that the first version of the agent wrote is read, not taken for damaged', () =>
  withFolder(async (folder) => {
    const id = '7b0c3f5e-6a7e-4d0e-9c55-0d2f9f1c8a01';
    const old = new URL('golden/record-1.json', import.meta.url);
    await copyFile(old, join(folder, `${id}.json`));
    const store = new RecordStore(folder, 'cached', silentLog);
    const { files, damaged } = await store.load();
    assert.deepEqual(damaged, []);
    const [file] = files;
    assert.ok(file);
    assert.deepEqual([file.definition.name, file.state, file.generation], ['first', 'saved', 2]);
    assert.deepEqual([file.savedWith, file.pluggedMemory], [null, []]);
    await store.save(file);
    assert.deepEqual((await store.load()).files, [file]);
  }));

test('a record that cannot be written is a fault of the one who waits for it', () =>
  withFolder(async (folder) => {
    const inner = join(folder, 'machines');
    const store = new RecordStore(inner, 'cached', silentLog);
    await store.load();
    await rm(inner, { recursive: true });
    const file = newMachineFile(makeDefinition(), 1, place, 0);
    await assert.rejects(store.save(file), /cannot write the record/);
    await store.load();
    await store.save(file);
    assert.equal((await readdir(inner)).length, 1);
  }));
