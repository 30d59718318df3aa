import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isUuid, vmDefinitionSchema } from '#api';
import { HeldClock } from '../../testing/held-clock.ts';
import { Chance } from './chance.ts';
import { makeFleet } from './fleet.ts';
import { HandedGuests } from './handed.ts';
import { defaultSize, defaultTiming, noFaults, type SimulatedOptions } from './options.ts';

const options: SimulatedOptions = {
  seed: 'a',
  hostName: 'h',
  vms: 300,
  timing: defaultTiming,
  faults: noFaults,
  handed: await HandedGuests.open(join(tmpdir(), 'gantry-none', 'handed.json')),
  clock: new HeldClock(),
  ...defaultSize(300),
};

test('the same seed gives the same fleet, another one another', () => {
  const one = makeFleet(options, new Chance('a'));
  assert.deepEqual(makeFleet(options, new Chance('a')), one);
  const other = makeFleet(options, new Chance('b'));
  assert.notEqual(other[0]?.definition.id, one[0]?.definition.id);
});

test('every machine of a fleet is a valid one, with an id and a name of its own, in all stable states', () => {
  const fleet = makeFleet(options, new Chance('a'));
  for (const { definition } of fleet)
    assert.deepEqual(vmDefinitionSchema.parse(definition), definition);
  assert.ok(fleet.every(({ definition }) => isUuid(definition.id)));
  assert.equal(new Set(fleet.map(({ definition }) => definition.id)).size, 300);
  assert.equal(new Set(fleet.map(({ definition }) => definition.name)).size, 300);
  assert.deepEqual(
    new Set(fleet.map(({ state }) => state)),
    new Set(['running', 'off', 'paused', 'saved']),
  );
});

test('chance is even, and each draw is its own', () => {
  const chance = new Chance('x');
  const draws = Array.from({ length: 2000 }, (_, n) => chance.draw('n', n));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03, String(mean));
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
  assert.notEqual(chance.draw('a', 'b'), chance.draw('ab'));
});
