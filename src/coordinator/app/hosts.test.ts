import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AdapterReport, DryRun, Event, Host, Installation, Network, Operation } from '#api';
import { miB } from '#lib';
import { FakeAgent, facts, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
const vm = makeDefinition('web-1');
before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  agent.handlers['host.configure'] = () => ({});
  await agent.connect([makeRecord(vm, 1)]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

test('EVT-14 HOST-37 settings of a host reach its agent, each change is an event, the others stay', async () => {
  const before = stage.host('h1')?.settings;
  const { status, json, text } = await stage.send('PATCH', '/hosts/h1', {
    body: { settings: { searchPath: ['/srv/vms'], maxRunningVms: 5 } },
  });
  assert.equal(status, 200, text);
  const expected = { ...before, searchPath: ['/srv/vms'], maxRunningVms: 5 };
  assert.deepEqual((json as Host).settings, expected);
  const sent = agent.calls('host.configure').at(-1)?.params as { settings: unknown };
  assert.deepEqual(sent.settings, expected);
  const events = await stage.send('GET', '/events?filter=name=host.setting.changed&sort=seq');
  assert.deepEqual(
    (events.json as { items: Event[] }).items.map(({ attributes }) => attributes['path']),
    ['settings/search_path', 'settings/max_running_vms'],
  );
});

test('of rules for low space one is changed, and the others stay', async () => {
  const rules = async (lowSpace: object): Promise<unknown> => {
    const body = { settings: { lowSpace } };
    assert.equal((await stage.send('PATCH', '/hosts/h1', { body })).status, 200);
    return stage.host('h1')?.settings.lowSpace;
  };
  const rule = { warn: { percent: 7 }, resume: 'by-hand', volumes: [] };
  const pause = { bytes: 64 * miB };
  assert.deepEqual(await rules({ warn: rule.warn, resume: 'by-hand' }), { ...rule, pause });
  const more = { pause: { percent: 1 } };
  assert.deepEqual(await rules(more), { ...rule, ...more });
});

test('settings that the agent cannot follow are not kept', async () => {
  agent.handlers['host.configure'] = ({ settings }: { settings: { vmFolder: string | null } }) => {
    if (settings.vmFolder === '/fat')
      throw Object.assign(new Error('/fat cannot hold permissions'), { code: 'unsupported' });
    return {};
  };
  const { status, text } = await stage.send('PATCH', '/hosts/h1', {
    body: { settings: { vmFolder: '/fat' } },
  });
  assert.equal(status, 422, text);
  assert.equal(stage.host('h1')?.settings.vmFolder, null);
});

test('a host is renamed, and its vms say so', async () => {
  assert.equal((await stage.send('PATCH', '/hosts/h1', { body: { name: 'h-one' } })).status, 200);
  assert.equal(stage.vm('web-1')?.host, 'h-one');
  assert.equal((await stage.send('PATCH', '/hosts/h-one', { body: { name: 'h1' } })).status, 200);
});

test('HOST-26 a diagnosis answers check, evidence and remedy', async () => {
  const findings = [{ check: 'kvm', result: 'warning', evidence: 'none', remedy: 'enable it' }];
  agent.handlers['host.diagnose'] = () => ({ findings });
  const { json } = await stage.send('POST', '/hosts/h1/diagnose');
  assert.deepEqual(json, { findings });
});

test('a probe brings new facts', async () => {
  const acceleration = { kvm: 'works', evidence: 'it ran', use: 'kvm' } as const;
  agent.handlers['host.probe'] = () => ({ facts: { ...facts, acceleration } });
  const operation = await stage.act('POST', '/hosts/h1/probe');
  assert.equal(operation.state, 'done');
  assert.equal(stage.host('h1')?.facts?.acceleration.use, 'kvm');
});

test('GRP-16 HOST-31 HOST-28 a discovery finds what was defined behind our back and marks what is gone', async () => {
  const found = makeDefinition('found-1');
  agent.handlers['host.discover'] = () => ({ machines: [makeRecord(found, 1)] });
  const operation = await stage.act('POST', '/hosts/h1/discover');
  assert.deepEqual(operation.result, { found: ['found-1'], vanished: ['web-1'] });
  assert.equal(stage.vm('web-1')?.state, 'unknown');
  assert.match(stage.vm('web-1')?.status.lastFault?.message ?? '', /no vm web-1/);
  const { json } = await stage.send('POST', '/hosts/h1/actions/turn-on-all?dryRun=true');
  const { warnings } = json as DryRun;
  assert.ok(
    warnings.some(({ text }) => text === 'turn-on found-1'),
    'it is acted on with the others',
  );
});

test('adapters of a host are listed by the names of their networks; a change is told to the agent, and confirmed', async () => {
  const created = await stage.send('POST', '/networks', {
    body: { name: 'lan', type: 'bridged', adapter: 'eno1' },
  });
  const { id } = created.json as Network;
  const report: AdapterReport = {
    name: 'eno1',
    mac: null,
    link: 'up',
    speedMbps: 1000,
    addresses: ['192.0.2.5/24'],
    carries: ['coordinator'],
    use: 'any',
    trial: null,
    problem: null,
    networks: [id],
  };
  const trial = { use: 'shared', until: '2030-01-01T00:00:00.000Z' };
  agent.handlers['host.adapters'] = () => ({ adapters: [report] });
  agent.handlers['host.adapter.set'] = () => ({ trial });
  agent.handlers['host.adapter.confirm'] = () => ({});
  const { json } = await stage.send('GET', '/hosts/h1/adapters');
  assert.deepEqual(json, { items: [{ ...report, networks: [{ id, name: 'lan' }] }] });
  const changed = await stage.send('PATCH', '/hosts/h1/adapters/eno1', { body: { use: 'shared' } });
  assert.deepEqual(changed.json, { trial });
  const told = agent.calls('host.adapter.set').at(-1)?.params as Record<string, unknown>;
  const { name, use, confirmSeconds, work } = told;
  assert.deepEqual([name, use, confirmSeconds, work], ['eno1', 'shared', 60, 'do']);
  const confirmed = await stage.send('POST', '/hosts/h1/adapters/eno1/confirm');
  assert.equal(confirmed.status, 204, confirmed.text);
  assert.equal(agent.calls('host.adapter.confirm').length, 1);
});

test('what is wrong with a host is a finding of the installation, with the remedy', async () => {
  await agent.close();
  await stage.until(() => stage.host('h1')?.status === 'unreachable', 'unreachable');
  const { json } = await stage.send('GET', '/installation');
  const finding = (json as Installation).findings.find(({ check }) => check === 'hosts');
  assert.match(finding?.evidence ?? '', /h1 is unreachable/);
  assert.match(finding?.remedy ?? '', /gantry host/);
});

test('nothing is asked of a host that is away: the fault says so and what to look at', async () => {
  await stage.until(() => stage.host('h1')?.status === 'unreachable', 'unreachable');
  const { status, json } = await stage.send('POST', '/vms/found-1/actions/turn-on');
  assert.equal(status, 503);
  assert.match((json as { hint: string }).hint, /gantry host/);
  assert.equal((await stage.send('POST', '/hosts/h1/probe')).status, 503);
});

test('a host with vms stays; its vms can be taken out while it is away; then it goes, with its certificate', async () => {
  const { hostId } = agent;
  const refused = await stage.send('DELETE', '/hosts/h1');
  assert.equal(refused.status, 409);
  assert.match(refused.text, /2 vms/);
  for (const name of ['web-1', 'found-1']) {
    const operation: Operation = await stage.act('POST', `/vms/${name}/remove`);
    assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
  }
  assert.equal((await stage.send('DELETE', '/hosts/h1')).status, 204);
  assert.equal((await stage.send('GET', '/hosts/h1')).status, 404);
  assert.equal(stage.coordinator.inventory.document('agent', hostId), undefined);
  await assert.rejects(agent.open(), /401/);
  const { json } = await stage.send('GET', '/events?filter=name=security.certificate.changed');
  const [revoked] = (json as { items: Event[] }).items;
  assert.deepEqual(revoked?.attributes, { what: 'host h1', how: 'revoked' });
  assert.equal(revoked?.actor.kind, 'user');
});
