import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';

const logging = `
  const { createLog } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)});
  const log = createLog('coordinator');
  for (let at = 0; at < 300; at += 1) log.error({ text: 'x'.repeat(10_000) }, 'cannot write');
  await new Promise(setImmediate);
  console.log('goes on');
`;

test('a program goes on when the disk that its log is written to is full', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', logging], {
      stdio: ['ignore', 'pipe', full],
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [0, 'goes on\n']);
  } finally {
    closeSync(full);
  }
});
