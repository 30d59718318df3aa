/** One operation for many vms: rights, and its end when it is cancelled; on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Operation } from '#api';
import { FakeAgent, makeDefinition, makeRecord, makeReport } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
  await stage.addHost('h1');
  await stage.act('POST', '/vms', { name: 'mine', start: true });
  await stage.act('POST', '/vms', { name: 'seen', start: true });
});
after(() => stage[Symbol.asyncDispose]());

test('one operation for many vms leaves out those that the caller may not act on', async () => {
  const token = await stage.addUser('half', [
    { role: 'use', objectKind: 'vm', object: 'mine' },
    { role: 'auditor', objectKind: 'vm', object: 'seen' },
  ]);
  const body = { action: 'turn-off', vms: ['seen', 'mine'] };
  const { json, status, text } = await stage.send('POST', '/vms/bulk', { body, token });
  assert.equal(status, 202, text);
  const operation = await stage.coordinator.operations.wait((json as Operation).id, 10_000);
  assert.deepEqual(operation.result?.['actedOn'], ['mine']);
  assert.deepEqual(operation.result?.['skipped'], [
    { vm: 'seen', why: 'you lack the right vm.power' },
  ]);
  assert.equal(stage.vm('seen')?.state, 'running');
});

test('one operation for many vms that is cancelled is at its end soon, and its coordinator goes on', async () => {
  const body = { action: 'restart', vms: ['seen'] };
  const { json } = await stage.send('POST', '/vms/bulk', { body });
  const { id } = json as Operation;
  const acts = (): boolean =>
    stage.coordinator.inventory.operation(id)?.steps[1]?.state === 'running';
  await stage.until(acts, 'it acts');
  await stage.send('POST', `/operations/${id}/cancel`);
  assert.equal((await stage.coordinator.operations.wait(id, 10_000)).state, 'cancelled');
});

test('one operation for many vms fails with one that is busy, and acts on the others', async () => {
  const { operations } = stage.coordinator;
  await using agent = await FakeAgent.join(stage, 'h2');
  const [busy, free] = [makeDefinition('busy'), makeDefinition('free')];
  const running = { state: 'running', wasRunning: true } as const;
  await agent.connect([makeRecord(busy, 1, running), makeRecord(free, 1, running)]);
  const asked = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<undefined>();
  agent.handlers['machine.act'] = async ({ id }: { id: string }) => {
    if (id !== busy.id) return { report: makeReport(free, { state: 'paused' }) };
    asked.resolve(undefined);
    await released.promise;
    return { report: makeReport(busy, { state: 'paused' }) };
  };
  const pausing = stage.act('POST', '/vms/busy/actions/pause');
  await asked.promise;
  const body = { action: 'pause', vms: ['busy', 'free'] };
  const { json } = await stage.send('POST', '/vms/bulk', { body });
  const { state, result } = await operations.wait((json as Operation).id, 10_000);
  released.resolve(undefined);
  await pausing;
  assert.deepEqual([state, result?.['actedOn']], ['done', ['free']]);
  const failed = result?.['failed'] as unknown as readonly { vm: string; why: string }[];
  assert.deepEqual(
    failed.map(({ vm }) => vm),
    ['busy'],
  );
  assert.match(failed[0]?.why ?? '', /vm busy is busy: vm\.pause is running/);
});
