/** What the program answers before any command. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const product = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

function gantry(...words: readonly string[]): string {
  return spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' }).stdout;
}

void test('the version is that of the package', () => {
  assert.equal(gantry('--version'), `gantry ${product.version}\n`);
});

void test('help of a command is the same before it and behind it, and of a noun lists its verbs', () => {
  assert.match(gantry('help', 'vm', 'create'), /^usage: gantry vm create NAME/m);
  assert.equal(gantry('help', 'vm', 'create'), gantry('vm', 'create', '--help'));
  assert.match(gantry('help', 'folder'), /^ {2}folder move /m);
});
