/** The space of vms measured on a simulated host with a held clock: what a save writes is there until it is restored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { miB } from '#lib';
import type { Machine } from '../machine/machine.ts';
import { TestHost } from '../testing/simulated-host.ts';

const longMs = 60_000;

const usedBytes = (host: TestHost, { id }: Machine): number =>
  host.host.diskSpaces?.get(id) ?? Number.NaN;

const crossings = (host: TestHost, { id }: Machine): unknown[] =>
  host.events
    .filter(({ name, vmId }) => name === 'vm.threshold.disk' && vmId === id)
    .map(({ attributes }) => attributes);

async function limit(machine: Machine, warnBytes: number | null): Promise<void> {
  const { settings } = machine.file.definition;
  const diskSpace = { ...settings.diskSpace, warnBytes };
  const definition = { ...machine.file.definition, settings: { ...settings, diskSpace } };
  await machine.queueOwn(async (hands) => hands.set({ definition }));
}

test('DISK-67 EVT-35 the space of all files of a vm is measured continuously, and a warning is told once when it is above its limit and once when it is not', async () => {
  await using host = await TestHost.make();
  const machine = await host.add({ settings: { diskSpace: { warnBytes: 16 * miB } } });
  await host.clock.advance(longMs);
  const offBytes = usedBytes(host, machine);
  assert.ok(offBytes > 0 && offBytes < 16 * miB, String(offBytes));
  assert.deepEqual(crossings(host, machine), []);

  await host.act(machine, 'turn-on', 1);
  await host.act(machine, 'save', 1);
  await host.clock.advance(longMs);
  const savedBytes = usedBytes(host, machine);
  assert.ok(savedBytes > 16 * miB, String(savedBytes));
  await host.clock.advance(longMs);
  const above = { side: 'above', limitBytes: 16 * miB, usedBytes: savedBytes };
  assert.deepEqual(crossings(host, machine), [above]);

  // An agent that comes back does not tell it again.
  await host.stop();
  await host.start();
  await host.clock.advance(longMs);
  const again = host.machine(machine.id);
  assert.deepEqual(crossings(host, again), [above]);

  await host.act(again, 'restore', 2);
  await host.clock.advance(longMs);
  const within = { side: 'within', limitBytes: 16 * miB, usedBytes: usedBytes(host, again) };
  assert.deepEqual(crossings(host, again), [above, within]);
});

test('a limit that is set or taken away counts at once', async () => {
  await using host = await TestHost.make();
  const machine = await host.add();
  await host.clock.advance(longMs);
  await limit(machine, 1);
  await host.clock.advance(0);
  assert.equal(crossings(host, machine).length, 1);
  assert.equal(machine.file.aboveDiskSpace, true);
  await limit(machine, null);
  await host.clock.advance(0);
  assert.equal(machine.file.aboveDiskSpace, false);
  assert.equal(crossings(host, machine).length, 1);
});

test('a crossing waits for what the vm is busy with, and is told once', async () => {
  await using host = await TestHost.make();
  const machine = await host.add({ settings: { diskSpace: { warnBytes: 1 } } });
  const busy = Promise.withResolvers<void>();
  const work = machine.queueOwn(() => busy.promise);
  // More looks than a machine has places for what waits.
  await host.clock.advance(15 * longMs);
  assert.deepEqual(crossings(host, machine), []);
  const other = machine.queueOwn(async () => 'done');
  busy.resolve();
  await work;
  assert.equal(await other, 'done');
  await host.clock.advance(longMs);
  assert.equal(crossings(host, machine).length, 1);
  assert.equal(crossings(host, await host.add()).length, 0);
});

test('the map of measured machines is the same while nothing has changed, and forgets one that was removed', async () => {
  await using host = await TestHost.make();
  const [one, other] = [await host.add(), await host.add()];
  await host.clock.advance(longMs);
  const { diskSpaces } = host.host;
  assert.equal(diskSpaces?.size, 2);
  await host.clock.advance(longMs);
  assert.equal(host.host.diskSpaces, diskSpaces);
  await host.host.remove(one.id);
  await host.clock.advance(longMs);
  assert.deepEqual([...(host.host.diskSpaces?.keys() ?? [])], [other.id]);
});
