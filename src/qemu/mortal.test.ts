import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { makeMortal } from './mortal.ts';

const setprivMissing = existsSync('/usr/bin/setpriv') ? false : 'setpriv is not installed';

void test(
  'a helper ends with the program that started it, even by kill -9',
  { skip: setprivMissing, timeout: 20_000 },
  async () => {
    const { program, args } = makeMortal('/bin/sh', ['-c', 'echo begun; exec sleep 60']);
    const code = `require('node:child_process').spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { stdio: ['ignore', process.stdout, 'ignore'] }); setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
    // Said by the helper, so that its death is arranged by then.
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    // the pipe ends when its last writer has ended: the helper, which would sleep for a minute, holds it too
    parent.stdout.resume();
    await once(parent.stdout, 'end');
  },
);

void test('a program that is not there fails as itself', () => {
  assert.deepEqual(makeMortal('/nowhere/qemu', ['-x']), { program: '/nowhere/qemu', args: ['-x'] });
});
