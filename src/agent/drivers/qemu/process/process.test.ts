import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { untilGone, sendSignal } from './exit.ts';
import { lastLines, rotateLog, shortenLog } from './log-file.ts';
import { findByArguments, identify, isAlive, parseStat, readBootId } from './proc.ts';
import { spawnProcess } from './spawn.ts';

const bootId = readBootId();

test('a name with spaces and parentheses does not confuse the reading of a process', () => {
  const rest = Array.from({ length: 50 }, (_, n) => String(n)).join(' ');
  assert.deepEqual(parseStat(`42 (a) b (c)) S ${rest}`), {
    state: 'S',
    cpuTicks: 21,
    startTicks: 18,
  });
  assert.equal(parseStat('nonsense'), undefined);
});

test('a pid of another time or another boot is another process', async () => {
  const own = identify(process.pid, bootId);
  assert.ok(own && isAlive(own, bootId));
  assert.equal(isAlive({ ...own, startTicks: own.startTicks + 1 }, bootId), false);
  assert.equal(isAlive({ ...own, bootId: 'before' }, bootId), false);
  // A signal to a process that has become another one is not sent.
  sendSignal({ ...own, startTicks: 1 }, bootId, 'SIGKILL');
});

test('a process in a session of its own ends by our signal and is seen to be gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gp-'));
  try {
    const mark = crypto.randomUUID();
    const logPath = join(folder, 'log');
    await writeFile(logPath, '');
    const watcher = watch(logPath);
    const spoke = once(watcher, 'change');
    const { pid, exited } = await spawnProcess({
      program: process.execPath,
      args: [
        '-e',
        'process.stderr.write("hello\\n"); setInterval(() => 0, 1000)',
        '--',
        '-uuid',
        mark,
      ],
      logPath,
      account: undefined,
      setpriv: undefined,
    });
    // A process has no arguments yet while the kernel loads its program, which "is spawned" may precede.
    await spoke;
    watcher.close();
    const identity = identify(pid, bootId);
    assert.ok(identity);
    const found = async (...wanted: [string, ...string[]]): Promise<readonly number[]> =>
      (await findByArguments(wanted)).map((one) => one.pid);
    assert.deepEqual(await found('-uuid', mark), [pid]);
    assert.deepEqual(await found(mark, '-uuid'), []);
    assert.deepEqual(await found('-uuid', mark, mark), []);
    assert.equal(await untilGone(identity, bootId, 1), false);
    sendSignal(identity, bootId, 'SIGKILL');
    assert.equal(await untilGone(identity, bootId, 5_000), true);
    assert.equal(await exited, 'signal SIGKILL');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a process that has ended and was not reaped is not alive', async () => {
  const child = spawn(process.execPath, ['-e', '0']);
  const identity = identify(child.pid ?? 0, bootId);
  await once(child, 'exit');
  assert.ok(identity);
  assert.equal(isAlive(identity, bootId), false);
});

test('a log stays bounded, keeps its end, and is told in printable lines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gl-'));
  try {
    const path = join(folder, 'log');
    assert.equal(await lastLines(path), '');
    await appendFile(path, 'line\n'.repeat(400_000));
    await appendFile(path, 'the \u001b[31mend\u0000\n');
    await shortenLog(path);
    assert.ok((await stat(path)).size < 100_000);
    assert.match(await lastLines(path), /the  \[31mend$/);
    await rotateLog(path);
    assert.equal(await lastLines(path), '');
    assert.match(await lastLines(`${path}.1`), /end$/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
