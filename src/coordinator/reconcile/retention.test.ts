import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#log';
import { hourMs, levels, thingLevels } from '../samples/levels.ts';
import { day, Place } from '../samples/testing/place.ts';
import { retention } from './retention.ts';

test('MON-59 figures of each level are forgotten when they are as old as it says, and not before', async () => {
  await using place = await Place.open();
  const { store, inventory, clock } = place;
  const key = place.addVm('web');
  await store.putSamples(
    thingLevels.map((level) => ({ level, start: day, key, data: new Uint8Array(1) })),
  );
  const { run } = retention({ store, inventory, clock, log: silentLog });
  const kept = async (ageMs: number): Promise<readonly string[]> => {
    clock.ms = day + ageMs;
    await run(new AbortController().signal);
    const found = await Promise.all(
      thingLevels.map(async (level) => (await store.samples(level, [day], [key])).length),
    );
    return thingLevels.filter((_, index) => found[index] === 1);
  };
  const dayMs = 24 * hourMs;
  assert.deepEqual(await kept(dayMs), ['minute', 'five-minutes', 'hour']);
  assert.deepEqual(await kept(dayMs + levels.minute.spanMs), ['five-minutes', 'hour']);
  assert.deepEqual(await kept(7 * dayMs), ['five-minutes', 'hour']);
  assert.deepEqual(await kept(8 * dayMs), ['hour']);
  assert.deepEqual(await kept(397 * dayMs), ['hour']);
  assert.deepEqual(await kept(402 * dayMs), []);
});
