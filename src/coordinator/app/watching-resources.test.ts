/** Changes of resources told over real connections: caught up with, filtered, told to those who may see them. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { watchMessageSchemas, type Network, type Team, type Vm } from '#api';
import { load, makeDefinition, makeRecord, makeReport } from '../testing/fake-agent.ts';
import { isEvent, WatchRoom, type Listener, type Message } from '../testing/watch-room.ts';

const room = await WatchRoom.open();
const { stage, agent, web, listen, makeFolder } = room;
after(() => room[Symbol.asyncDispose]());

describe('resources', { timeout: 20_000 }, () => {
  test('API-21 a change is told with the resource as it is now, and the end of the catching up by ready', async () => {
    await using listener = await listen('/watch?kinds=vm');
    await listener.until(({ event }) => event === 'ready');
    agent.send({
      type: 'reports',
      reports: [makeReport(web, { state: 'running', wasRunning: true })],
    });
    const { data } = await listener.until(
      ({ event, data: told }) =>
        event === 'changed' && (told as { resource: Vm }).resource.state === 'running',
    );
    assert.equal((data as { id: string }).id, web.id);
    for (const { event, data: told } of listener.heard)
      watchMessageSchemas[event as keyof typeof watchMessageSchemas].parse(told);
  });

  test('a change of the settings of the installation is told to all, also to those who catch up', async () => {
    await using listener = await listen('/watch?kinds=team');
    const { id: since } = await listener.until(({ event }) => event === 'ready');
    const set = async (plainHttp: string): Promise<void> => {
      const { status, text } = await stage.send('PATCH', '/installation', { body: { plainHttp } });
      assert.equal(status, 200, text);
    };
    await set('served');
    const told = await listener.until(({ event }) => event === 'settings');
    assert.deepEqual(told.data, { tls: false });
    assert.ok(Number(told.id) > Number(since));
    await set('refused');
    await listener.until(
      ({ event, data }) => event === 'settings' && isDeepStrictEqual(data, { tls: true }),
    );
    await using late = await listen(`/watch?kinds=team&since=${since}`);
    await late.until(({ event }) => event === 'ready');
    assert.deepEqual(late.heard.map(({ event, data }) => [event, data]).slice(0, 1), [
      ['settings', { tls: true }],
    ]);
  });

  test('samples are told only of the things that a listener shows', async () => {
    const other = makeDefinition('web-2');
    await agent.connect([makeRecord(web, 1), makeRecord(other, 1)]);
    const path = `/watch?kinds=vm,host&samples=true&samplesOf=${other.id}`;
    await using shown = await listen(path);
    await using none = await listen('/watch?kinds=vm,host&samples=true&samplesOf=');
    await Promise.all(
      [shown, none].map((listener) => listener.until(({ event }) => event === 'ready')),
    );
    const sample = (id: string, cpuPercent: number): object => ({
      id,
      cpuPercent,
      memoryBytes: 1,
      diskUse: null,
      networkUse: null,
      heartbeat: { state: 'good', lastAt: null, beats: 3 },
      additions: { state: 'running', version: null, agentVersion: null, functions: {} },
      guest: null,
    });
    const samples = [sample(web.id, 11), sample(other.id, 22)];
    agent.send({ type: 'samples', load, samples } as Parameters<typeof agent.send>[0]);
    await shown.until(({ event }) => event === 'sampled');
    // What is committed afterwards comes to all, whatever samples they want.
    agent.send({ type: 'reports', reports: [makeReport(web, { state: 'paused' })] });
    const paused = ({ data }: Message): boolean =>
      (data as { resource?: Vm }).resource?.state === 'paused';
    await Promise.all([shown, none].map((listener) => listener.until(paused)));
    const told = (listener: Listener): unknown[] =>
      listener.heard
        .filter(({ event }) => event === 'sampled')
        .map(({ data }) => (data as { id: string }).id);
    assert.deepEqual(told(shown), [other.id]);
    assert.deepEqual(told(none), []);
    agent.send({ type: 'reports', reports: [makeReport(web, { state: 'running' })] });
    for (const query of [
      `samplesOf=${web.id}`,
      'samples=true&samplesOf=web-1',
      `samples=true&samplesOf=${Array(201).fill(web.id).join(',')}`,
    ])
      assert.equal((await stage.send('GET', `/watch?${query}`)).status, 400, query.slice(0, 40));
  });

  test('kinds that are not watched are not told, nor are samples unless they are wanted', async () => {
    await using vms = await listen('/watch?kinds=vm,host');
    await using sampled = await listen('/watch?kinds=vm,host&samples=true');
    await Promise.all(
      [vms, sampled].map((listener) => listener.until(({ event }) => event === 'ready')),
    );
    await makeFolder('unwatched');
    agent.send({
      type: 'samples',
      load: { ...load, cpuPercent: 42 },
      samples: [
        {
          id: web.id,
          cpuPercent: 77,
          memoryBytes: 1,
          diskUse: null,
          networkUse: null,
          heartbeat: { state: 'good', lastAt: null, beats: 3 },
          guestHealth: 'working',
          additions: { state: 'running', version: null, agentVersion: null, functions: {} },
          guest: null,
        },
      ],
    });
    const { data } = await sampled.until(
      ({ event, data: told }) => event === 'sampled' && (told as { kind: string }).kind === 'vm',
    );
    assert.equal((data as { status: { cpuPercent: number } }).status.cpuPercent, 77);
    // the host itself may be told: it is watched, and a commit about it may have been under way
    for (const { event, data: told } of vms.heard) {
      assert.notEqual(event, 'sampled');
      if (event === 'changed') assert.notEqual((told as { kind: string }).kind, 'folder');
    }
  });

  test('a listener that comes back is told every resource that has changed meanwhile, as it is now', async () => {
    let last = '';
    {
      await using listener = await listen('/watch?kinds=image,operation,vm');
      last = (await listener.until(({ event }) => event === 'ready')).id ?? '';
    }
    agent.send({
      type: 'reports',
      reports: [makeReport(web, { state: 'paused', wasRunning: true })],
    });
    await stage.until(() => stage.vm('web-1')?.state === 'paused', 'paused');
    await using again = await listen('/watch?kinds=image,operation,vm', {
      'last-event-id': last,
    });
    await again.until(({ event }) => event === 'ready');
    const told = again.heard.filter(({ event }) => event === 'changed');
    assert.deepEqual(
      told.map(({ data }) => (data as { resource: Vm }).resource.state),
      ['paused'],
    );
  });

  test('what cannot be told any more is told as reset', async () => {
    const { store } = stage.coordinator;
    await makeFolder('old');
    await store.prune({ changesBelow: await store.head() });
    await using listener = await listen('/watch?since=1');
    await listener.until(({ event }) => event === 'reset');
    await listener.until(({ event }) => event === 'ready');
  });

  test('a listener whose place is beyond the last one is told to read again, and hears what comes', async () => {
    const beyond = (await stage.coordinator.store.head()) + 1000;
    await using resources = await listen(`/watch?since=${beyond}`);
    await resources.until(({ event }) => event === 'ready');
    assert.deepEqual(
      resources.heard.map(({ event }) => event),
      ['reset', 'ready'],
    );
    await using events = await listen(`/events/watch?since=${beyond}`);
    await makeFolder('after-the-restore');
    await events.until(isEvent('folder.created', '/after-the-restore'));
  });

  test('a change of rights is told as reset to those whose rights they are, and to nobody else', async () => {
    const grant = async (body: object): Promise<void> => {
      const { status, text } = await stage.send('POST', '/grants', { body });
      assert.equal(status, 200, text);
    };
    const ann = await stage.addUser('ann', [{ role: 'auditor' }]);
    const bob = await stage.addUser('bob', [{ role: 'auditor' }]);
    await using hers = await listen('/watch?kinds=folder', {}, ann);
    await using his = await listen('/watch?kinds=folder', {}, bob);
    for (const one of [hers, his]) await one.until(({ event }) => event === 'ready');
    await grant({ subject: 'ann', role: 'use' });
    await hers.until(({ event }) => event === 'reset');
    await makeFolder('after-the-grant');
    await his.until(({ event }) => event === 'changed');
    assert.ok(!his.heard.some(({ event }) => event === 'reset'));
    const members = { body: { groups: ['operators'] } };
    assert.equal((await stage.send('PATCH', '/users/bob', members)).status, 200);
    await grant({ subjectKind: 'group', subject: 'operators', role: 'use' });
    await his.until(({ event }) => event === 'reset');
  });

  test('the creator of a vm is told of it by its grant alone, without a reset', async () => {
    const carl = await stage.addUser('carl', [
      { role: 'create', objectKind: 'host', object: 'sim' },
    ]);
    await stage.send('POST', '/grants', {
      body: { subject: 'carl', role: 'auditor', objectKind: 'folder', object: '/' },
    });
    await using listener = await listen('/watch?kinds=vm,folder', {}, carl);
    await listener.until(({ event }) => event === 'ready');
    const body = { name: 'of-carl', host: 'sim' };
    const made = await stage.send('POST', '/vms', { body, token: carl });
    assert.equal(made.status, 202, made.text);
    const isTheVm = ({ event, data }: Message): boolean =>
      event === 'changed' && (data as { resource: Vm }).resource.name === 'of-carl';
    await listener.until(isTheVm);
    const { id } = made.json as { id: string };
    await stage.coordinator.operations.wait(id, 10_000);
    await makeFolder('after-the-vm');
    await listener.until(({ data }) => (data as { kind?: string }).kind === 'folder');
    assert.ok(!listener.heard.some(({ event }) => event === 'reset'));
  });

  test('a deleted thing is told as deleted', async () => {
    await using listener = await listen('/watch?kinds=folder');
    await listener.until(({ event }) => event === 'ready');
    const id = await makeFolder('short');
    await listener.until(({ event }) => event === 'changed');
    const gone = await stage.send('DELETE', `/folders/${id}`);
    assert.equal(gone.status, 204, gone.text);
    const { data } = await listener.until(({ event }) => event === 'deleted');
    assert.deepEqual(data, { kind: 'folder', id });
  });

  test('a network is told when it is made, when an adapter comes onto it and when it goes', async () => {
    await using listener = await listen('/watch?kinds=network');
    await listener.until(({ event }) => event === 'ready');
    const make = async (name: string): Promise<string> => {
      const { json, status, text } = await stage.send('POST', '/networks', {
        body: { name, type: 'internal' },
      });
      assert.equal(status, 200, text);
      return (json as Network).id;
    };
    const network = await make('used');
    const isTold =
      (adapters: number) =>
      ({ event, data }: Message): boolean => {
        const { id, resource } = data as { id?: string; resource: Network };
        return event === 'changed' && id === network && resource.adapters === adapters;
      };
    const made = await listener.until(isTold(0));
    const attachment = { kind: 'network', network };
    const adapter = { slot: 0, model: 'virtio', mac: '52:47:59:00:00:01', attachment };
    const body = { hardware: { adapters: [adapter] } };
    assert.equal((await stage.send('PATCH', `/vms/${web.id}`, { body })).status, 202);
    await listener.until(isTold(1));
    await using late = await listen(`/watch?kinds=network&since=${made.id}`);
    await late.until(isTold(1));
    const unused = await make('unused');
    assert.equal((await stage.send('DELETE', `/networks/${unused}`)).status, 204);
    const { data } = await listener.until(({ event }) => event === 'deleted');
    assert.deepEqual(data, { kind: 'network', id: unused });
  });

  test('a team is told to those who may see all its vms, and to nobody else', async () => {
    const stranger = await stage.addUser('no-teams', []);
    await using listener = await listen('/watch?kinds=team');
    await using strangers = await listen('/watch?kinds=team', {}, stranger);
    await listener.until(({ event }) => event === 'ready');
    const { json, status, text } = await stage.send('POST', '/teams', {
      body: { name: 'told', members: [{ vm: web.id }] },
    });
    assert.equal(status, 200, text);
    const { id } = json as Team;
    const { data } = await listener.until(({ event }) => event === 'changed');
    assert.equal((data as { resource: Team }).resource.members[0]?.name, 'web-1');
    assert.equal((await stage.send('DELETE', `/teams/${id}`)).status, 204);
    await listener.until(({ event }) => event === 'deleted');
    await strangers.until(({ event }) => event === 'deleted');
    assert.ok(strangers.heard.every(({ event }) => event !== 'changed'));
  });

  test('the host of a vm that somebody looks at is told so, again with a new link, and of the end; who may not see it looks at nothing', async () => {
    agent.handlers['host.watch'] = () => ({});
    const told = (from: number, machines: readonly string[]): Promise<unknown> =>
      agent.until(
        (message) =>
          message.type === 'call' &&
          message.method === 'host.watch' &&
          isDeepStrictEqual(message.params, { machines }),
        from,
      );
    const path = `/watch?kinds=vm&samples=true&samplesOf=${web.id}`;
    let from = agent.received.length;
    {
      await using looking = await listen(path);
      await told(from, [web.id]);
      // One more who looks changes nothing, and neither does it when the first one goes.
      from = agent.received.length;
      await using other = await listen(path);
      await other.until(({ event }) => event === 'ready');
      await looking[Symbol.asyncDispose]();
      await agent.close();
      await agent.connect([makeRecord(web, 1)]);
      await told(from, [web.id]);
      from = agent.received.length;
    }
    await told(from, []);
    const nobody = await stage.addUser('nobody', []);
    from = agent.received.length;
    await using blind = await listen(path, {}, nobody);
    await blind.until(({ event }) => event === 'ready');
    await using seeing = await listen(path);
    await seeing.until(({ event }) => event === 'ready');
    await told(from, [web.id]);
    const watches = agent.received.slice(from).filter((message) => message.type === 'call');
    assert.equal(watches.filter(({ method }) => method === 'host.watch').length, 1);
  });

  test('what cannot be watched is refused', async () => {
    assert.equal((await stage.send('GET', '/watch?kinds=secrets')).status, 400);
    assert.equal((await stage.send('GET', '/watch?since=-1')).status, 400);
    const headers = { 'last-event-id': 'abc' };
    assert.equal((await stage.send('GET', '/watch', { headers })).status, 400);
  });
});
