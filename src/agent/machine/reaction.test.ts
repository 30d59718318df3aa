import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDefinition } from '../testing/simulated-host.ts';
import { chooseReaction } from './reaction.ts';
import { newMachineFile, type MachineFile } from './record.ts';

const place = { folder: '/f', file: '/f/v.json' };

function machine(failure: unknown): MachineFile {
  return newMachineFile(makeDefinition({ settings: { failure } }), 1, place, 0);
}

test('VM-83 without a setting nothing reacts', () => {
  assert.equal(chooseReaction(machine({}), 0).decision, undefined);
});

test('VM-83 a reaction is repeated up to its limit within an hour, then given up', () => {
  let file = machine({ reaction: 'restart', maxRepetitions: 2 });
  const seen: unknown[] = [];
  for (const atMs of [0, 1_000, 2_000]) {
    const { decision, reactions } = chooseReaction(file, atMs);
    file = { ...file, reactions };
    seen.push(decision);
  }
  assert.deepEqual(seen, [
    { reaction: 'restart', repetition: 1, limit: 2 },
    { reaction: 'restart', repetition: 2, limit: 2 },
    { reaction: 'given up', repetition: 3, limit: 2 },
  ]);
  const later = chooseReaction(file, 3_601_500);
  assert.deepEqual(later.decision, { reaction: 'restart', repetition: 1, limit: 2 });
});
