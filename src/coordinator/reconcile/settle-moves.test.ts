/** Moves between hosts of which a host still knows when it connects. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CoordinatorMessage, MachineRecord } from '#api';
import type { OperationDocument } from '../documents.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open({ times: { graceMs: 50 } });
});
after(() => stage[Symbol.asyncDispose]());

async function join(name: string): Promise<FakeAgent> {
  const agent = await FakeAgent.join(stage, name);
  for (const method of ['departure.cancel', 'departure.end', 'arrival.cancel'] as const)
    agent.handlers[`machine.${method}`] = () => ({});
  return agent;
}

/** The parameters of the first call of the method. */
async function called(agent: FakeAgent, method: string): Promise<unknown> {
  const isIt = (message: CoordinatorMessage): boolean =>
    message.type === 'call' && message.method === method;
  const message = await agent.until(isIt);
  return message.type === 'call' ? message.params : undefined;
}

test('a vm that leaves by a move that is not under way stays, and nothing of one that never came is left', async () => {
  await using ada = await join('ada');
  await using bob = await join('bob');
  const record = makeRecord(makeDefinition('stays'));
  const { id } = record.definition;
  await ada.connect([record]);
  await ada.close();
  const moveId = randomUUID();
  await bob.connect([], { arrivals: [{ id, moveId }] });
  assert.deepEqual(await called(bob, 'machine.arrival.cancel'), { id, moveId });
  await ada.connect([{ ...record, departure: { moveId } }]);
  assert.deepEqual(await called(ada, 'machine.departure.cancel'), { id, moveId });
  assert.equal(ada.calls('machine.departure.end').length, 0);
  assert.equal(stage.vm('stays')?.host, 'ada');
});

test('what is left of a vm that another host has by now is cleared, and is no conflict', async () => {
  await using cyd = await join('cyd');
  await using dan = await join('dan');
  const record = makeRecord(makeDefinition('gone'));
  const { id } = record.definition;
  await dan.connect([record]);
  const moveId = randomUUID();
  await cyd.connect([{ ...record, departure: { moveId } }]);
  const params = await called(cyd, 'machine.departure.end');
  assert.deepEqual(params, { id, moveId, files: [] });
  assert.equal(stage.vm('gone')?.host, 'dan');
  const { json } = await stage.send('GET', '/events?limit=1000&filter=name=vm.conflict');
  assert.deepEqual((json as { items: unknown[] }).items, []);
});

test('what came of a vm by a move that was given up goes also from a host that has the vm by now', async () => {
  await using eve = await join('eve');
  eve.handlers['machine.arrival.end'] = ({ id }: { readonly id: string }) => ({
    report: known.find(({ definition }) => definition.id === id)?.report,
  });
  const known: readonly MachineRecord[] = ['given-up', 'done'].map((name) =>
    makeRecord(makeDefinition(name)),
  );
  await eve.connect(known);
  const states = ['failed', 'done'] as const;
  const moves = await Promise.all(
    known.map(async ({ definition: { id, name } }, index) => {
      const moveId = randomUUID();
      await stage.coordinator.store.commit({
        writes: [{ kind: 'operation', id: moveId, data: ended({ id, name }, states[index]) }],
      });
      return { id, moveId };
    }),
  );
  await eve.close();
  await eve.connect(known, { arrivals: moves });
  const [givenUp, done] = moves;
  assert.deepEqual(await called(eve, 'machine.arrival.cancel'), givenUp);
  const taken = (await called(eve, 'machine.arrival.end')) as { readonly moveId: string };
  assert.equal(taken.moveId, done?.moveId);
  const calls = (['cancel', 'end'] as const).map(
    (end) => eve.calls(`machine.arrival.${end}`).length,
  );
  assert.deepEqual(calls, [1, 1]);
});

/** A move of the vm that is over. */
function ended(
  vm: { readonly id: string; readonly name: string },
  state: OperationDocument['state'] = 'failed',
): OperationDocument {
  const at = '2026-01-01T00:00:00.000Z';
  return {
    action: 'vm.migrate',
    target: { kind: 'vm', ...vm },
    input: {},
    memory: {},
    state,
    steps: [],
    at: 0,
    actor: { kind: 'system', name: 'coordinator' },
    userId: null,
    origin: null,
    correlationId: randomUUID(),
    startedAt: at,
    endedAt: at,
    fault: null,
    result: null,
  };
}
