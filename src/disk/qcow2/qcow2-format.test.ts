import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../open.ts';
import { store, withFolder } from '../testing/folder.ts';
import { runSuite } from '../testing/suite.ts';
import { makeDisk } from '../verbs/create.ts';
import { qcow2Format } from './qcow2-format.ts';

const mib = 1024 * 1024;
const parent = {
  path: '/store/base.raw',
  relativePath: 'base.raw',
  format: 'raw',
  identity: undefined,
  modifiedMs: 0,
};

runSuite({
  title: 'a qcow2',
  format: qcow2Format,
  options: { sizeBytes: 5 * mib + 512 },
  rounds: 20,
});
runSuite({
  title: 'a qcow2 of version 2 with clusters of 4 KiB',
  format: qcow2Format,
  options: { sizeBytes: 4 * mib + 1024, blockBytes: 4096, variant: 'v2' },
  rounds: 40,
});
runSuite({
  title: 'a qcow2 with clusters of 512 bytes, whose refcount table must grow',
  format: qcow2Format,
  options: { sizeBytes: 9 * mib, blockBytes: 512 },
  rounds: 12,
});
runSuite({
  title: 'a qcow2 over a parent',
  format: qcow2Format,
  options: { sizeBytes: 3 * mib + 512, blockBytes: 16384, parent },
  hasParent: true,
  rounds: 40,
});
runSuite({
  title: 'a qcow2 of version 2 over a parent',
  format: qcow2Format,
  options: { sizeBytes: 3 * mib, blockBytes: 16384, parent, variant: 'v2' },
  hasParent: true,
  rounds: 20,
});
runSuite({
  title: 'a qcow2 with subclusters over a parent',
  format: qcow2Format,
  options: { sizeBytes: 3 * mib + 512, blockBytes: 16384, parent, variant: 'v3-subclusters' },
  hasParent: true,
  rounds: 30,
});

void test('runs of clusters cross pages of tables and of counts, and those in place those with a new one', () =>
  withFolder(async (folder) => {
    const [path, raw] = [join(folder, 'a.qcow2'), join(folder, 'a.raw')];
    const content = Buffer.allocUnsafe(40 * mib);
    randomFillSync(content);
    const size = { sizeBytes: content.length, blockBytes: 16384 };
    await makeDisk({ path, format: 'qcow2', ...size }, store, async (disk) => {
      // single clusters in another order than that of the disk are not adjacent in the file
      for (let index = 0; index < 128; index += 1) {
        const at = ((index * 37) % 128) * 16384;
        await disk.write(content.subarray(at, at + 16384), at);
      }
      // every other piece first, so that the rest is written over what is there and what is not
      const piece = 3 * mib + 8192;
      for (let at = 0; at < content.length; at += 2 * piece)
        await disk.write(content.subarray(at, at + piece), at);
      await disk.flush();
      for (let at = piece - mib; at < content.length; at += 2 * piece)
        await disk.write(content.subarray(at, at + piece + 2 * mib), at);
    });
    writeFileSync(raw, content);
    execFileSync('qemu-img', ['check', '-q', path]);
    execFileSync('qemu-img', ['compare', '-q', '-F', 'raw', path, raw]);
    await using disk = await openDisk({ path, store });
    const bytes = Buffer.alloc(content.length);
    await disk.read(bytes, 0);
    assert.ok(bytes.equals(content));
  }));
