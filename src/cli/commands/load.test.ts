import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { firstWords, loadCommands } from './load.ts';
import { commands } from './mod.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Says at the end which modules of others were loaded, and how many of the API's. */
const witness = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  process.on('exit', () => {
    const packages = loaded.flatMap((url) => /node_modules\\/([^/]+)/.exec(url)?.[1] ?? []);
    const ofApi = loaded.filter((url) => url.includes('/src/api/'));
    console.error('loaded', JSON.stringify([[...new Set(packages)], ofApi.length > 0]));
  });
`)}`;

function run(...words: readonly string[]) {
  const argv = ['--import', witness, program, ...words];
  const { stdout, stderr, status } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  const loaded = /^loaded (.*)$/m.exec(stderr)?.[1] ?? '[]';
  return { stdout, stderr, status, loaded: JSON.parse(loaded) as unknown };
}

test('a command on disk files loads neither the API nor any package, until it is asked for YAML', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a.raw');
  writeFileSync(path, '');
  truncateSync(path, 1024 * 1024);
  const plain = run('disk', 'map', path);
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stdout, /^ +0 +1048576 +zero/m);
  assert.deepEqual(plain.loaded, [[], false]);
  const yaml = run('disk', 'convert', path, join(folder, 'a.qcow2'), '-o', 'yaml');
  assert.match(yaml.stdout, /^format: qcow2$/m, yaml.stderr);
  assert.deepEqual(yaml.loaded, [['yaml'], false]);
  const missing = run('--data', folder, 'disk', 'mapp', path);
  assert.match(
    missing.stderr,
    /^hint: did you mean: .*disk map/m,
    'a verb that is none is compared with the whole table',
  );
});

test('what names a command on disk files has these alone, all else the whole table', async () => {
  const names = async (...argv: readonly string[]): Promise<number> =>
    (await loadCommands(argv)).commands.length;
  const own = commands.filter(({ name }) => name.startsWith('disk ')).length;
  assert.equal(await names('disk', 'map', 'a.raw'), own);
  assert.equal(await names('--data', '/nowhere', 'disk', 'map', 'a.raw'), own);
  for (const argv of [[], ['help', 'disk', 'map'], ['disk'], ['disk', 'nothing'], ['vm', 'list']])
    assert.equal(await names(...argv), commands.length, argv.join(' '));
});

test('the words that may follow the program are those of the table', () => {
  const words = new Set(commands.map(({ name }) => name.split(' ', 1)[0] ?? ''));
  assert.deepEqual(firstWords, words);
});
