import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { programCommand, sourceFile } from './processes.ts';
import { programFile } from './program-build.ts';
import { runPrograms } from './programs.ts';

/** Says at its end what of Node.js was loaded. */
const witness = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => console.error("loaded", ...process.moduleLoadList.map((m) => m.split(" ")[1])))',
)}`;

function loadedBy(file: string): readonly string[] {
  const [executable = '', ...rest] = programCommand(file, ['--help']);
  const { stdout, stderr } = spawnSync(executable, ['--import', witness, ...rest], {
    encoding: 'utf8',
    // With what earlier runs have compiled nothing would be stripped of its types.
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
  });
  assert.match(stdout, /--data/);
  const told = /^loaded (.*)$/m.exec(stderr);
  assert.ok(told, stderr);
  return (told[1] ?? '').split(' ');
}

test('a program that was built loads neither the type stripper nor parts of Node.js that it has no use for', async () => {
  const file = await programFile('coordinator', AbortSignal.timeout(60_000));
  const loaded = loadedBy(file);
  const heavy = ['amaro', 'undici', 'http2', 'internal/deps/amaro', 'internal/deps/undici/undici'];
  for (const name of heavy) assert.ok(!loaded.some((one) => one.includes(name)), name);
  assert.ok(loadedBy(sourceFile('coordinator')).some((one) => one.includes('amaro')));
  // One letter of another alphabet would double what the source takes.
  assert.match(readFileSync(file, 'latin1'), /^[\0-\x7f]*$/);
});

test('HOST-43 an agent whose program was changed names what was, and does not run on', async (t) => {
  const built = await programFile('agent', AbortSignal.timeout(60_000));
  // As deep below the tree as what was built.
  const folder = mkdtempSync(join(dirname(dirname(realpathSync(built))), 'changed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(dirname(realpathSync(built)), folder, { recursive: true });
  const run = (): readonly [number | null, string] => {
    const options = ['--data', folder, '--runtime', folder, '--coordinator', 'https://127.0.0.1:1'];
    const command = programCommand(join(folder, 'agent.js'), options);
    const [executable = '', ...rest] = command;
    const { status, stderr } = spawnSync(executable, [...rest, '--driver', 'simulated'], {
      encoding: 'utf8',
    });
    return [status, stderr];
  };
  assert.match(run()[1], /^agent: (?!the installation is corrupt)/m, 'whole, it wants to join');
  appendFileSync(join(folder, 'writer.js'), '//');
  rmSync(join(folder, 'reader.js'));
  const [status, told] = run();
  assert.equal(status, 1);
  assert.match(
    told,
    /^agent: the installation is corrupt: \S+\/reader\.js is missing; \S+\/writer\.js was changed$/m,
  );
  assert.match(told, /^hint: delete \S+ and run gantry up/m);
  assert.match(readFileSync(join(folder, 'outbox.jsonl'), 'utf8'), /host\.installation-corrupt/);
});

test('what is built already is not built again, and is there for both programs', async () => {
  const signal = AbortSignal.timeout(60_000);
  const coordinator = await programFile('coordinator', signal);
  assert.match(coordinator, /dist\/programs\/current\/coordinator\.js$/);
  const begin = performance.now();
  const agent = await programFile('agent', AbortSignal.abort());
  assert.ok(existsSync(agent), `${performance.now() - begin} ms`);
});

test('a program in the foreground is not begun once it is to end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fg-'));
  t.after(() => rmSync(folder, { recursive: true }));
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
