/** Every operation there is through the two generic tests: it fails at each step in turn, and every step runs twice. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testOperationKinds } from '../operations/conformance.ts';
import { OperationWorlds } from '../testing/operation-worlds.ts';
import { operationKinds } from './operation-kinds.ts';
import { migrateKind } from './vm/migrate-steps.ts';

let worlds: OperationWorlds;
before(async () => {
  worlds = await OperationWorlds.open();
});
after(() => worlds[Symbol.asyncDispose]());

test('every operation has a world to be tested in, and an action of its own', () => {
  const actions = operationKinds.map(({ action }) => action);
  assert.equal(new Set(actions).size, actions.length);
});

testOperationKinds(operationKinds, { world: (action) => worlds.make(action) });

describe('with a guest that works', () => {
  testOperationKinds([migrateKind], {
    world: (action) => worlds.make(action, { state: 'running' }),
  });
});
