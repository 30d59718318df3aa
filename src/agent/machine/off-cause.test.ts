/** Why a machine became off, on a simulated host with a held clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '#api';
import { present } from '#lib';
import { TestHost } from '../testing/simulated-host.ts';
import type { Machine } from './machine.ts';

/** What is told of a running vm's way to off, when `befall` was the reason. */
async function causeOf(
  befall: (host: TestHost, machine: Machine) => Promise<unknown>,
  faults: { readonly crashPerHour?: number } = {},
): Promise<unknown> {
  await using host = await TestHost.make({ faults });
  const machine = await host.add();
  await host.act(machine, 'turn-on', 1);
  await befall(host, machine);
  await host.clock.advance(10_000);
  assert.equal(machine.file.state, 'off');
  const [told, ...others] = host.events.filter(({ name }) => name === 'vm.state.powered-off');
  assert.deepEqual(others, [], 'it is told once');
  assert.equal(told?.vmId, machine.id);
  return told?.attributes['cause'];
}

const turnedOffBy = (kind: Actor['kind']) => async (host: TestHost, machine: Machine) =>
  host.clock.finish(
    machine.act({
      action: 'turn-off',
      generation: 1,
      correlationId: null,
      cause: { actor: { kind, name: 'whoever' }, correlationId: null },
      request: {},
    }),
  );

test('EVT-36 a vm that has become off is told, once, with the cause: guest, person, schedule, plan or crash', async () => {
  const itself = async (host: TestHost, machine: Machine): Promise<void> => {
    await host.clock.advance(5_000);
    await present(machine.running, 'its process').pressPowerButton(new AbortController().signal);
  };
  assert.equal(await causeOf(itself), 'guest');
  assert.equal(await causeOf(turnedOffBy('user')), 'person');
  assert.equal(await causeOf(turnedOffBy('schedule')), 'schedule');
  assert.equal(await causeOf(turnedOffBy('plan')), 'plan');
  assert.equal(await causeOf(async () => undefined, { crashPerHour: 3_600 }), 'crash');
});

test('a vm that the end of its host turned off has that as its cause', async () => {
  assert.equal(await causeOf(turnedOffBy('system')), 'host-stop');
});
