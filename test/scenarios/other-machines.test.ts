/** A coordinator, hosts of two kinds and a client, each on a machine of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Host, Vm } from '#api';
import { systemClock, withDeadline } from '#lib';
import { authorityFile } from '../../src/cli/connection.ts';
import { newGantry } from '../e2e/gantry.ts';
import { MachinesApart, withoutNamespaces } from './machines-apart.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const skip =
  withoutNamespaces ||
  (spawnSync('qemu-system-x86_64', ['--version']).status === 0 ? false : 'QEMU is not installed');

let folder = '';
let machines: MachinesApart | undefined;
before(() => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), 'gn-'));
  chmodSync(folder, 0o755);
  machines = new MachinesApart(['head', 'real', 'fake', 'desk']);
});
after(async () => {
  await machines?.[Symbol.asyncDispose]();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
const place = (...words: readonly string[]): string => join(folder, ...words);

async function untilThere(file: string, apart: MachinesApart): Promise<void> {
  await withDeadline(file, 60_000, undefined, async (signal) => {
    while (!existsSync(file)) await systemClock.sleep(50, signal);
  }).catch((cause: Error) => {
    throw new Error(`${cause.message}\n${apart.said}`, { cause });
  });
}

/** With the authority's file and the address after it. */
const fetchPage = [
  process.execPath,
  '-e',
  `const [authority, url] = process.argv.slice(1);
   const ca = require('node:fs').readFileSync(authority);
   require('node:https').get(url, { ca, headers: { accept: 'text/html' } }, (answer) => answer.pipe(process.stdout));`,
];

// First, since it builds the console that the other serves as well.
void test('HOST-34 coordinator and console run on the machine of a host', async () => {
  await using gantry = await newGantry();
  await gantry.must('up', '--simulate', '1x1', '--yes', '--listen', gantry.listen);
  const { counts } = await gantry.client().call('installation.show', {});
  assert.equal(counts.hosts, 1);
  const page = [...fetchPage, authorityFile(gantry.installation), `https://${gantry.listen}`];
  const { stdout } = spawnSync(page[0] ?? '', page.slice(1), { encoding: 'utf8' });
  assert.match(stdout, /<title>Gantry/i);
});

void test(
  'HOST-33 HOST-34 SEC-71 API-10 one coordinator, away from its hosts of two kinds, serves a client that is elsewhere; hosts only dial',
  { skip },
  async () => {
    assert.ok(machines);
    const apart = machines;
    const program = (name: string, words: string): readonly string[] => [
      ...node,
      join(root, `src/${name}/main.ts`),
      ...words.split(' '),
    ];
    const head = `--data ${place('c')} --config ${place('config')} --runtime ${place('r')}`;
    apart.start('head', program('coordinator', `${head} --listen 0.0.0.0:7443`));
    await untilThere(place('r', 'coordinator.json'), apart);
    const authority = place('authority.pem');
    writeFileSync(authority, readFileSync(place('c', 'authority', 'authority.pem')));
    const desk = {
      PATH: process.env['PATH'],
      HOME: folder,
      GANTRY_DATA: place('none'),
      GANTRY_AUTHORITY: authority,
      GANTRY_SERVER: `https://${apart.addressOfFirst('desk')}:7443`,
      GANTRY_TOKEN: readFileSync(place('c', 'access', 'local-token'), 'utf8').trim(),
    };
    const gantry = (...words: readonly string[]): Promise<string> =>
      apart.must('desk', [join(root, 'gantry'), ...words], desk);
    const json = async <T>(...words: readonly string[]): Promise<T> =>
      JSON.parse(await gantry(...words, '-o', 'json')) as T;

    for (const [machine, driver] of [
      ['real', '--driver qemu'],
      ['fake', '--driver simulated --vms 2'],
    ] as const) {
      const { token } = await json<{ token: string }>('host', 'join-token');
      writeFileSync(place(`${machine}.token`), `${token}\n`, { mode: 0o600 });
      const own = `--data ${place(machine)} --runtime ${place(`${machine}-run`)} --name ${machine}`;
      const server = `--coordinator https://${apart.addressOfFirst(machine)}:7443`;
      const proof = `--authority ${authority} --token-file ${place(`${machine}.token`)}`;
      apart.start(machine, program('agent', `${own} ${server} ${proof} ${driver}`));
    }
    const awaitHosts = fileURLToPath(new URL('await-hosts.ts', import.meta.url));
    await apart.must('desk', [...node, awaitHosts, 'real', 'fake'], desk);
    const hosts = await json<Host[]>('host', 'list');
    assert.deepEqual(hosts.map(({ name, driver }) => `${name} ${driver}`).sort(), [
      'fake simulated',
      'real qemu',
    ]);
    await gantry('vm', 'create', 'far', '--host', 'real', '--memory', '64M', '--network', 'none');
    const sim = (await json<Vm[]>('vm', 'list')).find(({ host }) => host === 'fake');
    assert.ok(sim);
    // Both in one session, by one command.
    await gantry('vm', 'turn-on', 'far', sim.name);
    const running = (await json<Vm[]>('vm', 'list')).filter(({ state }) => state === 'running');
    assert.ok(running.some(({ name }) => name === 'far'));
    assert.ok(running.some(({ name }) => name === sim.name));
    for (const machine of ['real', 'fake'] as const) {
      const { out } = await apart.run(machine, ['ss', '-Hlntu'], process.env);
      assert.equal(out, '', 'nothing listens on the machine of a host');
    }
    const page = await apart.run('desk', [...fetchPage, authority, desk.GANTRY_SERVER], desk);
    assert.match(page.out, /<title>Gantry/i);
    await gantry('vm', 'turn-off', 'far', sim.name, '--yes');
  },
);
