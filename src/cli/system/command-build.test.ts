import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './processes.ts';

/** Says what the commands run from. */
const witness = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => console.error("ran", process.argv[1]))',
)}`;

test('commands run from one file for as long as no source is newer, by a time that nothing sets back', (t) => {
  const tree = mkdtempSync(join(tmpdir(), 'gc-'));
  t.after(() => rmSync(tree, { recursive: true }));
  for (const name of ['src', 'images', 'gantry', 'package.json', 'package-lock.json'])
    cpSync(join(root, name), join(tree, name), { recursive: true });
  for (const name of ['node_modules', '.toolchain'])
    symlinkSync(join(root, name), join(tree, name));
  const run = (...words: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(join(tree, 'gantry'), words, {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `--import ${witness}` },
    });
    assert.match(stdout, /^gantry \d/, stderr);
    return /^ran (.*)$/m.exec(stderr)?.[1]?.slice(tree.length + 1) ?? '';
  };
  const build = (): void => {
    const module = join(tree, 'src/cli/system/command-build.ts');
    const words = [
      '-e',
      `import(${JSON.stringify(module)}).then((m) => m.ensureCommands(AbortSignal.timeout(60_000)))`,
    ];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  assert.equal(run('--version'), 'src/cli/main.ts');
  build();
  assert.equal(run('--version'), 'dist/commands/current/main.js');
  const source = join(tree, 'src/cli/version.ts');
  utimesSync(source, 0, 0);
  assert.equal(run('--version'), 'src/cli/main.ts', 'a source came, with the time of an old one');
  build();
  assert.equal(run('--version'), 'dist/commands/current/main.js', 'looked at again');
  const more = join(tree, 'src/cli/more.ts');
  writeFileSync(more, '');
  build();
  rmSync(more);
  assert.equal(run('--version'), 'src/cli/main.ts', 'a source went');
});
