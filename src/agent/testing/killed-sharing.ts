/** An agent that is killed while it shares the only adapter of its host, and what becomes of the host. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#lib';
import { silentLog } from '#log';
import { readBootId } from '../drivers/qemu/process/proc.ts';
import { LinuxAdapters } from '../network/linux/adapters/linux-adapters.ts';
import { must } from './net-guest.ts';
import { hostId } from './network-place.ts';
import type { Office } from './office.ts';

const limitMs = 30_000;
const program = join(import.meta.dirname, 'adapter-host.ts');

/** Calls of `ip` by which the adapter is shared. */
export const sharingCalls = 21;

/** Kills the agent in the place of its n-th call; past the last one when it waits to be confirmed. */
export async function killSharing(
  office: Office,
  call: number,
  then: 'guard' | 'next-agent',
): Promise<void> {
  const asBefore = office.has('eno1');
  const folder = await mkdtemp(join(tmpdir(), 'gk-'));
  try {
    const isMidway = call <= sharingCalls;
    const kill = `if [ $n = ${call} ]; then kill -9 $PPID; exit 1; fi`;
    const ip = office.watchedIp(isMidway ? kill : '');
    const { host, port } = office.coordinator;
    // The guard comes soon, but after the agent is killed, for it makes calls, too.
    const graceMs = isMidway ? 3_000 : 10_000;
    const args = [program, folder, ip, host, String(port), String(graceMs)];
    const agent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(agent, 'exit');
    agent.stdout.once('data', () => agent.kill('SIGKILL'));
    assert.deepEqual(await ended, [null, 'SIGKILL'], 'it was killed');
    if (then === 'next-agent') await beginNext(folder);
    const until = systemClock.now() + limitMs;
    while (office.has('eno1') !== asBefore && systemClock.now() < until)
      await systemClock.sleep(50);
    assert.equal(office.has('eno1'), asBefore, `killed at call ${call}, then: ${then}`);
  } finally {
    for (const name of ['gbr0', 'gnew-30000000'])
      if (must('ip', '-brief', 'link', 'show').includes(name))
        must('ip', 'link', 'del', 'dev', name);
    await rm(folder, { recursive: true, force: true });
  }
}

async function beginNext(dataDir: string): Promise<void> {
  const next = new LinuxAdapters({
    hostId,
    ip: must('which', 'ip').trim(),
    dataDir,
    bootId: readBootId(),
    coordinator: undefined,
    exclusively: (work) => work(),
    carried: () => [],
    onChange: () => undefined,
    onUndone: () => undefined,
    log: silentLog,
  });
  await next.begin();
  assert.equal(next.isIdle, true);
}
