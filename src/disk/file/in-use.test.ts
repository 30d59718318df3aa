import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeScattered, withFolder } from '../testing/folder.ts';
import { demandUnused, fileLocks, locksIn } from './in-use.ts';

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
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    assert.deepEqual(await fileLocks(path), []);
    await demandUnused(path, 'change');
  }));
