import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { LinkMethod, Operation } from '#api';
import { Fault, systemClock, type Clock } from '#lib';
import type { VmDocument } from '../../documents.ts';
import { OperationWorlds } from '../../testing/operation-worlds.ts';
import type { Kind, Step, Work } from '../work.ts';
import { patienceMs } from './handover-patience.ts';
import { adoptKind, giveBackKind } from './handover-steps.ts';

interface Course {
  readonly operation: Operation;
  readonly vm: VmDocument;
  /** Calls of hosts in the undo, without those that were not answered. */
  readonly asked: readonly LinkMethod[];
  readonly waitedMs: number;
  readonly input: { readonly fromHost: string; readonly toHost: string };
}

const haste = 50;
/** Between attempts at an undo nobody needs to wait here. */
const hasty: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / haste, signal),
};

/** The last step fails, and what is undone then is not answered by one method for so long, and so often after that. */
async function undoWithout(
  kind: Kind,
  silent: LinkMethod,
  silentMs: number,
  more = 0,
): Promise<Course> {
  // One for each: whoever runs operations has the lease of its store.
  await using worlds = await OperationWorlds.open();
  await using world = await worlds.make(kind.action);
  const asked: LinkMethod[] = [];
  let left = more;
  let [passedMs, vm]: [number, VmDocument | undefined] = [0, undefined];
  const clock = {
    now: () => systemClock.now() + passedMs,
    sleep: async (ms: number) => {
      passedMs += ms * 100;
    },
  };
  const quiet = (work: Work): Work => {
    const { links } = work.coordinator;
    const call: typeof links.call = async (hostId, method, params, options) => {
      const isLate = passedMs >= silentMs;
      if (method === silent && (!isLate || left > 0)) {
        if (isLate) left -= 1;
        throw new Fault('unavailable', 'it is away');
      }
      asked.push(method);
      return await links.call(hostId, method, params, options);
    };
    return { ...work, coordinator: { ...work.coordinator, clock, links: { ...links, call } } };
  };
  const steps = kind.steps.map((step, at): Step => {
    const { undo } = step;
    const isLast = at === kind.steps.length - 1;
    return {
      ...step,
      run: isLast
        ? () => Promise.reject(new Fault('refused', 'it was refused'))
        : (work) => step.run(work),
      ...(undo && {
        undo: async (work: Work) => {
          const { inventory } = work.coordinator;
          try {
            await undo(quiet(work));
          } finally {
            vm = inventory.document<VmDocument>('vm', work.target.id)?.data;
          }
        },
      }),
    };
  });
  const engine = world.engine([{ ...kind, steps }], hasty);
  await engine.start();
  const { id } = await engine.submit(world.caller, world.submission, world.along);
  const operation = await engine.wait(id, 30_000 * haste);
  assert.ok(vm !== undefined);
  const input = world.submission.input as unknown as Course['input'];
  return { operation, vm, asked, waitedMs: passedMs, input };
}

const forEver = Number.POSITIVE_INFINITY;

void suite('what is undone between a hypervisor and an agent', { concurrency: true }, () => {
  void test('a hypervisor that does not take back what it gave is waited for, then given up: the vm is kept as one of the agent, and it is said what to do', async () => {
    const { operation, vm, asked, waitedMs, input } = await undoWithout(
      adoptKind,
      'machine.handover.take',
      forEver,
    );
    assert.ok(waitedMs >= patienceMs);
    assert.equal(operation.state, 'failed');
    const notUndone = JSON.stringify(operation.fault?.facts?.['notUndone']);
    assert.match(notUndone, /has not come back for 30 minutes.*gantry vm give-back/);
    assert.equal(vm.hostId, input.toHost);
    assert.ok(vm.lent?.unsettled !== undefined);
    assert.ok(vm.lent.xml.length > 0);
    // The agent has been told to forget it.
    assert.ok(asked.includes('machine.destroy'));
  });

  void test('where an agent does not say that it has forgotten a vm, its hypervisor is not told of that', async () => {
    const { operation, vm, asked, input } = await undoWithout(
      adoptKind,
      'machine.destroy',
      forEver,
    );
    assert.equal(operation.state, 'failed');
    assert.ok(!asked.includes('machine.handover.take'));
    const { notUndone } = operation.fault?.facts ?? {};
    assert.ok(Array.isArray(notUndone) && notUndone.length === 2);
    assert.deepEqual([vm.hostId, vm.lent?.unsettled === undefined], [input.toHost, false]);
  });

  void test('where a hypervisor does not say that it has forgotten a vm, the agent is not told of that', async () => {
    const { operation, vm, asked, input } = await undoWithout(
      giveBackKind,
      'machine.handover.give',
      forEver,
    );
    assert.equal(operation.state, 'failed');
    assert.ok(!asked.includes('machine.create'));
    assert.deepEqual([vm.hostId, vm.lent?.unsettled === undefined], [input.fromHost, false]);
  });

  void test('a host that comes back in time finds all undone', async () => {
    for (const [kind, silent] of [
      [adoptKind, 'machine.handover.take'],
      [adoptKind, 'machine.destroy'],
      [giveBackKind, 'machine.handover.give'],
      [giveBackKind, 'machine.create'],
    ] as const) {
      const { operation, vm, input } = await undoWithout(kind, silent, patienceMs / 2);
      assert.equal(operation.state, 'failed');
      assert.equal(operation.fault?.facts?.['notUndone'], undefined);
      assert.deepEqual([vm.hostId, vm.lent?.unsettled], [input.fromHost, undefined]);
    }
  });

  void test('a host that comes back after it was given up, while it is still being undone, finds all undone', async () => {
    const { vm, operation, input } = await undoWithout(
      adoptKind,
      'machine.handover.take',
      patienceMs,
      1,
    );
    assert.equal(operation.fault?.facts?.['notUndone'], undefined);
    assert.deepEqual([vm.hostId, vm.lent], [input.fromHost, undefined]);
  });
});
