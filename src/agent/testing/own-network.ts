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
const progressMark = 'so far: ';
/** For saying what came until then. */
const graceMs = 30_000;

/** A reason to skip, or false. */
export const withoutNetworks: string | false =
  process.getuid?.() !== 0
    ? 'making networks takes root'
    : (['ip', 'nft', 'dnsmasq', 'busybox'].find(
        (name) => spawnSync('which', [name]).status !== 0,
      ) ?? false);

export interface InsideLimit {
  /** For all of it. */
  readonly limitMs?: number;
  /** Instead: for the time between two lines that it says, where how long all takes is the machine's affair. */
  readonly silenceMs?: number;
}

/** What a long test inside says of how far it is: it is shown at once, and is a sign of life. */
export function tellProgress(text: string): void {
  process.stdout.write(`${progressMark}${text}\n`);
}

/** Whether the file runs inside. Where not, it is one test: that it passes inside, and within the limit. */
export function isInOwnNetwork(file: string, limit: InsideLimit = {}): boolean {
  if (process.env[marker] === 'own') {
    spawnSync('ip', ['link', 'set', 'dev', 'lo', 'up']);
    // What interfaces say of themselves would be counted as traffic.
    writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
    return true;
  }
  const title = `${basename(file)} passes in a network namespace of its own`;
  const skip = withoutNetworks === false ? false : `${withoutNetworks} is missing`;
  const { silenceMs, limitMs = silenceMs ?? usualLimitMs } = limit;
  const timeout = silenceMs === undefined ? limitMs + graceMs : Infinity;
  void test(title, { skip, timeout }, async (context) => {
    const { NODE_TEST_CONTEXT: _ofThisRun, ...environment } = process.env;
    const child = spawn(
      'unshare',
      ['--net', '--', process.execPath, '--test-reporter=spec', file],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, [marker]: 'own' },
      },
    );
    const overdue = setTimeout(() => child.kill('SIGKILL'), limitMs);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        const text = chunk.toString('utf8');
        output += text;
        if (text.includes(progressMark)) process.stdout.write(text);
        if (silenceMs !== undefined) overdue.refresh();
      });
    // Not 'close': a process that a failed test leaves behind would hold the pipes open.
    const closed = once(child, 'close');
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    clearTimeout(overdue);
    await Promise.race([closed, systemClock.sleep(1000)]);
    for (const line of output.split('\n'))
      if (/^\s*[✔﹣]/.test(line)) context.diagnostic(line.trim());
    const after = silenceMs === undefined ? 'after' : 'when nothing was said for';
    const ending =
      signal === null ? '' : `ended by ${signal}, at the latest ${after} ${limitMs} ms\n`;
    assert.equal(code, 0, ending + output.slice(-20_000));
  });
  return false;
}
