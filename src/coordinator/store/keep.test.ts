import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#log';
import { installationSettingsSchema } from '#api';
import { pruneStore } from './keep.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import { holdClock, renamed } from './testing/samples.ts';

test('EVT-09 keeps events for as many days as the settings say, 90 when they say nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keep-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = holdClock();
  await using store = await openSqliteStore({
    file: join(folder, 'store.db'),
    clock,
    log: silentLog,
  });
  const prune = async (given: Readonly<Record<string, number>>): Promise<number> => {
    const settings = (): ReturnType<typeof installationSettingsSchema.parse> =>
      installationSettingsSchema.parse(given);
    return (await pruneStore({ store, settings, clock, log: silentLog })).events;
  };
  const day = 24 * 3600;
  for (const days of [0, 1, 2]) {
    clock.seconds = days * day;
    await store.commit({ events: Array.from({ length: 600 }, () => renamed('web')) });
  }
  clock.seconds = 90 * day;
  assert.equal(await prune({}), 0);
  clock.seconds += 1;
  assert.equal(await prune({}), 600);
  assert.equal(await prune({ eventRetentionDays: 89 }), 600);
  clock.seconds = 3 * day;
  await store.commit({ events: Array.from({ length: 600 }, () => renamed('web')) });
  assert.equal(await prune({ eventRetentionCount: 1000 }), 200);
  assert.equal(await store.countEvents({}), 1000);
});
