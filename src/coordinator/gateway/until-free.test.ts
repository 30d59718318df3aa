import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { idOf } from '../inventory/testing/documents.ts';
import type { OperationsEngine } from '../operations/engine.ts';
import type { StepWork } from '../operations/kind.ts';
import { ann, hanging, started, submit } from '../operations/testing/steps.ts';
import { makeWorld, type World } from '../operations/testing/world.ts';
import { untilFree, type FreeContext } from './until-free.ts';

const web = idOf('web');
const forever = new AbortController().signal;

/** A vm that a shutdown has, which its guest never comes to the end of. */
async function shuttingDown(
  world: World,
): Promise<{ readonly engine: OperationsEngine<StepWork>; readonly id: string }> {
  const { step, begun } = hanging();
  const engine = await started(world, { action: 'vm.shutdown', steps: [step] });
  const { id } = await submit(engine, 'vm.shutdown');
  await begun;
  return { engine, id };
}

function contextOf(
  world: World,
  operations: OperationsEngine<StepWork>,
  now = (): number => systemClock.now(),
): FreeContext {
  return { inventory: world.inventory, operations, clock: { now } };
}

test('waits for the end of the operation that has the vm', async () => {
  await using world = await makeWorld(['web', 'db']);
  const { engine, id } = await shuttingDown(world);
  await using _ = engine;
  const context = contextOf(world, engine);
  await untilFree(context, idOf('db'), 'vm.update', forever);
  const free = untilFree(context, web, 'vm.update', forever);
  await engine.cancel(id, ann);
  await free;
  assert.equal(world.inventory.operation(id)?.state, 'cancelled');
});

test('does not wait for what the action overtakes', async () => {
  await using world = await makeWorld(['web']);
  const { engine, id } = await shuttingDown(world);
  await using _ = engine;
  await untilFree(contextOf(world, engine), web, 'vm.turn-off', forever);
  assert.equal(world.inventory.operation(id)?.state, 'running');
});

test('waits half a minute, and no longer than its caller', async () => {
  await using world = await makeWorld(['web']);
  const { engine, id } = await shuttingDown(world);
  await using _ = engine;
  const times = [0, 29_999, 30_000];
  const now = (): number => times.shift() ?? Number.NaN;
  await untilFree(contextOf(world, engine, now), web, 'vm.update', forever);
  assert.deepEqual(times, []);
  assert.equal(world.inventory.operation(id)?.state, 'running');
  const leaving = new AbortController();
  const free = untilFree(contextOf(world, engine), web, 'vm.update', leaving.signal);
  leaving.abort(new Error('the client has left'));
  await assert.rejects(free, /the client has left/);
});
