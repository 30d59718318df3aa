/** What machines of a simulated host use of their processors and memory, on a held clock, against limits of theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeasuredUse } from '#api';
import type { Machine } from '../machine/machine.ts';
import { TestHost } from '../testing/simulated-host.ts';

const minuteMs = 60_000;

interface Told {
  readonly side: unknown;
  readonly limitPercent: number;
  readonly usedPercent: number;
}

const told = (host: TestHost, { id }: Machine, use: MeasuredUse): readonly Told[] =>
  host.events
    .filter(({ name, vmId }) => name === `vm.threshold.${use}` && vmId === id)
    .map(({ attributes }) => attributes as unknown as Told);

async function limit(machine: Machine, warnPercent: number | null): Promise<void> {
  const { settings } = machine.file.definition;
  const definition = {
    ...machine.file.definition,
    settings: { ...settings, memoryUse: { warnPercent } },
  };
  await machine.queueOwn(async (hands) => hands.set({ definition }));
}

test('EVT-35 use of processors above a limit is told once, and once when it is within it again, with limit and measured value', async () => {
  await using host = await TestHost.make();
  const limitPercent = 10;
  const machine = await host.add({ settings: { processorUse: { warnPercent: limitPercent } } });
  const free = await host.add();
  for (const one of [machine, free]) await host.act(one, 'turn-on', 1);
  await host.clock.advance(30 * minuteMs);
  const events = told(host, machine, 'cpu');
  assert.ok(events.length >= 4, JSON.stringify(events));
  for (const [index, event] of events.entries()) {
    assert.equal(event.side, index % 2 === 0 ? 'above' : 'within');
    assert.equal(event.limitPercent, limitPercent);
    assert.equal(event.usedPercent > limitPercent, event.side === 'above', JSON.stringify(event));
  }
  assert.deepEqual(told(host, machine, 'memory'), []);
  assert.deepEqual(told(host, free, 'cpu'), []);
});

test('EVT-35 use of memory above a limit is told once, over a restart of the agent too, and is over with the machine', async () => {
  await using host = await TestHost.make();
  const machine = await host.add({ settings: { memoryUse: { warnPercent: 20 } } });
  await host.clock.advance(2 * minuteMs);
  assert.deepEqual(told(host, machine, 'memory'), []);
  await host.act(machine, 'turn-on', 1);
  const { memoryBytes } = machine.running?.sample(host.clock.now()) ?? {};
  const { sizeBytes } = machine.file.definition.hardware.memory;
  const usedPercent = Math.round(((memoryBytes ?? 0) / sizeBytes) * 1000) / 10;
  assert.ok(usedPercent >= 30 && usedPercent <= 90, String(usedPercent));
  await host.clock.advance(40_000);
  assert.deepEqual(told(host, machine, 'memory'), [], 'it has not run for a minute');
  await host.clock.advance(3 * minuteMs);
  const above = { side: 'above', limitPercent: 20, usedPercent };
  assert.deepEqual(told(host, machine, 'memory'), [above]);

  await host.stop();
  await host.start();
  await host.clock.advance(3 * minuteMs);
  const again = host.machine(machine.id);
  assert.deepEqual(told(host, again, 'memory'), [above]);

  await host.act(again, 'turn-off', 1);
  await host.clock.advance(minuteMs);
  const off = { side: 'within', limitPercent: 20, usedPercent: 0 };
  assert.deepEqual(told(host, again, 'memory'), [above, off]);

  await host.act(again, 'turn-on', 2);
  await host.clock.advance(3 * minuteMs);
  assert.deepEqual(told(host, again, 'memory'), [above, off, above]);
  // A limit that is changed counts at once; of one that is taken away nothing is told.
  await limit(again, 95);
  await host.clock.advance(0);
  const within = { side: 'within', limitPercent: 95, usedPercent };
  assert.deepEqual(told(host, again, 'memory'), [above, off, above, within]);
  await limit(again, 20);
  await host.clock.advance(0);
  assert.equal(told(host, again, 'memory').length, 5);
  await limit(again, null);
  await host.clock.advance(2 * minuteMs);
  assert.equal(told(host, again, 'memory').length, 5);
  assert.deepEqual(again.file.aboveUse, []);
});
