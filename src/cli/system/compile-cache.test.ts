import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fillCompileCache } from './compile-cache.ts';
import { programArguments, programEnvironment } from './processes.ts';
import { runPrograms } from './programs.ts';

/** Says at its end whether Node.js has loaded its type stripper. */
const witness = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => console.error("stripper", process.moduleLoadList.some((m) => m.includes("amaro"))))',
)}`;

function loadsStripper(): boolean {
  const [executable = '', ...rest] = programArguments('coordinator', ['--help']);
  const env = { ...process.env, ...programEnvironment() };
  const { stderr } = spawnSync(executable, ['--import', witness, ...rest], {
    encoding: 'utf8',
    env,
  });
  const told = /stripper (true|false)/.exec(stderr);
  assert.ok(told, stderr);
  return told[1] === 'true';
}

/** An empty cache for the time of the test. */
function useEmptyCache(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cc-'));
  const before = process.env['NODE_COMPILE_CACHE'];
  process.env['NODE_COMPILE_CACHE'] = folder;
  t.after(() => {
    if (before === undefined) delete process.env['NODE_COMPILE_CACHE'];
    else process.env['NODE_COMPILE_CACHE'] = before;
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test('a program that starts after the cache was filled has nothing left to compile', async (t) => {
  const folder = useEmptyCache(t);
  await fillCompileCache('coordinator');
  assert.equal(loadsStripper(), false);
  process.env['NODE_COMPILE_CACHE'] = `${folder}/empty`;
  assert.equal(loadsStripper(), true, 'the witness sees the stripper');
});

test('a program in the foreground is not begun once it is to end', async (t) => {
  const folder = useEmptyCache(t);
  const installation = {
    data: join(folder, 'data'),
    config: join(folder, 'config'),
    runtime: join(folder, 'run'),
    named: undefined,
    server: undefined,
    token: undefined,
  };
  const settings = { listen: '127.0.0.1:0', simulate: { hosts: 1, vms: 0 } };
  const ended = await runPrograms(installation, settings, AbortSignal.abort());
  assert.deepEqual(
    ended.map((program) => program.status),
    ['fulfilled', 'rejected'],
  );
  assert.equal(existsSync(installation.data), false);
});
