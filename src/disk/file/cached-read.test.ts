/** Reads from the page cache: what comes at once is what is there, and other work has its turn. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../testing/folder.ts';
import { readCached } from './cached-read.ts';
import { openNodeFile } from './node-file.ts';

const kib = 1024;
const content = randomFillSync(Buffer.alloc(256 * kib));

/** What is written is cached, until a tool is told to let go of it. */
const withFile = (work: (path: string, fd: number) => Promise<void>): Promise<void> =>
  withFolder(async (folder) => {
    const path = join(folder, 'file');
    writeFileSync(path, content);
    const fd = openSync(path, 'r');
    try {
      await work(path, fd);
    } finally {
      closeSync(fd);
    }
  });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const skip = readsHere() ? false : 'this Node or this C library has no preadv2';

function readsHere(): boolean {
  const fd = openSync(process.execPath, 'r');
  try {
    return readCached(fd, new Uint8Array(4), 0) === 4;
  } finally {
    closeSync(fd);
  }
}

test(
  'what is cached comes at once, into large and small buffers, and as much as there is',
  { skip },
  () =>
    withFile(async (_path, fd) => {
      await turn();
      for (const [length, offset, come] of [
        [64 * kib, 8 * kib, 64 * kib],
        [3, 77, 3],
        [4 * kib, 256 * kib - 100, 100],
        [4 * kib, 256 * kib, 0],
      ] as const) {
        const into = new Uint8Array(length + 2);
        assert.equal(readCached(fd, into.subarray(1, length + 1), offset), come, `${length}`);
        const wanted = Buffer.concat([content.subarray(offset, offset + come)]);
        assert.deepEqual(Buffer.from(into.subarray(1, come + 1)), wanted);
        assert.deepEqual([into[0], into[length + 1]], [0, 0]);
      }
      assert.equal(
        readCached(fd, new Uint8Array(65 * kib), 0),
        0,
        'a large one is left to a thread',
      );
    }),
);

test('what is not cached is left alone, and a file reads it all the same', { skip }, () =>
  withFile(async (path, fd) => {
    const args = [
      `of=${path}`,
      'oflag=nocache',
      'conv=notrunc,fdatasync',
      'count=0',
      'status=none',
    ];
    assert.equal(spawnSync('dd', args).status, 0);
    await turn();
    // A file system in memory keeps all.
    const come = readCached(fd, new Uint8Array(4 * kib), 0);
    assert.ok(come === 0 || come === 4 * kib);
    const file = await openNodeFile(path, 'read');
    for (let offset = 0; offset < content.length; offset += 4 * kib) {
      const into = Buffer.alloc(4 * kib);
      assert.equal(await file.read(into, offset), into.length);
      assert.ok(into.equals(content.subarray(offset, offset + into.length)), `${offset}`);
    }
    await file.close();
  }),
);

test(
  'whoever reads what is cached again and again does not keep others from their turn',
  { skip },
  () =>
    withFile(async (path) => {
      const file = await openNodeFile(path, 'read');
      const into = Buffer.alloc(512);
      let turns = 0;
      const others = setInterval(() => (turns += 1), 1);
      try {
        const end = performance.now() + 200;
        while (performance.now() < end) await file.read(into, 0);
      } finally {
        clearInterval(others);
        await file.close();
      }
      assert.ok(turns > 0, 'a timer had its turn');
    }),
);
