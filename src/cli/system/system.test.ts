import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Fault } from '#lib';
import { findInstallation, type Installation } from '../installation.ts';
import { findProgram, runForeground } from './processes.ts';
import { lastWords } from './running.ts';
import { parseListen, parseSimulate, readStartSettings, writeStartSettings } from './settings.ts';
import { unitName, unitText } from './systemd.ts';

function installationIn(context: TestContext): Installation {
  const data = mkdtempSync(join(tmpdir(), 'gantry-cli-'));
  context.after(() => rmSync(data, { recursive: true }));
  return findInstallation({ data }, { environment: {}, uid: 0, home: '/root' });
}

void test('addresses to listen on are parsed, and what is none is refused with an example', () => {
  assert.equal(parseListen('0.0.0.0:7443'), '0.0.0.0:7443');
  assert.equal(parseListen('7500'), '127.0.0.1:7500');
  assert.equal(parseListen('[::1]:7443'), '[::1]:7443');
  for (const text of ['', 'host', 'host:0', 'host:99999', 'a b:1', '127.0.0.1:'])
    assert.throws(() => parseListen(text), Fault, text);
});

void test('a fleet to simulate is HOSTSxVMS within bounds', () => {
  assert.deepEqual(parseSimulate('20x500'), { hosts: 20, vms: 500 });
  for (const text of ['20', '0x1', '20x', '20x500x1', '99999x1'])
    assert.throws(() => parseSimulate(text), Fault, text);
});

void test('what up was told is remembered, and a damaged file is a fault that says what to do', (context) => {
  const installation = installationIn(context);
  assert.equal(readStartSettings(installation), undefined);
  const settings = { listen: '127.0.0.1:7500', simulate: { hosts: 2, vms: 3 } };
  writeStartSettings(installation, settings);
  assert.deepEqual(readStartSettings(installation), settings);
  writeFileSync(join(installation.config, 'start.json'), '{"listen":1}');
  assert.throws(
    () => readStartSettings(installation),
    (error: unknown) => error instanceof Fault && /delete it/.test(error.hint ?? ''),
  );
});

void test('a pid that belongs to another process is not taken for ours', (context) => {
  const installation = installationIn(context);
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  writeStartSettings(installation, { listen: '127.0.0.1:1', simulate: null });
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const file = join(installation.data, 'agent.process.json');
  const remember = (content: object): void => writeFileSync(file, JSON.stringify(content));
  const here = { ...installation, runtime: installation.data };
  remember({ pid: process.pid, startTicks, bootId });
  assert.equal(findProgram(here, 'agent'), process.pid);
  remember({ pid: process.pid, startTicks: startTicks + 1, bootId });
  assert.equal(findProgram(here, 'agent'), undefined);
  remember({ pid: process.pid, startTicks, bootId: 'another boot' });
  assert.equal(findProgram(here, 'agent'), undefined);
});

void test('the unit of the agent leaves the processes of vms alone', (context) => {
  const installation = installationIn(context);
  const text = unitText(installation, 'agent', ['--data', '/srv/a b%c'], []);
  assert.match(text, /^KillMode=process$/m);
  assert.match(text, /^TimeoutStopSec=1800$/m);
  assert.match(text, /^WantedBy=multi-user\.target$/m);
  assert.match(text, /"\/srv\/a b%%c"/);
  assert.match(unitName(installation, 'agent'), /^gantry-[0-9a-f]{8}-agent\.service$/);
});

void test('the unit of the coordinator names its own account, and a capability only for a port below 1024', (context) => {
  const installation = installationIn(context);
  const unit = (listen: string, scope: readonly string[]): string =>
    unitText(installation, 'coordinator', ['--listen', listen], scope);
  const account = /^User=(gantry-[0-9a-f]{8}-coordinator)$/m;
  assert.match(unit('127.0.0.1:7443', []), account);
  assert.match(unit('127.0.0.1:7443', []), /^CapabilityBoundingSet=$/m);
  assert.match(unit('[::]:443', []), /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
  assert.doesNotMatch(unit('127.0.0.1:7443', ['--user']), /^User=|^ProtectHome=/m);
});

void test('what a program ends with is told with its own hint', () => {
  const log = [
    '{"level":30}',
    'coordinator: the store is damaged',
    'hint: put a backup in its place',
  ];
  assert.deepEqual(lastWords('coordinator', log), {
    reason: 'the store is damaged',
    hint: 'put a backup in its place',
  });
  assert.deepEqual(lastWords('agent', ['hint: of another', 'agent: no']), { reason: 'no' });
  assert.deepEqual(lastWords('agent', []), { reason: 'its log says nothing' });
});

void test('a program in the foreground is found while it runs, and not afterwards', async (context) => {
  const installation = installationIn(context);
  const stop = new AbortController();
  const waits = [process.execPath, '-e', 'setInterval(() => undefined, 1000)'];
  const ended = runForeground(installation, 'agent', waits, stop.signal);
  assert.ok(findProgram(installation, 'agent') !== undefined);
  stop.abort();
  await ended;
  assert.equal(findProgram(installation, 'agent'), undefined);
});
