/** Clients of the API that know of a server only its address, its authority and a token. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, routes, type Vm } from '#api';
import { authorityFile, findConnection, trust } from '../../src/cli/connection.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

const script = fileURLToPath(new URL('../../gantry', import.meta.url));
const run = promisify(execFile);

let gantry: Gantry;
before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
  await gantry.must('vm', 'create', 'reached');
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
});

const isThere = (vms: readonly Vm[]): boolean => vms.some(({ name }) => name === 'reached');

void test('CLI and SDK take address and token of a server that is elsewhere; the CLI goes to the local one by default', async (t) => {
  const { token, authority } = findConnection(gantry.installation, {});
  const server = `https://${gantry.listen}`;
  // An account that has nothing of the installation but what it is given here.
  const home = mkdtempSync(join(tmpdir(), 'gh-'));
  t.after(() => rmSync(home, { recursive: true }));
  const away = {
    PATH: process.env['PATH'],
    HOME: home,
    GANTRY_DATA: join(home, 'none'),
    GANTRY_AUTHORITY: authorityFile(gantry.installation),
  };
  const list = ['vm', 'list', '-o', 'json'];
  const { stdout } = await run(script, [...list, '--server', server], {
    env: { ...away, GANTRY_TOKEN: token },
  });
  assert.ok(isThere(JSON.parse(stdout) as Vm[]));
  const inEnvironment = await run(script, list, {
    env: { ...away, GANTRY_TOKEN: token, GANTRY_SERVER: server },
  });
  assert.ok(isThere(JSON.parse(inEnvironment.stdout) as Vm[]));
  await assert.rejects(run(script, [...list, '--server', server], { env: away }), /no token for/);
  await assert.rejects(run(script, list, { env: away }), /no coordinator runs/);
  assert.ok(isThere(await gantry.json<Vm[]>('vm', 'list')), 'the local one without an address');

  trust(authority);
  const { items } = await new Client({ server, token }).call('vm.list', {});
  assert.ok(isThere(items));
  await assert.rejects(new Client({ server }).call('vm.list', {}), { code: 'unauthenticated' });
});

/** A Python that has what judges documents and values by their schemas. */
const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import jsonschema, openapi_spec_validator']).status === 0,
);

void test(
  'API-05 the OpenAPI document validates, and a client made from it in Python lists, starts and stops a vm',
  { skip: python === undefined && 'Python has no openapi_spec_validator here' },
  () => {
    const { token } = findConnection(gantry.installation, {});
    const program = join(import.meta.dirname, 'openapi-client.py');
    const said = execFileSync(
      python ?? '',
      [program, `https://${gantry.listen}`, authorityFile(gantry.installation), 'reached'],
      { input: `${token}\n`, encoding: 'utf8' },
    );
    const told = JSON.parse(said) as { readonly operations: number; readonly seen: unknown };
    assert.equal(told.operations, Object.keys(routes).length);
    assert.deepEqual(told.seen, [
      [['reached', 'off']],
      'done',
      [['reached', 'running']],
      'done',
      [['reached', 'off']],
    ]);
  },
);
