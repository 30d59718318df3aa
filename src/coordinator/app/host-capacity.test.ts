/** Room for more vms, as it is counted, and on a host that fills up as was said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giB, isFault, miB } from '#lib';
import { hostSettingsSchema, vmSizeQuerySchema, type Host, type HostCapacity } from '#api';
import { Stage } from '../testing/stage.ts';
import { judgeCapacity } from './host-capacity.ts';

const capacityOf = async (stage: Stage, query: string): Promise<HostCapacity> => {
  const { status, json, text } = await stage.send('GET', `/hosts/h1/capacity?${query}`);
  assert.equal(status, 200, text);
  return json as HostCapacity;
};

async function realHost(stage: Stage): Promise<Host> {
  await stage.addHost('h1');
  const host = stage.host('h1');
  assert.ok(host !== undefined);
  return host;
}

test('HOST-20 what is free is counted with overhead and reserves, and the first to run out is named', async () => {
  await using stage = await Stage.open();
  const told = await realHost(stage);
  assert.ok(told.facts !== null && told.load !== null);
  const { facts, load } = told;
  const host: Host = {
    ...told,
    settings: hostSettingsSchema.parse({
      vmFolder: '/vms',
      memoryOverheadBytes: 64 * miB,
      minimumFreeDiskBytes: 10 * giB,
    }),
    facts: { ...facts, processor: { ...facts.processor, threads: 16 } },
    load: {
      ...load,
      memoryFreeBytes: 17 * giB,
      cpuReservedPercent: 25,
      running: 3,
      volumes: [
        { path: '/other', totalBytes: 1000 * giB, freeBytes: 1000 * giB },
        { path: '/vms', totalBytes: 500 * giB, freeBytes: 110 * giB },
      ],
    },
  };
  const of = (size: object, more: Partial<Host['settings']> = {}): HostCapacity =>
    judgeCapacity(
      { ...host, settings: { ...host.settings, ...more } },
      vmSizeQuerySchema.parse(size),
    );
  const summary = ({ fits, runsOutFirst }: HostCapacity) => [fits, runsOutFirst];

  assert.deepEqual(summary(of({ memoryBytes: giB })), [16, 'memory'], 'the overhead counts');
  assert.deepEqual(summary(of({ memoryBytes: giB, diskBytes: 20 * giB })), [5, 'disk']);
  const reserving = { memoryBytes: giB, processors: 4, cpuReservePercent: 50 };
  assert.deepEqual(summary(of(reserving)), [6, 'processors'], '12 of 16 are not reserved');
  assert.deepEqual(summary(of({ ...reserving, processors: 17 })), [0, 'processors']);
  assert.deepEqual(summary(of({ memoryBytes: giB }, { maxRunningVms: 5 })), [2, 'running-limit']);
  assert.deepEqual(summary(of({ memoryBytes: giB }, { maxRunningVms: 1 })), [0, 'running-limit']);
  assert.deepEqual(of({ memoryBytes: 2 * giB, diskBytes: giB }).resources, [
    { resource: 'memory', free: 17 * giB, each: 2 * giB + 64 * miB, fits: 8 },
    { resource: 'processors', free: 12, each: 0, fits: null },
    { resource: 'disk', free: 100 * giB, each: giB, fits: 100 },
  ]);
  assert.throws(
    () => judgeCapacity({ ...host, load: null }, vmSizeQuerySchema.parse({})),
    (error) => isFault(error, 'unavailable'),
  );
});

test('HOST-20 as many vms start as were said to fit, and not one more', async () => {
  await using stage = await Stage.open();
  const { load } = await realHost(stage);
  const memoryBytes = Math.floor((load?.memoryFreeBytes ?? 0) / 2.5 / miB) * miB;
  const query = `memoryBytes=${memoryBytes}`;
  const before = await capacityOf(stage, query);
  assert.deepEqual([before.fits, before.runsOutFirst], [2, 'memory']);
  for (const name of ['one', 'two']) {
    const made = await stage.act('POST', '/vms', { name, memoryBytes, start: true });
    assert.equal(made.state, 'done', JSON.stringify(made.fault));
  }
  const more = await stage.act('POST', '/vms', { name: 'three', memoryBytes, start: true });
  assert.equal(more.state, 'failed');
  assert.ok(more.fault?.reasons?.some(({ code }) => code === 'memory-free'));
});
