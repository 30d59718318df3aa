import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEntry, makeEntry } from './cache.ts';

const key = 'a'.repeat(64);
const entry = { kind: 'test', key, file: 'image.raw', format: 'raw' } as const;

describe('the cache of images', () => {
  let cacheDir: string;
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'gca-'));
  });
  afterEach(async () => {
    await rm(cacheDir, { recursive: true, force: true });
  });

  const make = async (content: string): Promise<string> => {
    const facts = await makeEntry(cacheDir, entry, async (path) => {
      await writeFile(path, content);
    });
    return facts.sha256;
  };
  const path = (): string => join(cacheDir, key, 'image.raw');

  test('an entry is found again, with size and hash as it was made', async () => {
    assert.equal(await findEntry(cacheDir, key, 'size'), undefined);
    const sha256 = await make('content');
    const found = await findEntry(cacheDir, key, 'hash');
    assert.deepEqual(found, { ...entry, sizeBytes: 7, sha256 });
    assert.deepEqual(await readdir(cacheDir), [key]);
  });

  test('an entry of another size is not found, one of other content only unless read wholly', async () => {
    await make('content');
    await writeFile(path(), 'CONTENT');
    assert.notEqual(await findEntry(cacheDir, key, 'size'), undefined);
    assert.equal(await findEntry(cacheDir, key, 'hash'), undefined);
    await truncate(path(), 3);
    assert.equal(await findEntry(cacheDir, key, 'size'), undefined);
  });

  test('a damaged entry is replaced', async () => {
    await make('content');
    await truncate(path(), 3);
    await make('content');
    assert.equal(await readFile(path(), 'utf8'), 'content');
    assert.deepEqual(await readdir(cacheDir), [key]);
  });

  test('facts that are no JSON, too long or of another shape are no entry', async () => {
    const facts = join(cacheDir, key, 'image.json');
    for (const text of ['', '{', '[]', '{"kind":1}', 'x'.repeat(100_000)]) {
      await make('content');
      await writeFile(facts, text);
      assert.equal(await findEntry(cacheDir, key, 'size'), undefined);
      await rm(join(cacheDir, key), { recursive: true });
    }
  });

  test('a file name in the facts that leads elsewhere is no entry', async () => {
    await make('content');
    const facts = join(cacheDir, key, 'image.json');
    const text = await readFile(facts, 'utf8');
    await writeFile(facts, text.replace('image.raw', '../../etc/passwd'));
    assert.equal(await findEntry(cacheDir, key, 'size'), undefined);
  });

  test('of two builders at once both get one entry, the one that was first', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = makeEntry(cacheDir, entry, async (target) => {
      await writeFile(target, 'slow');
      await gate.promise;
    });
    const first = await make('fast');
    gate.resolve();
    assert.equal((await slow).sha256, first);
    assert.equal(await readFile(path(), 'utf8'), 'fast');
    assert.deepEqual(await readdir(cacheDir), [key]);
  });

  test('a failed build leaves nothing', async () => {
    const failing = makeEntry(cacheDir, entry, async (target) => {
      await writeFile(target, 'half');
      throw new Error('no more');
    });
    await assert.rejects(failing, /no more/);
    assert.deepEqual(await readdir(cacheDir), []);
  });

  test('a builder killed in the middle leaves no entry, and the next one clears up after it', async () => {
    const program = `
      import { writeFileSync } from 'node:fs';
      import { makeEntry } from ${JSON.stringify(join(import.meta.dirname, 'cache.ts'))};
      await makeEntry(process.argv[1], ${JSON.stringify(entry)}, async (path) => {
        writeFileSync(path, 'half');
        process.stdout.write('ready');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const argv = ['--input-type=module', '-e', program, cacheDir];
    const builder = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(builder.stdout, 'data');
    builder.kill('SIGKILL');
    await once(builder, 'exit');
    assert.equal(await findEntry(cacheDir, key, 'size'), undefined);
    assert.equal((await readdir(cacheDir)).length, 1);
    await make('whole');
    assert.deepEqual(await readdir(cacheDir), [key]);
    assert.equal(await readFile(path(), 'utf8'), 'whole');
  });

  test('the work of a builder that is alive is left alone', async () => {
    const gate = Promise.withResolvers<void>();
    const other = { ...entry, key: 'b'.repeat(64) };
    const slow = makeEntry(cacheDir, other, async (target) => {
      await gate.promise;
      await writeFile(target, 'slow');
    });
    while ((await readdir(cacheDir)).length === 0) await sleep(5);
    await make('fast');
    gate.resolve();
    await slow;
    assert.deepEqual((await readdir(cacheDir)).toSorted(), [key, other.key]);
  });

  test('the work of a builder on another machine is left alone', async () => {
    const foreign = join(cacheDir, 'work-elsewhere-1-abcdef');
    await mkdir(foreign);
    await make('content');
    assert.deepEqual((await readdir(cacheDir)).toSorted(), [key, 'work-elsewhere-1-abcdef']);
  });
});
