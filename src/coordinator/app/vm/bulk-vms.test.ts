/** One operation for many vms: rights, and its end when it is cancelled; on a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Operation } from '#api';
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
