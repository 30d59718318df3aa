import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostScriptSchema, vmDefinitionSchema } from '#api';
import type { ScriptEnd, ScriptOf } from '../drivers/driver.ts';
import { newMachineFile, type MachineFile } from '../machine/record.ts';
import { bareDefinition } from '../testing/qemu-agent.ts';
import { maxRuns, maxWaiting, ScriptRunner } from './script-runner.ts';

const event = 'vm.state.powered-on';
const hostScript = hostScriptSchema.parse({ event: 'host.started', file: '/bin/true' });

function machine(): MachineFile {
  const settings = { scripts: [{ event, file: '/bin/true' }] };
  const definition = vmDefinitionSchema.parse({ ...bareDefinition(), settings });
  return newMachineFile(definition, 1, { folder: '/', file: '/vm.json' }, 0);
}

/** A host whose scripts end when they are told to. */
function slowHost(eventScripts = true) {
  const told: { vmId: string | null; name: string; reason: unknown }[] = [];
  const running: { readonly vm: string; readonly end: () => void }[] = [];
  const counts = { most: 0 };
  const host = {
    name: 'h',
    eventScripts,
    settings: { scripts: [hostScript] },
    outbox: { waiting: [] },
    emit(vmId: string | null, name: string, attributes: object): void {
      told.push({ vmId, name, reason: 'reason' in attributes ? attributes.reason : undefined });
    },
    driver: {
      async runScript(of: ScriptOf, _: unknown, signal: AbortSignal) {
        const end = Promise.withResolvers<void>();
        const run = { vm: of === 'host' ? of : of.definition.id, end: end.resolve };
        running.push(run);
        counts.most = Math.max(counts.most, running.length);
        if (signal.aborted) end.resolve();
        signal.addEventListener('abort', () => end.resolve(), { once: true });
        await end.promise;
        running.splice(running.indexOf(run), 1);
        const ended: ScriptEnd = { exitStatus: 0, failure: undefined, output: '', errorOutput: '' };
        return ended;
      },
    },
  };
  const eventOf = (file: MachineFile) => ({
    name: event,
    time: '2026-01-01T00:00:00.000Z',
    vmId: file.definition.id,
    actor: { kind: 'system', name: 'x' } as const,
    correlationId: null,
    attributes: {},
  });
  const runner = new ScriptRunner(host);
  const ofHost = (name: 'host.started' | 'host.stopped') => ({
    ...eventOf(machine()),
    name,
    vmId: null,
  });
  return {
    runner,
    told,
    running,
    counts,
    take: (file: MachineFile) => runner.take(file, eventOf(file)),
    takeOfHost: (name: 'host.started' | 'host.stopped') => runner.take(undefined, ofHost(name)),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('API-39 so many run at the same time and no more, one at a time for each vm', async () => {
  const { runner, running, counts, take, told } = slowHost();
  await using _ = runner;
  const first = machine();
  take(first);
  take(first);
  for (let index = 0; index < 2 * maxRuns; index += 1) take(machine());
  await turn();
  while (running.length > 0) {
    assert.equal(new Set(running.map(({ vm }) => vm)).size, running.length);
    running[0]?.end();
    await turn();
  }
  assert.equal(counts.most, maxRuns);
  assert.equal(told.filter(({ name }) => name === 'vm.script.finished').length, 2 * maxRuns + 2);
});

test('scripts of the host run for its events alone, one at a time beside those of vms', async () => {
  const { runner, running, told, take, takeOfHost } = slowHost();
  await using _ = runner;
  takeOfHost('host.started');
  takeOfHost('host.stopped');
  takeOfHost('host.started');
  const one = machine();
  take(one);
  await turn();
  assert.deepEqual(running.map(({ vm }) => vm).sort(), [one.definition.id, 'host'].sort());
  while (running.length > 0) {
    running[0]?.end();
    await turn();
  }
  const ofHost = told.filter(({ vmId }) => vmId === null).map(({ name }) => name);
  const [started, finished] = ['host.script.started', 'host.script.finished'];
  assert.deepEqual(ofHost, [started, finished, started, finished]);
});

test('what is too much to wait is told as failed', async () => {
  const { runner, take, told } = slowHost();
  await using _ = runner;
  const one = machine();
  for (let index = 0; index < maxWaiting + 3; index += 1) take(one);
  const failed = told.filter(({ name }) => name === 'vm.script.failed');
  assert.ok(failed.length >= 1 && failed.length <= 3);
  assert.match(String(failed[0]?.reason), /wait already/);
});

test('where the installation does not allow scripts none runs, and the end of the agent ends them', async () => {
  const forbidden = slowHost(false);
  forbidden.take(machine());
  await turn();
  assert.deepEqual(forbidden.told, []);
  const { runner, take, told } = slowHost();
  take(machine());
  await turn();
  await runner[Symbol.asyncDispose]();
  take(machine());
  await turn();
  assert.deepEqual(
    told.map(({ name }) => name),
    ['vm.script.started', 'vm.script.finished'],
  );
});
