/** The agent with the simulated driver as a process, against a coordinator made of bytes. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema, type LinkParams, type VmDefinition } from '#api';
import { isFault } from '#lib';
import { AgentProcess } from './testing/agent-process.ts';
import { FakeCoordinator, type FakeHost } from './testing/fake-coordinator.ts';

const cause = { actor: { kind: 'user', name: 'tester' }, correlationId: null } as const;

function definitionOf(name: string): VmDefinition {
  return vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name,
    hardware: profiles.modern.hardware,
  });
}

async function createVm(host: FakeHost, definition: VmDefinition): Promise<string> {
  const params = {
    id: definition.id,
    generation: 0,
    cause,
    definition,
    definitionVersion: 1,
    disks: [],
  };
  await host.call('machine.create', params);
  return definition.id;
}

function act(
  host: FakeHost,
  id: string,
  action: LinkParams<'machine.act'>['action'],
  generation: number,
  correlationId: string | null = null,
) {
  return host.call('machine.act', {
    id,
    generation,
    cause: { ...cause, correlationId },
    action,
    request: {},
  });
}

test('an agent joins with a token, keeps its certificate to itself, and links', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using agent = await AgentProcess.start(coordinator, '--driver', 'simulated', '--name', 'h');
  const host = await coordinator.host();
  assert.equal(host.hello?.hostName, 'h');
  assert.equal(host.hello?.driver, 'simulated');
  assert.equal(coordinator.tokens.has('token-1'), false);
  const { mode } = await stat(join(agent.folder, 'data', 'credentials.json'));
  assert.equal(mode & 0o777, 0o600);
});

test('a vm is created, started, paused, saved, restored and shut down over the link', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using _ = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  const id = await createVm(host, definitionOf('one'));
  assert.equal((await act(host, id, 'turn-on', 1)).report.state, 'running');
  assert.equal((await act(host, id, 'pause', 1)).report.state, 'paused');
  assert.equal((await act(host, id, 'resume', 1)).report.state, 'running');
  assert.equal((await act(host, id, 'save', 1)).report.state, 'saved');
  assert.equal((await act(host, id, 'restore', 2)).report.state, 'running');
  const { report } = await act(host, id, 'shutdown', 2);
  assert.equal(report.state, 'off');
  assert.equal(report.generation, 2);
  const wanted = [
    'vm.state.powered-on',
    'vm.state.suspended',
    'vm.state.resumed',
    'vm.state.saved',
    'vm.state.restored',
    'vm.shutdown.requested',
    'vm.shutdown.completed',
    'vm.state.powered-off',
  ];
  await host.until(
    'all events',
    () => host.events.filter(({ vmId }) => vmId === id).length >= wanted.length,
  );
  assert.deepEqual(
    host.events.filter(({ vmId }) => vmId === id).map(({ name }) => name),
    wanted,
  );
});

test('vms are as they were after the agent was killed', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using agent = await AgentProcess.start(coordinator, '--driver', 'simulated', '--vms', '5');
  const host = await coordinator.host();
  const id = await createVm(host, definitionOf('survivor'));
  await act(host, id, 'turn-on', 1);
  await agent.stop('SIGKILL');
  host.reports.clear();
  agent.run();
  await host.until('the second hello', () => host.links === 2);
  assert.equal(host.reports.get(id)?.state, 'running');
  assert.equal(host.reports.size, 6);
});

test('HOST-43 an agent whose configuration is damaged names it and does not run on; that is an event of its host', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using agent = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  await agent.stop();
  const path = join(agent.folder, 'data', 'host.json');
  const whole = await readFile(path, 'utf8');
  await writeFile(path, whole.slice(0, -20));
  agent.run();
  assert.equal(await agent.ended(), 1);
  assert.match(agent.output, /^agent: cannot read \S+\/host\.json/m);
  await writeFile(path, whole);
  agent.run();
  const named = (): string[] =>
    host.events
      .filter(({ name }) => name === 'host.installation-corrupt')
      .map(({ attributes }) => String(attributes['parts']));
  await host.until('the event', () => named().length > 0);
  const [parts = '', ...others] = named();
  assert.ok(parts.startsWith(`cannot read ${path}`), parts);
  assert.deepEqual(others, []);
});

test('accounts of vms pass through the agent’s folders whatever mask it was started with', async () => {
  await using coordinator = await FakeCoordinator.start();
  const before = process.umask(0o077);
  await using agent = await AgentProcess.start(coordinator, '--driver', 'simulated');
  process.umask(before);
  await coordinator.host();
  assert.equal((await stat(join(agent.folder, 'data'))).mode & 0o777, 0o711);
});

test('EVT-43 an agent that is told to end says farewell, one that is killed does not', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using agent = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  const codes: number[] = [];
  host.socket?.once('close', (code) => codes.push(code));
  assert.equal(await agent.stop(), 0);
  agent.run();
  await host.until('the second hello', () => host.links === 2);
  const lost = Promise.withResolvers<void>();
  host.socket?.once('close', (code) => {
    codes.push(code);
    lost.resolve();
  });
  await agent.stop('SIGKILL');
  await lost.promise;
  assert.deepEqual(codes, [1001, 1006]);
});

test('HOST-49 told to end because its system goes down, the agent ends its vms first', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using agent = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  const start = { onHostStart: 'if-was-running', order: 1, delaySeconds: 0 } as const;
  const definition = definitionOf('kept');
  const settings = { ...definition.settings, start };
  const id = await createVm(host, { ...definition, settings });
  await act(host, id, 'turn-on', 1);
  await agent.stop();
  assert.equal(host.reports.get(id)?.state, 'running', 'an agent that ends alone leaves it');

  const systemctl = join(agent.folder, 'systemctl');
  await writeFile(systemctl, '#!/bin/sh\necho stopping\nexit 1\n', { mode: 0o755 });
  agent.run({ PATH: `${agent.folder}:${process.env['PATH'] ?? ''}` });
  await host.until('the second hello', () => host.links === 2);
  host.events.length = 0;
  assert.equal(await agent.stop(), 0);
  assert.equal(host.reports.get(id)?.state, 'saved');

  agent.run();
  await host.until('the vm is back', () => host.reports.get(id)?.state === 'running', 60_000);
  const names = host.events.filter(({ vmId }) => vmId === null).map(({ name }) => name);
  assert.deepEqual(names, ['host.stopped', 'host.started']);
});

test('EVT-10 events written while the coordinator is away arrive later, in order, each once', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using _ = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  const id = await createVm(host, definitionOf('quiet'));
  host.acknowledge = 'never';
  await act(host, id, 'turn-on', 1);
  await act(host, id, 'pause', 1);
  await host.until('the events', () =>
    host.events.some(({ name }) => name === 'vm.state.suspended'),
  );
  const told = host.events.map(({ seq }) => seq);
  // The coordinator forgets what it did not commit: all but the first event.
  host.events.length = 1;
  host.acknowledge = 'at once';
  coordinator.cut();
  await host.until('the second hello', () => host.links === 2);
  await host.until('all events again', () => host.events.length >= told.length);
  assert.deepEqual(
    host.events.map(({ seq }) => seq),
    told,
  );
});

test('the same call again has no second effect, an older generation is refused', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using _ = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  const id = await createVm(host, definitionOf('again'));
  const first = act(host, id, 'turn-on', 1, 'c1');
  const second = act(host, id, 'turn-on', 1, 'c1');
  assert.equal((await first).report.state, 'running');
  assert.equal((await second).report.state, 'running');
  await act(host, id, 'turn-off', 1, 'c2');
  assert.equal((await act(host, id, 'turn-on', 1, 'c1')).report.state, 'off');
  await act(host, id, 'turn-on', 2, 'c3');
  await assert.rejects(act(host, id, 'turn-off', 1, 'c4'), (error) => isFault(error, 'stale'));
  const powered = (): number =>
    host.events.filter(({ name }) => name === 'vm.state.powered-on').length;
  // An event may come after the answer to the call that it is of.
  await host.until('the events of both starts', () => powered() >= 2);
  assert.equal(powered(), 2);
});

test('a method that is unknown and parameters that do not fit are refused', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using _ = await AgentProcess.start(coordinator, '--driver', 'simulated');
  const host = await coordinator.host();
  await assert.rejects(host.callRaw('machine.eat', {}).answer, (error) =>
    isFault(error, 'unsupported'),
  );
  await assert.rejects(host.callRaw('toString', {}).answer, (error) =>
    isFault(error, 'unsupported'),
  );
  await assert.rejects(host.callRaw('machine.act', { id: 1 }).answer, (error) =>
    isFault(error, 'invalid'),
  );
});

test('several simulated hosts run in one process, each with its own link and certificate', async () => {
  await using coordinator = await FakeCoordinator.start();
  await using agent = await AgentProcess.start(
    coordinator,
    '--driver',
    'simulated',
    '--name',
    'h',
    '--hosts',
    '3',
    '--vms',
    '4',
  );
  const hosts = await Promise.all(['h-1', 'h-2', 'h-3'].map((name) => coordinator.host(name)));
  const ids = hosts.flatMap((host) => [...host.reports.keys()]);
  assert.equal(new Set(ids).size, 12);
  assert.equal(coordinator.tokens.size, 0);
  const left = globSync(['token', 'data/**/join-key.pem'], { cwd: agent.folder });
  assert.deepEqual(left, [], 'all tokens are spent');
});
