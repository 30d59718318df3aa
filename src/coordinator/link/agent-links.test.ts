/**
 * The server's half of the agent link, against an agent made of bytes over a real connection. One file
 * because every test needs that agent and the coordinator it dials.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isFault } from '#lib';
import type { Event } from '#api';
import {
  FakeAgent,
  load,
  makeDefinition,
  makeRecord,
  makeReport,
  neverAnswers,
} from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
let hosts = 0;

before(async () => {
  stage = await Stage.open({ times: { graceMs: 150, reconnectMs: 400, pingIntervalMs: 100 } });
});
after(() => stage[Symbol.asyncDispose]());
beforeEach(async () => {
  await agent?.[Symbol.asyncDispose]();
  hosts += 1;
  agent = await FakeAgent.join(stage, `h${hosts}`);
});

async function events(filter: string): Promise<readonly Event[]> {
  const query = encodeURIComponent(filter);
  const { json } = await stage.send('GET', `/events?limit=1000&sort=seq&filter=${query}`);
  return (json as { items: Event[] }).items;
}

async function lastStatusChange(): Promise<Event['attributes'] | undefined> {
  return (await events(`target.name = ${agent.name} AND name = host.agent.status-changed`)).at(-1)
    ?.attributes;
}

function namesOf(list: readonly Event[]): readonly string[] {
  return list.map(({ name }) => name);
}

describe('hello', { timeout: 20_000 }, () => {
  test('HOST-21 a host is ready when its agent has said hello, and unreachable after the grace time', async () => {
    await agent.connect();
    assert.equal(stage.host(agent.name)?.status, 'ready');
    assert.deepEqual(stage.host(agent.name)?.load, load);
    await agent.close();
    assert.equal(stage.host(agent.name)?.status, 'ready', 'not told in the grace time');
    await stage.until(() => stage.host(agent.name)?.status === 'unreachable', 'unreachable');
    await agent.connect();
    assert.equal(stage.host(agent.name)?.status, 'ready');
  });

  test('HOST-22 EVT-46 EVT-51 every change of the status is an event with old, new and cause', async () => {
    await agent.connect();
    await agent.close();
    await stage.until(() => stage.host(agent.name)?.status === 'unreachable', 'unreachable');
    await agent.connect();
    const told = await events(`target.name = ${agent.name} AND name = host.agent.status-changed`);
    assert.deepEqual(
      told.map(({ attributes }) => [attributes['oldStatus'], attributes['newStatus']]),
      [
        ['unknown', 'ready'],
        ['ready', 'unreachable'],
        ['unreachable', 'ready'],
      ],
    );
    assert.deepEqual(
      told.map(({ type }) => type),
      ['information', 'warning', 'information'],
    );
    assert.equal(
      told[0]?.message,
      `Host ${agent.name} is ready (was unknown): the agent is connected`,
    );
    for (const { attributes } of told) assert.ok(String(attributes['cause']).length > 0);
    const connection = await events(
      `target.name = ${agent.name} AND name = coordinator.connection.*`,
    );
    assert.deepEqual(namesOf(connection), [
      'coordinator.connection.lost',
      'coordinator.connection.restored',
    ]);
    const synchronised = await events(
      `target.name = ${agent.name} AND name = coordinator.inventory.synchronised`,
    );
    assert.deepEqual(
      synchronised.map(({ category, attributes }) => [category, attributes['machines']]),
      [
        ['Coordinator', 0],
        ['Coordinator', 0],
      ],
    );
  });

  test('a loss that is still being written does not hide that the host is back', async () => {
    await agent.connect();
    await agent.close();
    // The store's writer waits for this lock: commits pile up behind it in their order.
    using lock = new DatabaseSync(join(stage.folder, 'data/store.db'));
    lock.exec('BEGIN IMMEDIATE');
    await agent.open();
    agent.send(agent.hello());
    await agent.until((message) => message.type === 'welcome');
    // Nothing tells that the grace time is over: its commit waits behind the one of the return.
    await new Promise((resolve) => setTimeout(resolve, 400));
    lock.exec('ROLLBACK');
    const told = (): Promise<readonly Event[]> =>
      events(`target.name = ${agent.name} AND name = coordinator.connection.*`);
    while ((await told()).length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    await stage.until(() => stage.host(agent.name)?.status === 'ready', 'ready again');
    assert.ok(stage.coordinator.links.connected(agent.hostId));
    assert.deepEqual(namesOf(await told()), [
      'coordinator.connection.lost',
      'coordinator.connection.restored',
    ]);
  });

  test('EVT-43 an agent that says farewell is told as not running', async () => {
    await agent.connect();
    await agent.close(1001);
    await stage.until(
      () => stage.host(agent.name)?.status === 'agent-not-running',
      'agent-not-running',
    );
    assert.deepEqual(await lastStatusChange(), {
      oldStatus: 'ready',
      newStatus: 'agent-not-running',
      cause: 'the agent was stopped',
    });
  });

  test('HOST-21 EVT-44 a host without a hypervisor, and one whose service is stopped, are told as that', async () => {
    const hello = agent.hello();
    await agent.open();
    const hypervisor = { ...hello.facts.hypervisor, version: null };
    agent.send({ ...hello, facts: { ...hello.facts, hypervisor } });
    await stage.until(
      () => stage.host(agent.name)?.status === 'hypervisor-not-installed',
      'hypervisor-not-installed',
    );
    assert.deepEqual(await lastStatusChange(), {
      oldStatus: 'unknown',
      newStatus: 'hypervisor-not-installed',
      cause: `${hypervisor.name} is not installed`,
    });
    agent.send({ type: 'facts', facts: hello.facts, serviceRunning: false });
    await stage.until(() => stage.host(agent.name)?.status === 'service-stopped', 'stopped');
    agent.send({ type: 'facts', facts: hello.facts, serviceRunning: true });
    await stage.until(() => stage.host(agent.name)?.status === 'ready', 'ready');
  });

  test('HOST-21 EVT-45 an agent of another protocol is refused and told as not communicating', async () => {
    const socket = await agent.open();
    const closed = once(socket, 'close');
    agent.send(agent.hello([], { protocol: 99 }));
    await agent.until(({ type }) => type === 'refused');
    await closed;
    await stage.until(
      () => stage.host(agent.name)?.status === 'not-communicating',
      'not-communicating',
    );
    assert.match(stage.host(agent.name)?.statusReason ?? '', /protocol 99/);
  });

  test("an agent with another host's certificate is refused", async () => {
    await agent.open();
    agent.send(agent.hello([], { hostId: randomUUID() }));
    const refused = await agent.until(({ type }) => type === 'refused');
    assert.equal(refused.type === 'refused' ? refused.fault.code : '', 'forbidden');
  });

  test('a newer link of a host replaces the older one', async () => {
    const first = await agent.connect();
    const closed = once(first, 'close');
    await agent.open();
    agent.send(agent.hello());
    await closed;
    agent.handlers['machine.keys'] = () => ({});
    const { links } = stage.coordinator;
    await links.call(agent.hostId, 'machine.keys', { id: randomUUID(), keys: ['a'] });
    assert.equal(agent.calls('machine.keys').length, 1);
  });

  const broken: readonly (readonly [string, string | Buffer, number])[] = [
    ['what is not JSON', '{', 1007],
    ['what is not of the protocol', '{"type":"hello"}', 1008],
    ['an unknown message', '{"type":"explode"}', 1008],
    ['bytes', Buffer.from([1, 2, 3]), 1003],
    ['something before hello', '{"type":"events","events":[]}', 1011],
  ];
  for (const [what, bytes, expected] of broken) {
    test(`${what} ends the link`, async () => {
      const socket = await agent.open();
      const closed = once(socket, 'close');
      socket.send(bytes);
      const [code] = (await closed) as [number];
      assert.equal(code, expected);
    });
  }

  test('an agent that falls silent is given up', async () => {
    const socket = await agent.connect();
    socket.pong = () => undefined;
    // Without reading there are no pongs either.
    socket.pause();
    await stage.until(() => stage.host(agent.name)?.status === 'unreachable', 'unreachable');
    socket.resume();
    socket.terminate();
  });
});

describe('calls', { timeout: 20_000 }, () => {
  const id = randomUUID();

  test('a call is answered, a fault is passed on, an answer that is none is not taken', async () => {
    const { links } = stage.coordinator;
    agent.handlers['machine.keys'] = () => ({});
    agent.handlers['machine.hardware'] = () => {
      throw Object.assign(new Error('no such vm'), { code: 'not-found' });
    };
    agent.handlers['machine.screenshot'] = () => ({ png: 5 });
    await agent.connect();
    const { hostId } = agent;
    assert.deepEqual(await links.call(hostId, 'machine.keys', { id, keys: [] }), {});
    await assert.rejects(links.call(hostId, 'machine.hardware', { id }), (error) =>
      isFault(error, 'not-found'),
    );
    await assert.rejects(links.call(hostId, 'machine.screenshot', { id }), (error) =>
      isFault(error, 'unavailable'),
    );
  });

  test('a call that takes too long ends with timeout, one that is cancelled is cancelled at the agent', async () => {
    const { links } = stage.coordinator;
    agent.handlers['machine.hardware'] = neverAnswers;
    await agent.connect();
    const { hostId } = agent;
    await assert.rejects(links.call(hostId, 'machine.hardware', { id }, { limitMs: 50 }), (error) =>
      isFault(error, 'timeout'),
    );
    await agent.until(({ type }) => type === 'cancel');
    const controller = new AbortController();
    const call = links.call(hostId, 'machine.hardware', { id }, { signal: controller.signal });
    await agent.until(({ type }) => type === 'call', agent.received.length);
    const seen = agent.received.length;
    controller.abort();
    await assert.rejects(call, (error) => isFault(error, 'cancelled'));
    await agent.until(({ type }) => type === 'cancel', seen);
  });

  test('progress is passed on', async () => {
    const { links } = stage.coordinator;
    agent.handlers['machine.hardware'] = neverAnswers;
    await agent.connect();
    const told: (number | null)[] = [];
    const call = links.call(
      agent.hostId,
      'machine.hardware',
      { id },
      { onProgress: (progress) => told.push(progress) },
    );
    const message = await agent.until(({ type }) => type === 'call');
    assert.ok(message.type === 'call');
    agent.send({ type: 'progress', id: message.id, progress: 0.5, note: 'half' });
    const result = { running: false, accelerator: 'tcg', devices: [] };
    agent.send({ type: 'answer', id: message.id, result });
    assert.deepEqual(await call, result);
    assert.deepEqual(told, [0.5]);
  });

  test('a call whose link breaks is asked again on the next one', async () => {
    const { links } = stage.coordinator;
    agent.handlers['machine.keys'] = neverAnswers;
    await agent.connect();
    const call = links.call(agent.hostId, 'machine.keys', { id, keys: ['a'] });
    await agent.until(({ type }) => type === 'call');
    await agent.close();
    agent.handlers['machine.keys'] = () => ({});
    await agent.connect();
    assert.deepEqual(await call, {});
    assert.equal(agent.calls('machine.keys').length, 2);
  });

  test('a call to a host that stays away ends with unavailable', async () => {
    const { links } = stage.coordinator;
    await agent.connect();
    await agent.close();
    await assert.rejects(links.call(agent.hostId, 'machine.keys', { id, keys: [] }), (error) =>
      isFault(error, 'unavailable'),
    );
  });

  test('what an answer reports of a machine is shown before the caller hears of it', async () => {
    const { links } = stage.coordinator;
    const definition = makeDefinition(`report-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    agent.handlers['machine.act'] = () => ({
      report: makeReport(definition, { state: 'running', wasRunning: true, generation: 1 }),
    });
    const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: randomUUID() } as const;
    await links.call(agent.hostId, 'machine.act', {
      id: definition.id,
      generation: 1,
      cause,
      action: 'turn-on',
      request: {},
    });
    assert.equal(stage.vm(definition.name)?.state, 'running');
    const [change] = await events(`correlationId = ${cause.correlationId}`);
    assert.equal(change?.name, 'vm.setting.changed');
    assert.deepEqual(change?.actor, cause.actor);
  });
});

describe('events', { timeout: 20_000 }, () => {
  test('EVT-10 events sent again are kept once, in order, and acknowledged when they are committed', async () => {
    await agent.connect();
    agent.sendEvents({ seq: 1 }, { seq: 2, name: 'host.stopped', attributes: { cause: 'a' } });
    await agent.until((message) => message.type === 'ack' && message.lastEventSeq === 2);
    agent.sendEvents(
      { seq: 2, name: 'host.stopped', attributes: { cause: 'a' } },
      { seq: 3 },
      { seq: 1 },
    );
    await agent.until((message) => message.type === 'ack' && message.lastEventSeq === 3);
    const told = await events(
      `target.name = ${agent.name} AND category = Host AND name != host.agent*`,
    );
    assert.deepEqual(
      namesOf(told).filter((name) => name === 'host.started' || name === 'host.stopped'),
      ['host.started', 'host.stopped', 'host.started'],
    );
  });

  test('EVT-10 the welcome says up to which event everything is here, also after a restart', async () => {
    await agent.connect();
    agent.sendEvents({ seq: 1 }, { seq: 2 });
    await agent.until((message) => message.type === 'ack' && message.lastEventSeq === 2);
    await agent.close();
    await stage.restart();
    const seen = agent.received.length;
    await agent.open();
    agent.send(agent.hello());
    const welcome = await agent.until(({ type }) => type === 'welcome', seen);
    assert.equal(welcome.type === 'welcome' ? welcome.lastEventSeq : -1, 2);
  });

  test("EVT-05 EVT-25 an agent's event has its own time, the vm as target, host and installation above", async () => {
    const definition = makeDefinition(`evented-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    agent.sendEvents({
      seq: 1,
      name: 'vm.state.powered-on',
      vmId: definition.id,
      attributes: { accelerator: 'tcg', held: false },
    });
    await agent.until(({ type }) => type === 'ack');
    const [event] = await events(`name = vm.state.powered-on AND target.id = ${definition.id}`);
    assert.equal(event?.time, '2026-02-03T04:05:06.789Z');
    assert.equal(event?.category, 'Virtual Machine');
    assert.equal(event.target.name, definition.name);
    assert.equal(event.message, `Virtual machine ${definition.name} was turned on`);
    assert.deepEqual(
      event?.ancestors.map(({ kind }) => kind),
      ['host', 'folder', 'installation'],
    );
  });

  test('an event that is not known, or lacks attributes, does not stop those after it', async () => {
    await agent.connect();
    agent.sendEvents({ seq: 1, name: 'made.up' }, { seq: 2, name: 'host.stopped' }, { seq: 3 });
    await agent.until((message) => message.type === 'ack' && message.lastEventSeq === 3);
    const [stopped] = await events(`target.name = ${agent.name} AND name = host.stopped`);
    assert.match(stopped?.message ?? '', /stopped/);
  });

  test("events do not change the host's version: an If-Match stays good", async () => {
    await agent.connect();
    const { version } = stage.host(agent.name) ?? {};
    agent.sendEvents({ seq: 1 });
    await agent.until(({ type }) => type === 'ack');
    assert.equal(stage.host(agent.name)?.version, version);
  });
});

describe('reports and samples', { timeout: 20_000 }, () => {
  test('VM-62 VM-63 EVT-17 the was-running memory follows the agent and each change is an event', async () => {
    const definition = makeDefinition(`memory-${agent.name}`);
    await agent.connect([makeRecord(definition, 1)]);
    agent.send({
      type: 'reports',
      reports: [makeReport(definition, { state: 'running', wasRunning: true })],
    });
    const wasRunning = (): boolean | undefined =>
      stage.vm(definition.name)?.definition.settings.shutdown.quit.wasRunning;
    await stage.until(() => wasRunning() === true, 'was running');
    agent.send({ type: 'reports', reports: [makeReport(definition, { state: 'off' })] });
    await stage.until(() => wasRunning() === false, 'was not running');
    const told = await events(
      `target.id = ${definition.id} AND attributes.path = settings/shutdown/quit/was_running`,
    );
    assert.deepEqual(
      told.map(({ attributes }) => [attributes['oldValue'], attributes['newValue']]),
      [
        [false, true],
        [true, false],
      ],
    );
  });

  test('a change that nobody here asked for is shown', async () => {
    const definition = makeDefinition(`external-${agent.name}`);
    await agent.connect([makeRecord(definition, 1, { state: 'running', wasRunning: true })]);
    assert.equal(stage.vm(definition.name)?.state, 'running');
    agent.send({
      type: 'reports',
      reports: [makeReport(definition, { state: 'paused', wasRunning: true })],
    });
    await stage.until(() => stage.vm(definition.name)?.state === 'paused', 'paused');
  });

  test('a report that says nothing new writes nothing, nor does one about a vm of another host', async () => {
    const definition = makeDefinition(`quiet-${agent.name}`);
    const other = makeDefinition(`other-${agent.name}`);
    await agent.connect([makeRecord(definition, 1), makeRecord(other, 1)]);
    const versions = (): readonly unknown[] =>
      (['vm', 'status'] as const).map(
        (kind) => stage.coordinator.inventory.document(kind, definition.id)?.version,
      );
    const before = versions();
    agent.send({
      type: 'reports',
      reports: [makeReport(definition), makeReport(makeDefinition('stranger'))],
    });
    agent.send({ type: 'reports', reports: [makeReport(other, { state: 'running' })] });
    await stage.until(() => stage.vm(other.name)?.state === 'running', 'running');
    assert.deepEqual(versions(), before);
    assert.equal(stage.vm('stranger'), undefined);
  });

  test('a host was last seen when its last samples came', async () => {
    await agent.connect();
    const before = stage.host(agent.name)?.lastSeenAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
    agent.send({ type: 'samples', samples: [], load: { ...load, cpuPercent: 33 } });
    await stage.until(() => stage.host(agent.name)?.load?.cpuPercent === 33, 'samples');
    const { lastSeenAt, status } = stage.host(agent.name) ?? {};
    assert.ok((lastSeenAt ?? '') > (before ?? ''));
    assert.equal(status, 'ready');
  });

  test('VM-24 vms of a host that is away are unknown, and shown as before when it is back', async () => {
    const definition = makeDefinition(`away-${agent.name}`);
    const record = makeRecord(definition, 1, { state: 'running', wasRunning: true });
    await agent.connect([record]);
    await agent.close();
    await stage.until(() => stage.vm(definition.name)?.state === 'unknown', 'unknown');
    await agent.connect([record]);
    assert.equal(stage.vm(definition.name)?.state, 'running');
  });
});
