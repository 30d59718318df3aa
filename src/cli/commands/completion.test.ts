import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client } from '#api';
import { commands } from './mod.ts';
import { complete, completionScripts } from './completion.ts';

const noServer = (): Client => assert.fail('nothing is asked of a server');
const completed = (...words: readonly string[]): Promise<readonly string[]> =>
  complete(commands, words, noServer, AbortSignal.timeout(1000));

void test('nouns, verbs, options and the values of options are completed', async () => {
  assert.ok((await completed('')).includes('vm'));
  assert.ok((await completed('vm', 'sh')).includes('show'));
  assert.ok((await completed('--data', '/tmp/a', 'vm', 'sh')).includes('show'));
  assert.ok((await completed('vm', 'list', '--')).includes('--filter'));
  assert.deepEqual(await completed('vm', 'list', '-o', ''), [
    'table',
    'wide',
    'json',
    'yaml',
    'csv',
  ]);
});

void test('an option and its value do not count as arguments', async () => {
  assert.deepEqual(await completed('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await completed('completion', '-o', 'json', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await completed('completion', 'bash', ''), []);
});

void test('bash offers names as they are: what looks like a command is quoted and not run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gc-'));
  try {
    const ran = join(folder, 'ran');
    writeFileSync(join(folder, 'gantry'), `#!/bin/sh\necho '$(touch ${ran})'; echo 'two words'\n`);
    chmodSync(join(folder, 'gantry'), 0o755);
    const script = `${completionScripts['bash']}
COMP_WORDS=(${folder}/gantry vm show ''); COMP_CWORD=3
_gantry; printf '%s\\n' "\${COMPREPLY[@]}"
COMP_WORDS[3]=two; _gantry; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    assert.equal(stderr, '');
    const offered = stdout.trim().split('\n');
    assert.deepEqual(offered, [
      String.raw`\$\(touch\ ${ran}\)`,
      String.raw`two\ words`,
      String.raw`two\ words`,
    ]);
    assert.equal(spawnSync('test', ['-e', ran]).status, 1, 'nothing was run');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
