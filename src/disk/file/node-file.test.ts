import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test, type TestContext } from 'node:test';
import { kiB } from '#lib';
import { withFolder } from '../testing/folder.ts';
import { openNodeFile } from './node-file.ts';

/** Counts the writes of this process, by its own thread and by others. */
function countWrites(t: TestContext) {
  const count = { here: 0, byThreads: 0, stallMs: 0 };
  const { write, writeSync } = fs;
  t.after(() => {
    Object.assign(fs, { write, writeSync });
    syncBuiltinESMExports();
  });
  Object.assign(fs, {
    write: (...given: Parameters<typeof write>) => {
      count.byThreads += 1;
      write(...given);
    },
    writeSync: (...given: Parameters<typeof writeSync>) => {
      count.here += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, count.stallMs);
      return writeSync(...given);
    },
  });
  syncBuiltinESMExports();
  return count;
}

test('a small write is made here where that is chosen, until one is slow: then threads make many', (t) =>
  withFolder(async (folder) => {
    const count = countWrites(t);
    const path = `${folder}/a.raw`;
    const file = await openNodeFile(path, 'create', { smallWrites: 'here' });
    const large = Buffer.alloc(256 * kiB, 1);
    await file.write(large, 0);
    assert.deepEqual([count.here, count.byThreads], [0, 1], 'a large one never');
    count.stallMs = 20;
    const small = Buffer.alloc(4 * kiB, 2);
    await file.write(small, 4 * kiB);
    assert.deepEqual([count.here, count.byThreads], [1, 1]);
    for (let index = 0; index < 10; index += 1) await file.write(small, (2 + index) * 4 * kiB);
    assert.deepEqual([count.here, count.byThreads], [1, 11]);
    await file.close();
    const expected = Buffer.from(large);
    expected.fill(2, 4 * kiB, 48 * kiB);
    assert.deepEqual(fs.readFileSync(path), expected);
  }));

test('where nothing is chosen threads make every write', (t) =>
  withFolder(async (folder) => {
    const count = countWrites(t);
    const file = await openNodeFile(`${folder}/a.raw`, 'create');
    await file.write(Buffer.alloc(4 * kiB, 2), 0);
    await file.close();
    assert.deepEqual([count.here, count.byThreads], [0, 1]);
  }));
