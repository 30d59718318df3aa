import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '#api';
import { commands } from './mod.ts';
import { complete } from './completion.ts';

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
