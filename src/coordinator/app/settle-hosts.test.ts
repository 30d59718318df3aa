/** Hosts that are about to come back are waited for: by operations that go on after a restart of the coordinator, and by requests. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Operation, PowerAction, VmState } from '#api';
import {
  facts,
  FakeAgent,
  makeDefinition,
  makeRecord,
  makeReport,
  neverAnswers,
} from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let early: FakeAgent;
let late: FakeAgent;
const [first, second] = [makeDefinition('first'), makeDefinition('second')];
const states = new Map<string, VmState>();

const recordsOf = (agent: FakeAgent) => {
  const definition = agent === early ? first : second;
  return [makeRecord(definition, 1, { state: states.get(definition.id) ?? 'off' })];
};

function report({ id }: { id: string }): unknown {
  const definition = id === first.id ? first : second;
  return { report: makeReport(definition, { state: states.get(id) ?? 'off' }) };
}

/** Does what it is asked to. */
function obey({ id, action }: { id: string; action: PowerAction }): unknown {
  states.set(id, action === 'turn-on' ? 'running' : 'off');
  return report({ id });
}

before(async () => {
  stage = await Stage.open();
  [early, late] = [await FakeAgent.join(stage, 'early'), await FakeAgent.join(stage, 'late')];
  for (const agent of [early, late])
    Object.assign(agent.handlers, {
      'machine.act': obey,
      'machine.configure': report,
      'machine.check': () => ({ ok: true, reasons: [], warnings: [] }),
    });
  for (const agent of [early, late]) await agent.connect(recordsOf(agent));
  const members = [{ vm: 'first' }, { vm: 'second' }];
  const body = { name: 'both', members, onFailure: 'roll-back' };
  assert.equal((await stage.send('POST', '/teams', { body })).status, 200);
});
after(async () => {
  for (const agent of [early, late]) await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** Restarts the coordinator while the first vm's host is asked for `action`; the second's host stays away until `ready`. */
async function restartIn(action: PowerAction, begin: () => Promise<string>, ready: string) {
  const asked = Promise.withResolvers<undefined>();
  early.handlers['machine.act'] = (params: { id: string; action: PowerAction }) => {
    if (params.action !== action) return obey(params);
    asked.resolve(undefined);
    return neverAnswers();
  };
  const id = await begin();
  await asked.promise;
  for (const agent of [early, late]) await agent.close();
  early.handlers['machine.act'] = obey;
  await stage.restart();
  await early.connect(recordsOf(early));
  const operation = () => stage.coordinator.inventory.operation(id);
  await stage.until(
    () =>
      operation()?.endedAt !== null ||
      operation()?.steps.some(({ note }) => note === ready) === true,
    ready,
  );
  await stage.until(() => stage.host('late')?.status === 'unreachable', 'the other host is away');
  await late.connect(recordsOf(late));
  return await stage.coordinator.operations.wait(id, 10_000);
}

const idOf = ({ json }: { json: unknown }): string => (json as Operation).id;

test('a team goes on with members whose hosts come back late', async () => {
  const begin = async () => idOf(await stage.send('POST', '/teams/both/actions/start'));
  const { state, fault } = await restartIn('turn-on', begin, 'start second');
  assert.equal(state, 'done', JSON.stringify(fault));
  assert.deepEqual([stage.vm('first')?.state, stage.vm('second')?.state], ['running', 'running']);
});

test('one operation for many vms goes on with those whose hosts come back late', async () => {
  const body = { action: 'turn-off', vms: ['first', 'second'] };
  const begin = async () => idOf(await stage.send('POST', '/vms/bulk', { body }));
  const { state, result } = await restartIn('turn-off', begin, '1 of 2');
  assert.deepEqual([state, result?.['actedOn']], ['done', ['first', 'second']]);
});

test('whoever asks a host that has just been lost waits for it', async () => {
  late.handlers['host.probe'] = () => ({ facts });
  await late.close();
  const asked = stage.send('POST', '/hosts/late/probe');
  await late.connect(recordsOf(late));
  const { status, json, text } = await asked;
  assert.equal(status, 202, text);
  const { state } = await stage.coordinator.operations.wait((json as Operation).id, 10_000);
  assert.equal(state, 'done');
});
