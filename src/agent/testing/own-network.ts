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

const marker = 'GANTRY_TEST_NETWORK';
const limitMs = 600_000;

/** A reason to skip, or false. */
export const withoutNetworks: string | false =
  process.getuid?.() !== 0
    ? 'making networks takes root'
    : (['ip', 'nft', 'dnsmasq', 'busybox'].find(
        (name) => spawnSync('which', [name]).status !== 0,
      ) ?? false);

/** Whether the file runs inside. Where not, it is one test: that it passes inside. */
export function isInOwnNetwork(file: string): boolean {
  if (process.env[marker] === 'own') {
    spawnSync('ip', ['link', 'set', 'dev', 'lo', 'up']);
    // What interfaces say of themselves would be counted as traffic.
    writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
    return true;
  }
  const title = `${basename(file)} passes in a network namespace of its own`;
  const skip = withoutNetworks === false ? false : `${withoutNetworks} is missing`;
  void test(title, { skip, timeout: limitMs }, async (context) => {
    const { NODE_TEST_CONTEXT: _ofThisRun, ...environment } = process.env;
    const child = spawn(
      'unshare',
      ['--net', '--', process.execPath, '--test-reporter=spec', file],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, [marker]: 'own' },
        signal: context.signal,
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    const [code] = (await once(child, 'close')) as [number | null];
    for (const line of output.split('\n'))
      if (/^\s*[✔﹣]/.test(line)) context.diagnostic(line.trim());
    assert.equal(code, 0, output.slice(-20_000));
  });
  return false;
}
