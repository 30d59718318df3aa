/** Teams through the API: made, changed, seen, acted on by those who may; on a simulated host. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isFault } from '#lib';
import {
  teamCreateSchema,
  type DryRun,
  type Event,
  type Operation,
  type Page,
  type Problem,
  type Team,
  type TeamMemberResult,
} from '#api';
import type { Caller } from '../../context.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';
import { createTeam } from './change-team.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open({ times: { reconnectMs: 400 } });
  await stage.addHost('h1');
  for (const name of ['a', 'b', 'c', 'd']) await stage.act('POST', '/vms', { name });
});
after(() => stage[Symbol.asyncDispose]());

async function create(body: object): Promise<Team> {
  const { status, text, json } = await stage.send('POST', '/teams', { body });
  assert.equal(status, 200, text);
  return json as Team;
}

function outcomesOf({ result }: Operation): readonly string[] {
  const results = result?.['members'] as unknown as readonly TeamMemberResult[];
  return results.map(({ name, outcome }) => `${name} ${outcome}`);
}

const remove = (name: string) => stage.send('DELETE', `/teams/${name}`);
const members = (...names: string[]) => names.map((vm) => ({ vm }));
const idOf = (name: string): string => stage.vm(name)?.id ?? '';

test('GRP-61 a team is made of vms in an order, and its tag guards its changes', async () => {
  const made = await create({ name: 'one', members: members('b', 'a') });
  assert.deepEqual(
    made.members.map(({ name, state, wait }) => [name, state, wait.for]),
    [
      ['b', 'off', 'nothing'],
      ['a', 'off', 'nothing'],
    ],
  );
  assert.deepEqual([made.state, made.onFailure, made.version], ['off', 'stop', 1]);
  const { headers } = await stage.send('GET', '/teams/one');
  assert.equal(headers.etag, '"1"');
  const patch = (body: object, etag: string) =>
    stage.send('PATCH', `/teams/${made.id}`, { body, headers: { 'if-match': etag } });
  const body = { name: 'first', members: [{ vm: idOf('a'), wait: { for: 'time', seconds: 5 } }] };
  const changed = (await patch(body, '"1"')).json as Team;
  assert.deepEqual([changed.name, changed.version, changed.members.length], ['first', 2, 1]);
  assert.equal((await patch({ name: 'late' }, '"1"')).status, 412);
  const same = (await patch({ name: 'first' }, '"2"')).json as Team;
  assert.equal(same.version, 2, 'what is so already changes nothing');
  assert.equal((await stage.send('GET', '/teams/one')).status, 404);
  const stale = await stage.send('DELETE', '/teams/first', { headers: { 'if-match': '"1"' } });
  assert.equal(stale.status, 412);
  assert.equal((await remove('first')).status, 204);
  assert.ok(stage.vm('a') !== undefined, 'its vms stay');
  const { json } = await stage.send('GET', `/events?filter=target.id=${made.id}&sort=seq`);
  assert.deepEqual(
    (json as Page<Event>).items.map(({ message }) => message),
    [
      'Team one was created',
      'Team first was changed: name, members',
      'Team first was deleted; its vms stay as they are',
    ],
  );
});

test('a vm is in one team at most', async () => {
  await create({ name: 'left', members: members('a', 'b') });
  const refused = await stage.send('POST', '/teams', {
    body: { name: 'right', members: members('c', 'b') },
  });
  assert.equal(refused.status, 409);
  assert.match((refused.json as Problem).detail ?? '', /vm b is in team left already/);
  const twice = await stage.send('PATCH', '/teams/left', { body: { members: members('a', 'a') } });
  assert.equal(twice.status, 400);
  await stage.send('PATCH', '/teams/left', { body: { members: members('a') } });
  const right = await create({ name: 'right', members: members('c', 'b') });
  assert.equal(right.members.length, 2, 'b is free after it was taken out');
  for (const name of ['left', 'right']) await remove(name);
});

test('of many teams that take the same vm at once, one has it', async () => {
  const caller: Caller = {
    actor: { kind: 'user', name: 'ann' },
    userId: null,
    origin: null,
    correlationId: randomUUID(),
    may: () => true,
  };
  // Without a request between them, all are checked before the first is written.
  const made = await Promise.allSettled(
    [1, 2, 3, 4].map((number) => {
      const body = teamCreateSchema.parse({ name: `race-${number}`, members: members('d') });
      return createTeam(stage.coordinator, caller, body, false);
    }),
  );
  const reasons = made.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  assert.equal(reasons.length, 3);
  for (const reason of reasons) assert.ok(isFault(reason, 'refused'), String(reason));
  for (const one of made) if (one.status === 'fulfilled') await remove(one.value.id);
});

test('lists of teams are filtered, sorted, cut to fields and paged', async () => {
  for (const [name, vms] of [
    ['x', ['a']],
    ['y', ['b', 'c']],
    ['z', []],
  ] as const)
    await create({ name, members: members(...vms) });
  const list = async (query: string): Promise<Page<Team>> =>
    (await stage.send('GET', `/teams?${query}`)).json as Page<Team>;
  const names = ({ items }: Page<Team>): readonly string[] => items.map(({ name }) => name);
  assert.deepEqual(names(await list('')), ['x', 'y', 'z']);
  assert.deepEqual(names(await list('sort=-name')), ['z', 'y', 'x']);
  assert.deepEqual(names(await list('filter=state=empty')), ['z']);
  const page = await list('limit=2');
  assert.deepEqual([names(page), page.total], [['x', 'y'], 3]);
  assert.deepEqual(names(await list(`limit=2&cursor=${page.nextCursor ?? ''}`)), ['z']);
  assert.deepEqual((await list('fields=name&limit=1')).items, [{ name: 'x' }]);
  for (const name of ['x', 'y', 'z']) await remove(name);
});

test('a vm that is deleted leaves its team', async () => {
  await stage.act('POST', '/vms', { name: 'brief' });
  const { id } = await create({ name: 'short', members: members('a', 'brief') });
  await stage.act('DELETE', '/vms/brief');
  const { json } = await stage.send('GET', `/teams/${id}`);
  assert.deepEqual(
    (json as Team).members.map(({ name }) => name),
    ['a'],
  );
  assert.equal((json as Team).version, 2, 'the team itself was changed');
  await remove('short');
});

test('a team is seen by who sees all its vms, changed with team.manage, and acted on with vm.power on each', async () => {
  await create({ name: 'guarded', members: members('a', 'b') });
  const on = (role: string, object: string) => ({ role, objectKind: 'vm', object });
  const half = await stage.addUser('half', [on('use', 'a')]);
  const viewer = await stage.addUser('viewer', [on('use', 'a'), on('auditor', 'b')]);
  const user = await stage.addUser('user', [on('use', 'a'), on('use', 'b')]);
  const look = (token: string) => stage.send('GET', '/teams/guarded', { token });
  const start = (token: string) => stage.send('POST', '/teams/guarded/actions/start', { token });
  assert.equal((await look(half)).status, 404);
  const { json } = await stage.send('GET', '/teams', { token: half });
  assert.equal((json as Page<Team>).total, 0);
  assert.equal((await start(half)).status, 404);
  assert.equal((await look(viewer)).status, 200);
  const denied = await start(viewer);
  assert.equal(denied.status, 403);
  assert.match((denied.json as Problem).detail ?? '', /lacks the right vm.power on vm b/);
  assert.equal(stage.vm('a')?.state, 'off', 'nothing was begun');
  const patch = { body: { name: 'mine' }, token: user };
  assert.equal((await stage.send('PATCH', '/teams/guarded', patch)).status, 403);
  const accepted = await start(user);
  assert.equal(accepted.status, 202);
  const { id } = accepted.json as Operation;
  assert.equal((await stage.coordinator.operations.wait(id, 10_000)).state, 'done');
});

test('a dry run tells whom a command fits and whom not', async () => {
  await stage.act('POST', '/vms/a/actions/turn-off', {});
  const { json } = await stage.send('POST', '/teams/guarded/actions/start?dryRun=true');
  assert.deepEqual((json as DryRun).warnings, [
    { code: 'acts-on', text: 'start a' },
    { code: 'leaves-out', text: 'b: b is running already' },
  ]);
  assert.equal(stage.vm('a')?.state, 'off');
});

test('a team is busy with one command at a time, and turning it off overtakes the others', async () => {
  await stage.act('POST', '/teams/guarded/actions/turn-off');
  const wait = { for: 'time', seconds: 600 };
  const body = { members: [{ vm: 'a', wait }, { vm: 'b' }] };
  assert.equal((await stage.send('PATCH', '/teams/guarded', { body })).status, 200);
  const begun = (await stage.send('POST', '/teams/guarded/actions/start')).json as Operation;
  await stage.until(() => stage.vm('a')?.state === 'running', 'a runs');
  const other = await stage.send('POST', '/teams/guarded/actions/pause');
  assert.equal(other.status, 409);
  assert.match((other.json as Problem).detail ?? '', /team guarded is busy: team.start is running/);
  const off = await stage.act('POST', '/teams/guarded/actions/turn-off');
  assert.equal(off.state, 'done', JSON.stringify(off.fault));
  const ended = await stage.coordinator.operations.wait(begun.id, 10_000);
  assert.equal(ended.state, 'cancelled');
  assert.deepEqual([stage.vm('a')?.state, stage.vm('b')?.state], ['off', 'off']);
  assert.deepEqual(outcomesOf(ended), ['a done', 'b not-reached']);
  const empty = await create({ name: 'nobody' });
  const refused = await stage.send('POST', `/teams/${empty.id}/actions/start`);
  assert.equal(refused.status, 409);
  assert.match((refused.json as Problem).detail ?? '', /team nobody: it has no members/);
});

test('a command that is cancelled is taken back where its team says so', async () => {
  const body = { onFailure: 'roll-back' };
  assert.equal((await stage.send('PATCH', '/teams/guarded', { body })).status, 200);
  const begun = (await stage.send('POST', '/teams/guarded/actions/start')).json as Operation;
  await stage.until(() => stage.vm('a')?.state === 'running', 'a runs');
  assert.equal((await stage.send('POST', `/operations/${begun.id}/cancel`)).status, 200);
  const ended = await stage.coordinator.operations.wait(begun.id, 10_000);
  assert.equal(ended.state, 'cancelled');
  assert.deepEqual(outcomesOf(ended), ['a taken-back', 'b not-reached']);
  assert.equal(stage.vm('a')?.state, 'off');
});

test('what somebody else has changed since is not taken back', async () => {
  const begun = (await stage.send('POST', '/teams/guarded/actions/start')).json as Operation;
  await stage.until(() => stage.vm('a')?.state === 'running', 'a runs');
  const note = () => stage.coordinator.inventory.operation(begun.id)?.steps[0]?.note;
  await stage.until(() => note() === '600 s after a', 'the team waits');
  await stage.act('POST', '/vms/a/actions/pause');
  await stage.send('POST', `/operations/${begun.id}/cancel`);
  const ended = await stage.coordinator.operations.wait(begun.id, 10_000);
  assert.deepEqual(outcomesOf(ended), ['a done', 'b not-reached']);
  assert.equal(stage.vm('a')?.state, 'paused');
});

test('a dry run tells with which members a command would fail, as the command itself then does', async () => {
  await using agent = await FakeAgent.join(stage, 'h2');
  await agent.connect([makeRecord(makeDefinition('far'), 1)]);
  await stage.until(() => stage.vm('far')?.state === 'off', 'far is there');
  const body = { members: members('far', 'b'), onFailure: 'continue' };
  assert.equal((await stage.send('PATCH', '/teams/guarded', { body })).status, 200);
  await agent.close();
  await stage.until(() => stage.vm('far')?.state === 'unknown', 'its host is away');
  const { json, text } = await stage.send('POST', '/teams/guarded/actions/start?dryRun=true');
  const [acts, fails, ...others] = (json as DryRun).warnings ?? [];
  assert.deepEqual([acts, others], [{ code: 'acts-on', text: 'start b' }, []], text);
  assert.equal(fails?.code, 'fails');
  assert.match(fails?.text ?? '', /^far: .*host/);
  const started = await stage.act('POST', '/teams/guarded/actions/start');
  assert.deepEqual([started.state, outcomesOf(started)], ['failed', ['far failed', 'b done']]);
});
