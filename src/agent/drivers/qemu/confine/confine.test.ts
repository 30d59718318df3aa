import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { giB, miB } from '#lib';
import { testDisk } from '../../../testing/qemu-agent.ts';
import { makeDefinition } from '../../../testing/simulated-host.ts';
import { spawnProcess } from '../process/spawn.ts';
import { allows, findBarrier } from './access.ts';
import { accountOfProcess } from './account-of.ts';
import { chooseUid, isClosed } from './accounts.ts';
import { ControlGroups, limitsOf, parseMounts, settingsV1, settingsV2 } from './cgroups.ts';

test('each vm has an account of its own, and the first of the range is nobody’s', () => {
  const range = { first: 1000, count: 4 };
  const taken: { uid: number }[] = [];
  for (const id of ['00000000-a', '00000000-b', 'ffffffff-c']) {
    taken.push({ uid: chooseUid(range, id, taken) });
  }
  assert.deepEqual(new Set(taken.map(({ uid }) => uid)), new Set([1001, 1002, 1003]));
  assert.throws(() => chooseUid(range, '12345678-d', taken), /all 4 accounts/);
});

test(
  'the account of a process is read from the process, whether the host knows the account or not',
  { skip: process.getuid?.() === 0 ? false : 'only root may give accounts away' },
  async () => {
    const account = { uid: 1_900_777, gid: 1_900_778, groups: [1_900_779] };
    const { pid, exited } = await spawnProcess({
      program: 'sleep',
      args: ['60'],
      logPath: '/dev/null',
      account,
      setpriv: '/usr/bin/setpriv',
    });
    // setpriv becomes the program once the account is its own.
    while (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep')) await setImmediate();
    assert.deepEqual(await accountOfProcess(pid), account);
    process.kill(pid, 'SIGKILL');
    await exited;
    assert.equal(await accountOfProcess(pid), undefined);
  },
);

test('an account is closed by a lock or its end, not by having no password', () => {
  const dayMs = 86_400_000;
  const isClosedWith = (password: string, expires = ''): boolean =>
    isClosed(`web:${password}:19000:0:99999:7::${expires}:`, 20_000 * dayMs);
  for (const none of ['*', '!', '!!', '!*', '']) assert.equal(isClosedWith(none), false, none);
  assert.equal(isClosedWith('$y$j9T$abc'), false);
  assert.equal(isClosedWith('!$y$j9T$abc'), true);
  assert.equal(isClosedWith('*', '19999'), true);
  assert.equal(isClosedWith('*', '20001'), false);
});

test('HOST-17 limits follow the definition, with room for what the emulator needs', () => {
  const definition = makeDefinition({
    hardware: { memory: { sizeBytes: giB, maxBytes: 2 * giB } },
    resources: { cpuWeight: 250, cpuMaximumPercent: 50 },
  });
  const limits = limitsOf(definition, 'kvm', 64 * miB);
  assert.deepEqual(limits, {
    cpuWeight: 250,
    cpuMaximum: 0.5,
    memoryBytes: 2 * giB + 320 * miB,
    processes: 257,
  });
  const served = makeDefinition({
    hardware: {
      memory: { sizeBytes: giB, maxBytes: 2 * giB },
      disks: [{ ...testDisk('d.vhd'), format: 'vhd' }],
    },
  });
  assert.equal(
    limitsOf(served, 'kvm', 64 * miB).memoryBytes - limits.memoryBytes,
    192 * miB,
    'what serves its disk',
  );
  assert.deepEqual(Object.fromEntries(settingsV2(limits)), {
    'cpu.weight': '250',
    'cpu.max': '50000 100000',
    'memory.max': String(limits.memoryBytes),
    'pids.max': '257',
  });
  assert.deepEqual(settingsV1(limits)['cpu'], [
    ['cpu.shares', '2560'],
    ['cpu.cfs_period_us', '100000'],
    ['cpu.cfs_quota_us', '50000'],
  ]);
});

test('control group mounts of both versions are told apart', () => {
  const text = [
    '30 24 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
    '35 24 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    '40 24 0:40 / /tmp rw - tmpfs tmpfs rw',
    'garbage',
  ].join('\n');
  assert.deepEqual(
    parseMounts(text).map(({ path, type }) => [path, type]),
    [
      ['/sys/fs/cgroup/cpu', 'cgroup'],
      ['/sys/fs/cgroup/unified', 'cgroup2'],
    ],
  );
});

/** In one hierarchy, over all installations. */
function countGroups(id: string): number {
  const folders = globSync(['/sys/fs/cgroup/gantry/*/*', '/sys/fs/cgroup/pids/gantry/*/*']);
  return folders.filter((path) => basename(path) === id).length;
}

test('groups that a killed agent left are removed by the next one; those of others and of processes stay', async (t) => {
  const ended = crypto.randomUUID();
  const live = crypto.randomUUID();
  const limits = limitsOf(makeDefinition(), 'tcg', 64 * miB);
  const killed = ControlGroups.find('/one installation');
  const other = ControlGroups.find('/another installation');
  if (!killed.enforced) {
    t.skip(killed.describe);
    return;
  }
  const guest = spawn('sleep', ['60']);
  try {
    for (const groups of [killed, other]) groups.set(ended, limits);
    killed.set(live, limits);
    await killed.join(live, guest.pid ?? 0);
    const next = ControlGroups.find('/one installation');
    assert.deepEqual([countGroups(ended), countGroups(live)], [1, 1]);
    next.close();
    assert.equal(countGroups(live), 1, 'a process is in it');
  } finally {
    await kill(guest);
    for (const groups of [killed, other]) groups.close();
  }
  assert.deepEqual([countGroups(ended), countGroups(live)], [0, 0]);
});

test('a vm that starts again while its last process still leaves keeps its new group', async (t) => {
  const id = crypto.randomUUID();
  const limits = limitsOf(makeDefinition(), 'tcg', 64 * miB);
  const groups = ControlGroups.find('/starts again');
  if (!groups.enforced) {
    t.skip(groups.describe);
    return;
  }
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [last, next] = [spawn('sleep', ['60']), spawn('sleep', ['60'])];
  try {
    groups.set(id, limits);
    await groups.join(id, last.pid ?? 0);
    groups.remove(id);
    groups.set(id, limits);
    await kill(last);
    t.mock.timers.tick(60_000);
    await groups.join(id, next.pid ?? 0);
    assert.equal(countGroups(id), 1);
  } finally {
    for (const one of [last, next]) await kill(one);
    groups.remove(id);
    groups.close();
  }
  assert.equal(countGroups(id), 0);
});

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, 'exit');
  process.kill('SIGKILL');
  await gone;
}

test('owner, group and others are asked in that order, as the kernel does', () => {
  const file = { mode: 0o604, uid: 5, gid: 6 };
  assert.equal(allows(file, { uid: 5, gid: 9, groups: [] }, 'write'), true);
  assert.equal(allows(file, { uid: 7, gid: 6, groups: [] }, 'read'), false);
  assert.equal(allows(file, { uid: 7, gid: 9, groups: [6] }, 'read'), false);
  assert.equal(allows(file, { uid: 7, gid: 9, groups: [] }, 'read'), true);
  assert.equal(allows(file, { uid: 0, gid: 0, groups: [] }, 'write'), true);
});

test('the first folder that an account cannot pass is named', async () => {
  const base = await mkdtemp(join(tmpdir(), 'gc-'));
  try {
    await chmod(base, 0o755);
    const inner = join(base, 'closed', 'open');
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, 'disk'), '');
    const stranger = { uid: 54_321, gid: 54_321, groups: [] };
    assert.equal(await findBarrier(join(inner, 'disk'), stranger), undefined);
    await chmod(join(base, 'closed'), 0o700);
    assert.equal(await findBarrier(join(inner, 'disk'), stranger), join(base, 'closed'));
  } finally {
    await rm(base, { recursive: true, force: true });
  }
});
