/** Teams through the command line, on one coordinator with a simulated host. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Client,
  type Operation,
  type Team,
  type TeamAction,
  type TeamMemberResult,
  type Vm,
} from '#api';
import { present, systemClock } from '#lib';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from '../e2e/gantry.ts';

let gantry: Gantry;
let client: Client;
const up = ['up', '--simulate', '1x1', '--yes', '--listen'] as const;

before(async () => {
  gantry = await newGantry();
  await gantry.must(...up, gantry.listen);
  client = gantry.client();
  for (const name of ['db', 'web', 'cache']) await gantry.must('vm', 'create', name);
  // It never starts: another one has the memory that it wants.
  await gantry.must('vm', 'create', 'large', '--memory', '200G');
  await gantry.must('vm', 'start', 'large');
  await gantry.must('vm', 'create', 'huge', '--memory', '200G');
  await gantry.must('team', 'create', 'shop', 'db', 'web', 'cache');
});
after(() => gantry[Symbol.asyncDispose]());

const show = (vm: string): Promise<Vm> => client.call('vm.show', { params: { vm } });
const stateOf = async (vm: string): Promise<string> => (await show(vm)).state;
const teamState = async (name: string): Promise<string> =>
  (await gantry.json<Team>('team', 'show', name)).state;

async function ended(operation: Operation): Promise<Operation> {
  return await client.wait(operation, () => undefined, AbortSignal.timeout(60_000));
}

async function act(team: string, action: TeamAction): Promise<Operation> {
  return await ended(await client.call('team.act', { params: { team, action } }));
}

function results({ result }: Operation): readonly string[] {
  const members = result?.['members'] as unknown as readonly TeamMemberResult[];
  return members.map(({ name, outcome }) => `${name} ${outcome}`);
}

/** The operations of the members, in the order in which they were begun. */
async function turnsOf({ correlationId, id }: Operation): Promise<readonly Operation[]> {
  const filter = `correlationId = ${correlationId}`;
  const { items } = await client.call('operation.list', { query: { filter, sort: 'createdAt' } });
  return items.filter((one) => one.id !== id);
}

/** Each member's turn begins when the one before is over, and so many seconds have passed. */
function assertInTurn(turns: readonly Operation[], names: readonly string[], seconds = 0): void {
  assert.deepEqual(
    turns.map(({ target }) => target.name),
    names,
  );
  for (const [index, turn] of turns.entries()) {
    const before = turns[index - 1];
    if (before === undefined) continue;
    const gapMs = Date.parse(turn.createdAt) - Date.parse(before.endedAt ?? '');
    assert.ok(
      gapMs >= seconds * 1000,
      `${turn.target.name} began ${gapMs} ms after the one before`,
    );
  }
}

void test('GRP-61 a team has a name, its vms in an order, and waits', async () => {
  const team = await gantry.json<Team>('team', 'show', 'shop');
  assert.deepEqual(
    team.members.map(({ name, wait }) => `${name} ${wait.for}`),
    ['db nothing', 'web nothing', 'cache nothing'],
  );
  await gantry.must('team', 'set', 'shop', 'cache', 'db', 'web', '--after', 'cache=2');
  await gantry.must('team', 'set', 'shop', '--after', 'db=additions:60');
  const changed = await gantry.json<Team>('team', 'show', 'shop');
  assert.deepEqual(
    changed.members.map(({ name, wait }) => [name, wait]),
    [
      ['cache', { for: 'time', seconds: 2 }],
      ['db', { for: 'additions', timeoutSeconds: 60 }],
      ['web', { for: 'nothing' }],
    ],
  );
  assert.match(await gantry.must('team', 'show', 'shop'), /member 1 +cache: off; .*2 s/);
});

void test('GRP-62 VM-55 a team is powered on in order, after a time and after guest additions, with a result per member', async () => {
  const said = await gantry.must('team', 'start', 'shop', '-o', 'json');
  const operation = JSON.parse(said) as Operation;
  assert.deepEqual(results(operation), ['cache done', 'db done', 'web done']);
  const turns = await turnsOf(operation);
  assertInTurn(turns, ['cache', 'db', 'web']);
  assertInTurn(turns.slice(0, 2), ['cache', 'db'], 2);
  assert.equal((await show('db')).status.additions.state, 'running');
  assert.equal(await teamState('shop'), 'running');
});

void test('GRP-64 GRP-65 VM-55 a team is suspended in memory and on disk, and resumed from both', async () => {
  await gantry.must('team', 'set', 'shop', '--after', 'cache=nothing', '--after', 'db=nothing');
  const paused = await act('shop', 'pause');
  assertInTurn(await turnsOf(paused), ['web', 'db', 'cache']);
  assert.equal(await teamState('shop'), 'paused');
  assertInTurn(await turnsOf(await act('shop', 'resume')), ['cache', 'db', 'web']);
  assert.equal(await teamState('shop'), 'running');
  await act('shop', 'save');
  assert.equal(await teamState('shop'), 'saved');
  const resumed = await act('shop', 'resume');
  assert.deepEqual(
    (await turnsOf(resumed)).map(({ action }) => action),
    ['vm.restore', 'vm.restore', 'vm.restore'],
  );
  assert.equal(await teamState('shop'), 'running');
});

void test('GRP-66 a team of vms that differ is mixed, and a command acts on those it fits', async () => {
  await gantry.must('vm', 'pause', 'db');
  assert.equal(await teamState('shop'), 'mixed');
  assert.match(await gantry.must('team', 'list', '--filter', 'state = mixed'), /shop/);
  const operation = await act('shop', 'pause');
  assert.equal(operation.state, 'done');
  assert.deepEqual(results(operation), ['web done', 'db left-out', 'cache done']);
  assert.equal(await teamState('shop'), 'paused');
});

void test('GRP-63 VM-55 a team is powered off in reverse order', async () => {
  const said = await gantry.must('team', 'turn-off', 'shop');
  assert.match(said, /team shop is off\n {2}web: done\n {2}db: done\n {2}cache: done/);
  const [last] = (
    await client.call('operation.list', { query: { filter: 'action = team.turn-off' } })
  ).items;
  assertInTurn(await turnsOf(present(last, 'the operation')), ['web', 'db', 'cache']);
  assert.equal(await teamState('shop'), 'off');
  await gantry.must('team', 'start', 'shop');
  const stopped = await act('shop', 'stop');
  assertInTurn(await turnsOf(stopped), ['web', 'db', 'cache']);
  assert.equal(await teamState('shop'), 'saved', 'the stop action of new vms is to save');
  for (const vm of ['db', 'web', 'cache']) await gantry.must('vm', 'discard', vm, '--yes');
});

const policies = [
  ['stop', ['db done', 'huge failed', 'web not-reached'], ['running', 'off', 'off']],
  ['continue', ['db done', 'huge failed', 'web done'], ['running', 'off', 'running']],
  ['roll-back', ['db taken-back', 'huge failed', 'web not-reached'], ['off', 'off', 'off']],
] as const;
for (const [policy, outcomes, states] of policies)
  void test(`GRP-67 VM-55 where a member fails, ${policy}: the others are as the team says, and the member is named`, async () => {
    await gantry.must('team', 'set', 'shop', 'db', 'huge', 'web', '--on-failure', policy);
    const operation = await act('shop', 'start');
    assert.equal(operation.state, 'failed');
    assert.match(
      operation.fault?.message ?? '',
      /^cannot start team shop: huge: cannot turn on huge/,
    );
    assert.deepEqual(operation.fault?.facts?.['members'], ['huge']);
    assert.deepEqual(results(operation), outcomes);
    const found = [await stateOf('db'), await stateOf('huge'), await stateOf('web')];
    assert.deepEqual(found, states);
    const { code, err } = await gantry.run(['team', 'start', 'shop']);
    assert.notEqual(code, 0);
    assert.match(err, /huge: failed, .*memory/);
    for (const vm of ['db', 'web']) await gantry.must('vm', 'turn-off', vm, '--yes');
  });

void test('VM-55 GRP-62 a coordinator that is killed while a team starts goes on where it was, and starts nothing twice', async () => {
  await gantry.must('team', 'set', 'shop', 'db', 'web', 'cache', '--after', 'db=3');
  const generations = await Promise.all(
    ['db', 'web', 'cache'].map(async (vm) => (await show(vm)).generation),
  );
  const begun = await client.call('team.act', { params: { team: 'shop', action: 'start' } });
  while ((await stateOf('db')) !== 'running') await systemClock.sleep(50);
  const pid = present(findProgram(gantry.installation, 'coordinator'), 'the coordinator');
  process.kill(pid, 'SIGKILL');
  await gantry.must(...up, gantry.listen);
  client = gantry.client();
  const operation = await ended(
    await client.call('operation.show', { params: { operation: begun.id } }),
  );
  assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
  assert.deepEqual(results(operation), ['db done', 'web done', 'cache done']);
  const turns = await turnsOf(operation);
  assertInTurn(turns, ['db', 'web', 'cache']);
  assertInTurn(turns.slice(0, 2), ['db', 'web'], 3);
  for (const [index, vm] of ['db', 'web', 'cache'].entries())
    assert.equal((await show(vm)).generation, (generations[index] ?? 0) + 1, `${vm} started once`);
});
