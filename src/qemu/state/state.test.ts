import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import * as qmp from '../qmp/commands.ts';
import {
  startBareQemu,
  startQemu,
  TemporaryFolder,
  withoutQemu,
  type RealQemu,
} from '../testing/real-qemu.ts';
import { restoreState } from './restore.ts';
import { saveState } from './save.ts';

const options = { skip: withoutQemu };

/** The firmware's count of timer interrupts: it moves only while the machine runs. */
async function readTicks(qemu: RealQemu): Promise<string> {
  const command = { 'command-line': 'xp /1xw 0x46c' };
  const answer = await qemu.qmp.execute('human-monitor-command', command);
  return String(answer).trim();
}

async function startRunning(folder: TemporaryFolder): Promise<RealQemu> {
  const qemu = await startBareQemu(folder);
  await qmp.cont(qemu.qmp);
  const first = await readTicks(qemu);
  while ((await readTicks(qemu)) === first) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  return qemu;
}

function startIncoming(folder: TemporaryFolder): Promise<RealQemu> {
  const path = folder.file('qmp2');
  const board = [
    '-machine',
    'pc',
    '-accel',
    'tcg',
    '-m',
    '32',
    '-display',
    'none',
    '-nodefaults',
    '-S',
  ];
  const monitor = [
    '-chardev',
    `socket,id=q,path=${path},server=on,wait=off`,
    '-mon',
    'chardev=q,mode=control',
  ];
  return startQemu([...board, ...monitor, '-incoming', 'defer'], path);
}

void test('VM-34 VM-35 a saved machine comes back exactly where it was', options, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startRunning(folder);
  const path = folder.file('state');
  const bytes = await saveState(qemu.qmp, { path, socketPath: folder.file('s') });
  assert.equal(statSync(path).size, bytes);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal((await qmp.queryStatus(qemu.qmp)).running, false);
  const ticks = await readTicks(qemu);
  await using second = await startIncoming(folder);
  const before = readFileSync(path);
  const heard: string[] = [];
  await restoreState(second.qmp, {
    path,
    socketPath: folder.file('s'),
    onProgress: ({ status }) => heard.push(status),
  });
  assert.equal(heard.at(-1), 'completed');
  assert.equal(await readTicks(second), ticks);
  assert.deepEqual(await qmp.queryStatus(second.qmp), { status: 'paused', running: false });
  await qmp.cont(second.qmp);
  assert.equal((await qmp.queryStatus(second.qmp)).running, true);
  assert.deepEqual(readFileSync(path), before);
  assert.equal(existsSync(folder.file('s')), false);
});

void test('VM-85 a save that fails leaves the machine running and no file', options, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startRunning(folder);
  const save = saveState(qemu.qmp, { path: '/nowhere/state', socketPath: folder.file('s') });
  await assert.rejects(save, (error) => error instanceof Fault);
  assert.equal((await qmp.queryStatus(qemu.qmp)).running, true);
  const path = folder.file('state');
  const reason = new Fault('cancelled', 'enough');
  const controller = new AbortController();
  const cancelled = saveState(qemu.qmp, {
    path,
    socketPath: folder.file('s'),
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await assert.rejects(cancelled, reason);
  assert.equal((await qmp.queryStatus(qemu.qmp)).running, true);
  assert.equal(
    existsSync(path) || existsSync(`${path}.part`) || existsSync(folder.file('s')),
    false,
  );
  await saveState(qemu.qmp, { path, socketPath: folder.file('s') });
  assert.ok(existsSync(path));
});

void test('VM-85 a device that cannot be saved is named at once', options, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startBareQemu(folder, ['-device', 'nvme,serial=x']);
  await qmp.cont(qemu.qmp);
  const [path, socketPath] = [folder.file('state'), folder.file('s')];
  const save = saveState(qemu.qmp, { path, socketPath, timeoutMs: 5_000 });
  await assert.rejects(save, (error) => {
    assert.ok(isFault(error, 'refused'));
    assert.match(error.message, /nvme/);
    return true;
  });
  assert.equal((await qmp.queryStatus(qemu.qmp)).running, true);
});

void test(
  'VM-85 a machine that was paused stays paused when saving it fails',
  options,
  async () => {
    await using folder = await TemporaryFolder.make();
    await using qemu = await startRunning(folder);
    await qmp.stop(qemu.qmp);
    const save = saveState(qemu.qmp, { path: '/nowhere/state', socketPath: folder.file('s') });
    await assert.rejects(save, (error) => error instanceof Fault);
    assert.equal((await qmp.queryStatus(qemu.qmp)).running, false);
  },
);

void test('a full disk is exhausted, and the machine runs on', options, async (t) => {
  await using folder = await TemporaryFolder.make();
  const small = folder.file('small');
  mkdirSync(small);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small]);
  if (mount.status !== 0) {
    t.skip('a small file system cannot be mounted here');
    return;
  }
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    spawnSync('umount', [small]);
  });
  const qemu = stack.use(await startRunning(folder));
  const save = saveState(qemu.qmp, { path: join(small, 'state'), socketPath: folder.file('s') });
  await assert.rejects(save, (error) => isFault(error, 'exhausted'));
  assert.equal((await qmp.queryStatus(qemu.qmp)).running, true);
  assert.deepEqual(readdirSync(small), []);
});

void test('what is no regular file is never replaced by a state', options, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startRunning(folder);
  const path = folder.file('link');
  symlinkSync(folder.file('elsewhere'), path);
  const save = saveState(qemu.qmp, { path, socketPath: folder.file('s') });
  await assert.rejects(save, (error) => isFault(error, 'invalid'));
  assert.ok(lstatSync(path).isSymbolicLink());
});

void test('VM-86 a state that is cut off is corrupt, and stays as it is', options, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startRunning(folder);
  const path = folder.file('state');
  const bytes = await saveState(qemu.qmp, { path, socketPath: folder.file('s') });
  truncateSync(path, Math.floor(bytes / 2));
  const garbage = folder.file('garbage');
  writeFileSync(garbage, Buffer.alloc(100_000, 'x'));
  for (const bad of [path, garbage]) {
    const content = readFileSync(bad);
    await using second = await startIncoming(folder);
    const restore = restoreState(second.qmp, { path: bad, socketPath: folder.file('s') });
    await assert.rejects(restore, (error) => isFault(error, 'corrupt'));
    assert.deepEqual(readFileSync(bad), content);
  }
});

void test('VM-86 a state that is not there is said, and QEMU still waits', options, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startIncoming(folder);
  const missing = { path: folder.file('none'), socketPath: folder.file('s') };
  await assert.rejects(restoreState(qemu.qmp, missing), (error) => isFault(error, 'not-found'));
  assert.equal((await qmp.queryStatus(qemu.qmp)).status, 'inmigrate');
});
