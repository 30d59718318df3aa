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

test('large writes to a file are made one after the other, also behind one that fails', (t) =>
  withFolder(async (folder) => {
    const { write } = fs;
    t.after(() => {
      Object.assign(fs, { write });
      syncBuiltinESMExports();
    });
    const seen = { now: 0, most: 0, all: 0 };
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC', errno: -28 });
    type Done = (error: Error | null, count: number) => void;
    Object.assign(fs, {
      write: (
        ...[fd, from, at, length, offset, done]: [number, Buffer, number, number, number, Done]
      ) => {
        seen.now += 1;
        seen.all += 1;
        seen.most = Math.max(seen.most, seen.now);
        const isThird = seen.all === 3;
        // the host writes a part only, which is gone on with before the next one's turn
        write(fd, from, at, Math.min(length, 96 * kiB), offset, (error, count) => {
          seen.now -= 1;
          done(isThird ? full : error, count);
        });
      },
    });
    syncBuiltinESMExports();
    const path = `${folder}/a.raw`;
    const file = await openNodeFile(path, 'create');
    const size = 128 * kiB;
    const writes = [0, 1, 2, 3].map((index) =>
      file.write(Buffer.alloc(size, index + 1), index * size),
    );
    const ends = await Promise.allSettled(writes);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    assert.deepEqual(seen, { now: 0, most: 1, all: 7 });
    await file.close();
    const content = fs.readFileSync(path);
    for (const index of [0, 2, 3])
      assert.ok(
        content.subarray(index * size, (index + 1) * size).every((byte) => byte === index + 1),
      );
  }));
