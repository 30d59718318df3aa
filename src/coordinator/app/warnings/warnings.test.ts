/** What is wrong, as the API tells it of a host whose agent is made of bytes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  tellFinding,
  type Event,
  type Finding,
  type HostTrouble,
  type Installation,
  type Warning,
  type Warnings,
} from '#api';
import { FakeAgent, load, makeDefinition, makeRecord } from '../../testing/fake-agent.ts';
import { Stage } from '../../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const vm = makeDefinition('web-1');
const other = makeDefinition('db-1');
before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  agent.handlers['host.configure'] = () => ({});
  await agent.connect([makeRecord(vm, 1), makeRecord(other, 1)]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const parent = (vmId: string): HostTrouble => ({
  kind: 'invalid-parent',
  vmId,
  text: 'base.qcow2, below the disk virtio0:0, is missing',
  remedy: 'bring back the file as it was',
});

async function tell(...troubles: readonly HostTrouble[]): Promise<void> {
  const { inventory } = stage.coordinator;
  agent.send({ type: 'troubles', troubles: [...troubles] });
  const { hostId } = agent;
  await stage.until(
    () => JSON.stringify(inventory.troubles(hostId)) === JSON.stringify(troubles),
    'troubles',
  );
}

async function list(token?: string): Promise<readonly Warning[]> {
  const { json } = await stage.send('GET', '/warnings', token === undefined ? {} : { token });
  return (json as Warnings).items;
}

const untilEvents = async (name: string, count: number): Promise<readonly Event[]> => {
  for (;;) {
    const { head } = stage.coordinator.inventory;
    const { json } = await stage.send('GET', `/events?filter=name=${name}`);
    const { items } = json as { items: Event[] };
    if (items.length >= count) return items;
    await stage.until(() => stage.coordinator.inventory.head > head, `${count} × ${name}`);
  }
};

test('what agents find is told with the thing, the evidence and the remedy, the gravest first', async () => {
  await tell(
    { kind: 'system-log', vmId: null, text: 'events do not reach the log', remedy: 'look at it' },
    parent(vm.id),
  );
  const [first, second, ...more] = await list();
  assert.equal(more.length, 0);
  assert.deepEqual(first, {
    id: first?.id,
    check: 'parents',
    result: 'error',
    evidence: 'vm web-1: base.qcow2, below the disk virtio0:0, is missing',
    remedy: 'bring back the file as it was',
    thing: { kind: 'vm', id: vm.id, name: 'web-1' },
    hostId: agent.hostId,
    acknowledged: null,
  });
  assert.equal(second?.check, 'system log');
  assert.deepEqual(second.thing, { kind: 'host', id: agent.hostId, name: 'h1' });
  assert.equal(second.hostId, agent.hostId);
  await tell();
  assert.deepEqual(await list(), []);
});

test('what an agent finds keeps its code and values, in warnings and in findings of the installation', async () => {
  const { evidence: text, ...told } = tellFinding('no-space', { volume: '/srv' });
  const { remedy: way, ...said } = told;
  await tell({ kind: 'no-space', vmId: vm.id, text, remedy: way, ...said }, parent(vm.id));
  const warnings = await list();
  const { findings } = (await stage.send('GET', '/installation')).json as Installation;
  for (const found of [warnings, findings]) {
    const ofCheck = (name: string): Finding | undefined =>
      found.find(({ check }) => check === name);
    const { evidence, remedy, code, values } = ofCheck('space') ?? {};
    assert.equal(evidence, 'vm web-1: paused since the volume /srv has no room for its disks');
    assert.deepEqual({ remedy, code, values }, told);
    // As agents before it tell.
    assert.equal(ofCheck('parents')?.code, undefined);
    assert.match(ofCheck('parents')?.evidence ?? '', /is missing/);
  }
  await tell();
});

test('a person is warned only of what this person may see, and takes note only of what this person may change', async () => {
  await tell(parent(vm.id), parent(other.id));
  const object = { objectKind: 'vm', object: 'web-1' };
  const looker = await stage.addUser('looker', [{ role: 'use', ...object }]);
  const keeper = await stage.addUser('keeper', [{ role: 'reconfigure', ...object }]);
  for (const token of [looker, keeper])
    assert.deepEqual(
      (await list(token)).map(({ thing }) => thing.name),
      ['web-1'],
    );
  const all = await list();
  const [web] = await list(keeper);
  const db = all.find(({ thing }) => thing.name === 'db-1');
  const note = async (id: string | undefined, token: string): Promise<number> => {
    const asked = { token, body: { note: 'known' } };
    return (await stage.send('PUT', `/warnings/${id}/acknowledgement`, asked)).status;
  };
  assert.equal(await note(web?.id, looker), 403);
  assert.equal(await note(db?.id, keeper), 404);
  assert.equal(await note(web?.id, keeper), 200);
  const empty = { token: keeper, body: { note: '  ' } };
  const path = `/warnings/${web?.id}/acknowledgement`;
  assert.equal((await stage.send('PUT', path, empty)).status, 400);
  assert.equal((await stage.send('DELETE', path, { token: looker })).status, 403);
  const reopened = await stage.send('DELETE', path, { token: keeper });
  assert.equal((reopened.json as Warning).acknowledged, null);
  await tell();
});

test('WEB-56 a warning is acknowledged with a note by a named person, over a restart too, and returns by itself when its condition recurs after it has cleared', async () => {
  await tell(parent(vm.id));
  const [warning] = await list();
  const ann = await stage.addUser('ann', [{ role: 'administrator' }]);
  const { json } = await stage.send('PUT', `/warnings/${warning?.id}/acknowledgement`, {
    token: ann,
    body: { note: 'the base comes back on Monday' },
  });
  const { acknowledged } = json as Warning;
  assert.equal(acknowledged?.by, 'ann');
  assert.equal(acknowledged.note, 'the base comes back on Monday');
  const [event] = await untilEvents('warning.acknowledged', 2);
  assert.equal(event?.actor.name, 'ann');
  assert.match(event.message, /base comes back on Monday.*web-1: base\.qcow2/);
  const { findings } = (await stage.send('GET', '/installation')).json as Installation;
  assert.deepEqual(findings, [], 'what somebody has taken note of is no finding');

  // While the host is away nothing on it is known to be over.
  await agent.close();
  await stage.restart();
  await stage.until(() => stage.host('h1')?.status === 'unreachable', 'unreachable');
  assert.deepEqual(
    (await list()).map(({ check, acknowledged: noted }) => [check, noted]),
    [['hosts', null]],
  );
  await agent.connect([makeRecord(vm, 1), makeRecord(other, 1)]);
  await tell(parent(vm.id));
  assert.deepEqual((await list())[0]?.acknowledged, acknowledged);

  await tell();
  const [cleared] = await untilEvents('warning.cleared', 1);
  assert.match(cleared?.message ?? '', /is over.*web-1: base\.qcow2/);
  await tell(parent(vm.id));
  const [again] = await list();
  assert.equal(again?.id, warning?.id);
  assert.equal(again?.acknowledged, null, 'it is back');
  await tell();
});

test('figures that change are the same warning; a volume that has room again and fills up is a new one', async () => {
  const volume = { path: '/srv', totalBytes: 1e12, freeBytes: 1e6 };
  const fill = async (freeBytes: number): Promise<readonly Warning[]> => {
    const full = { ...load, volumes: [{ ...volume, freeBytes }] };
    agent.send({ type: 'samples', samples: [], load: full });
    const isTold = (): boolean => stage.host('h1')?.load?.volumes[0]?.freeBytes === freeBytes;
    await stage.until(isTold, 'load');
    return list();
  };
  const [low] = await fill(1e6);
  assert.equal(low?.check, 'volumes');
  const path = `/warnings/${low.id}/acknowledgement`;
  assert.equal(
    (await stage.send('PUT', path, { body: { note: 'a disk is ordered' } })).status,
    200,
  );
  const [lower] = await fill(5e5);
  assert.equal(lower?.id, low.id);
  assert.notEqual(lower?.evidence, low.evidence);
  assert.equal(lower?.acknowledged?.note, 'a disk is ordered');
  assert.deepEqual(await fill(9e11), []);
  await untilEvents('warning.cleared', 2);
  assert.equal((await fill(1e6))[0]?.acknowledged, null);
});

test('of very many the findings of the installation name the first and count the others', async () => {
  const kinds = Array.from({ length: 30 }, (_, at): HostTrouble => {
    return { ...parent(vm.id), text: `base-${at}.qcow2 is missing` };
  });
  await tell(...kinds);
  const { findings } = (await stage.send('GET', '/installation')).json as Installation;
  assert.equal(findings.filter(({ check }) => check === 'parents').length, 20);
  assert.match(findings.at(-1)?.evidence ?? '', /there are 10 more/);
  await tell();
});
