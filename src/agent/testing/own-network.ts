/**
 * Tests of networks run in a network namespace of their own: nothing of them is on the machine's interfaces,
 * and nothing of the machine is in their way. A process cannot change into one, so the file runs again inside.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#lib';

const marker = 'GANTRY_TEST_NETWORK';
const usualLimitMs = 300_000;
/** For saying what came until then. */
const graceMs = 30_000;

/** A reason to skip, or false. */
export const withoutNetworks: string | false =
  process.getuid?.() !== 0
    ? 'making networks takes root'
    : (['ip', 'nft', 'dnsmasq', 'busybox'].find(
        (name) => spawnSync('which', [name]).status !== 0,
      ) ?? false);

/** Whether the file runs inside. Where not, it is one test: that it passes inside, and within the limit. */
export function isInOwnNetwork(file: string, limitMs = usualLimitMs): boolean {
  if (process.env[marker] === 'own') {
    spawnSync('ip', ['link', 'set', 'dev', 'lo', 'up']);
    // What interfaces say of themselves would be counted as traffic.
    writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
    return true;
  }
  const title = `${basename(file)} passes in a network namespace of its own`;
  const skip = withoutNetworks === false ? false : `${withoutNetworks} is missing`;
  void test(title, { skip, timeout: limitMs + graceMs }, async (context) => {
    const { NODE_TEST_CONTEXT: _ofThisRun, ...environment } = process.env;
    const child = spawn(
      'unshare',
      ['--net', '--', process.execPath, '--test-reporter=spec', file],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, [marker]: 'own' },
        timeout: limitMs,
        killSignal: 'SIGKILL',
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    // Not 'close': a process that a failed test leaves behind would hold the pipes open.
    const closed = once(child, 'close');
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    await Promise.race([closed, systemClock.sleep(1000)]);
    for (const line of output.split('\n'))
      if (/^\s*[✔﹣]/.test(line)) context.diagnostic(line.trim());
    const ending = signal === null ? '' : `ended by ${signal}, at the latest after ${limitMs} ms\n`;
    assert.equal(code, 0, ending + output.slice(-20_000));
  });
  return false;
}
