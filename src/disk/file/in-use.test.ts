import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeScattered, withFolder } from '../testing/folder.ts';
import { openDisk } from '../open.ts';
import { hostStore } from '../store.ts';
import { claimDisk, demandUnused, fileLocks, isInUse, locksIn } from './in-use.ts';
import { openNodeFile } from './node-file.ts';

void test('a lock of the list is found by device and inode, and our own do not count', () => {
  const list =
    '1: OFDLCK ADVISORY  WRITE -1 fe:01:77 100 101\n2: POSIX  ADVISORY  READ 12 fe:01:78 0 EOF\n' +
    `3: FLOCK  ADVISORY  WRITE ${process.pid} fe:01:79 0 EOF\nnonsense\n`;
  assert.deepEqual(locksIn(list, 0xfe01, 77), [{ kind: 'write', pid: undefined }]);
  assert.deepEqual(locksIn(list, 0xfe01, 78), [{ kind: 'read', pid: 12 }]);
  assert.deepEqual(locksIn(list, 0xfe01, 79), []);
  assert.deepEqual(locksIn(list, 0xfe02, 77), []);
});

void test('a disk that a QEMU has open is in use, and free when it ends', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.qcow2');
    await makeScattered({ path, format: 'qcow2', sizeBytes: 1024 * 1024 }, 1);
    await demandUnused(path, 'change');
    const disk = `qcow2,node-name=d,file.driver=file,file.filename=${path}`;
    const socket = `addr.type=unix,addr.path=${join(folder, 's')}`;
    const argv = ['--blockdev', disk, '--nbd-server', socket];
    const serve = ['--export', 'nbd,id=e,node-name=d,writable=on'];
    const monitor = ['--chardev', 'stdio,id=m', '--monitor', 'chardev=m'];
    const child = spawn('qemu-storage-daemon', [...argv, ...serve, ...monitor], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      await once(child.stdout, 'data'); // the monitor's greeting, after all else is open
      assert.ok((await fileLocks(path)).length > 0);
      await assert.rejects(demandUnused(path, 'change'), { code: 'refused' });
      await using disk = await openDisk({ path, store: hostStore([]), format: 'qcow2' });
      assert.equal(await isInUse(disk.layer.file), true);
      await using change = await openDisk({
        path,
        store: hostStore([]),
        format: 'qcow2',
        access: 'write',
      });
      await assert.rejects(claimDisk(change, 'change'), { code: 'refused' });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    assert.deepEqual(await fileLocks(path), []);
    await demandUnused(path, 'change');
  }));

/** The paths of files that are read whole while the test runs. */
function watchReads(t: TestContext): string[] {
  const { readFile } = fs.promises;
  const seen: string[] = [];
  t.after(() => {
    Object.assign(fs.promises, { readFile });
    syncBuiltinESMExports();
  });
  Object.assign(fs.promises, {
    readFile: (...given: Parameters<typeof readFile>) => {
      seen.push(String(given[0]));
      return readFile(...given);
    },
  });
  syncBuiltinESMExports();
  return seen;
}

void test('locks are asked for of the file, and the list of all locks is read where it has some', (t) =>
  withFolder(async (folder) => {
    const path = join(folder, 'a.raw');
    await makeScattered({ path, format: 'raw', sizeBytes: 1024 * 1024 }, 1);
    const reads = watchReads(t);
    const [first, second] = [await openNodeFile(path, 'write'), await openNodeFile(path, 'read')];
    assert.equal(await isInUse(first), false);
    assert.equal(second.lock?.('write'), true, 'who asked has not kept it');
    const open = { path, store: hostStore([]), format: 'raw' };
    await using disk = await openDisk(open);
    await assert.rejects(claimDisk(disk, 'read'), { code: 'refused' });
    assert.equal(first.isStill?.(), false);
    assert.equal(await isInUse(first), false, 'this program does not count');
    assert.deepEqual(reads, ['/proc/locks', '/proc/locks']);
    await second.close();
    await claimDisk(disk, 'read');
    assert.equal(first.lock?.('write'), false);
    assert.equal(first.lock?.('read'), true);
    assert.equal(reads.length, 2);
    await first.close();
  }));
