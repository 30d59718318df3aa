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
import { snapshotState } from './snapshot.ts';

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

void test(
  'the memory of a machine is kept while it runs on, and comes back as it was at that instant',
  options,
  async () => {
    await using folder = await TemporaryFolder.make();
    await using qemu = await startRunning(folder);
    const path = folder.file('state');
    const places = { path, socketPath: folder.file('s') };
    const seen: string[] = [];
    let ticks = '';
    const bytes = await snapshotState(qemu.qmp, {
      ...places,
      acceleration: 'kvm',
      async atRest() {
        seen.push((await qmp.queryStatus(qemu.qmp)).status);
        ticks = await readTicks(qemu);
      },
    });
    assert.equal(statSync(path).size, bytes);
    assert.deepEqual(seen, ['finish-migrate'], 'once, and it stands still');
    assert.equal((await qmp.queryStatus(qemu.qmp)).running, true);
    while ((await readTicks(qemu)) === ticks) await new Promise(setImmediate);
    await using second = await startIncoming(folder);
    await restoreState(second.qmp, places);
    assert.equal(await readTicks(second), ticks);
    // What it was done with has no part in what comes after it.
    const again = { ...places, path: folder.file('again') };
    assert.ok((await saveState(qemu.qmp, again)) > 0);
  },
);

void test(
  'a machine whose memory cannot be kept runs on, and there is no file',
  options,
  async () => {
    await using folder = await TemporaryFolder.make();
    await using qemu = await startRunning(folder);
    const places = { path: folder.file('state'), socketPath: folder.file('s') };
    const reason = new Fault('refused', 'not now');
    const failed = snapshotState(qemu.qmp, {
      ...places,
      acceleration: 'kvm',
      atRest: () => Promise.reject(reason),
    });
    await assert.rejects(failed, (error) => error === reason);
    assert.equal((await qmp.queryStatus(qemu.qmp)).running, true);
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.startsWith('state')),
      [],
    );
    await snapshotState(qemu.qmp, {
      ...places,
      acceleration: 'kvm',
      atRest: async () => undefined,
    });
    assert.ok(existsSync(places.path));
  },
);
