/** Links to a screen over real sockets: what they show, to whom, for how long, and what they keep from others. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import {
  consoleProtocol,
  consoleTicketPrefix,
  type ConsoleLinkMade,
  type ConsoleLinkOpened,
} from '#api';
import { ConsolePerson, consoleEvents, echoConsoles, refusal } from '../testing/console-peers.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage, type Answer } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
let [ada, bob] = ['', ''];

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  echoConsoles(agent);
  const running = { state: 'running', wasRunning: true } as const;
  await agent.connect(
    ['web-1', 'web-2'].map((name) => makeRecord(makeDefinition(name), 1, running)),
  );
  ada = await stage.addUser('ada', [{ role: 'vm-administrator' }]);
  bob = await stage.addUser('bob', [{ role: 'vm-operator' }]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function makeLink(minutes = 60): Promise<ConsoleLinkMade & { readonly secret: string }> {
  const body = { label: 'workshop', minutes };
  const { status, json, text } = await stage.send('POST', '/vms/web-1/console-links', {
    body,
    token: ada,
  });
  assert.equal(status, 200, text);
  const made = json as ConsoleLinkMade;
  return { ...made, secret: made.path.replace('/watch#', '') };
}

function open(secret: string): Promise<Answer> {
  return stage.send('POST', '/console-links/open', { body: { secret }, token: null });
}

function dial(path: string, ticket: string): WebSocket {
  const protocols = [consoleProtocol, `${consoleTicketPrefix}${ticket}`];
  return new WebSocket(`${stage.url.replace('https', 'wss')}/api/v1${path}`, protocols, {
    ca: stage.authority,
  });
}

async function look(secret: string): Promise<ConsolePerson> {
  const { json, status, text } = await open(secret);
  assert.equal(status, 200, text);
  const { vm, ticket } = json as ConsoleLinkOpened;
  const person = new ConsolePerson(dial(`/vms/${vm}/screen`, ticket));
  await person.sees('RFB 003.008');
  return person;
}

test('a link shows the screen to somebody without an account, who types nothing and is seen by the others', async () => {
  const { secret } = await makeLink();
  const host = await ConsolePerson.join(stage, '/vms/web-1/screen', ada);
  const viewer = await look(secret);
  await host.hears('joined link workshop of ada by link workshop of ada');
  assert.deepEqual(host.present, ['ada control', 'link workshop of ada view-only']);
  for (const bytes of ['RFB 003.008\n', '\x01', '\x01', '\x04\x01\0\0\0\0\0A']) viewer.type(bytes);
  await host.sees('RFB 003.008\nRFB 003.008\n\x01\x01');
  assert.ok(!host.shown.includes('\x04\x01'));
  // Control is not for it, whoever gives it; who else is there neither.
  const seat = host.last.session.participants[1];
  const given = await stage.send('PATCH', `/vms/web-1/consoles/screen/participants/${seat?.id}`, {
    body: { access: 'control' },
    token: ada,
  });
  assert.equal(given.status, 409);
  assert.deepEqual(viewer.messages, []);
  await Promise.all([host.leave(), viewer.leave()]);
});

test('a link leads nowhere else: not to the serial port, another vm, or any other route', async () => {
  const { secret } = await makeLink();
  const ask = async (path: string): Promise<number> => {
    const { ticket } = (await open(secret)).json as ConsoleLinkOpened;
    return (await refusal(dial(path, ticket))).status;
  };
  const { id } = stage.vm('web-1') ?? { id: '' };
  assert.equal(await ask(`/vms/${id}/serial`), 403);
  assert.equal(await ask('/vms/web-2/screen'), 401);
  const { ticket } = (await open(secret)).json as ConsoleLinkOpened;
  assert.equal((await stage.send('GET', `/vms/${id}`, { token: ticket })).status, 401);
});

test('a link is made, listed and revoked by who may; revoked, it ends for whoever looks, and it is all told', async () => {
  const body = { label: 'x' };
  const refused = await stage.send('POST', '/vms/web-1/console-links', { body, token: bob });
  assert.equal(refused.status, 403);
  const { secret, id, creator } = await makeLink();
  assert.equal(creator, 'ada');
  const list = await stage.send('GET', '/vms/web-1/console-links', { token: ada });
  assert.ok(list.text.includes(id));
  assert.ok(!list.text.includes(secret.slice(45)), 'the secret is shown once');
  const viewer = await look(secret);
  const path = `/vms/web-1/console-links/${id}`;
  assert.equal((await stage.send('DELETE', path, { token: bob })).status, 403);
  assert.equal((await stage.send('DELETE', path, { token: ada })).status, 204);
  await viewer.until(() => viewer.closed !== undefined, 'its end');
  assert.deepEqual(viewer.closed, { code: 4001, reason: 'the link was revoked' });
  assert.equal((await open(secret)).status, 401);
  const events = await consoleEvents(stage, 'name : console.link-', 2);
  const last = events.at(-1);
  assert.deepEqual([last?.name, last?.actor.name], ['console.link-revoked', 'ada']);
  const { json } = await stage.send('GET', '/audit?limit=200');
  const { items } = json as { items: { route: string }[] };
  for (const route of ['vm.console.link.create', 'vm.console.link.delete', 'console.link.open'])
    assert.ok(
      items.some((item) => item.route === route),
      route,
    );
});

test('a link is good no longer than its creator could make it', async () => {
  const { secret } = await makeLink();
  const viewer = await look(secret);
  const { json } = await stage.send('GET', '/grants');
  const { items } = json as { items: { id: string; subject: string }[] };
  const grant = items.find(({ subject }) => subject === 'ada');
  await stage.send('DELETE', `/grants/${grant?.id}`);
  await viewer.until(() => viewer.closed !== undefined, 'its end');
  assert.equal(viewer.closed?.code, 1008);
  assert.equal((await open(secret)).status, 401);
  const again = { subject: 'ada', role: 'vm-administrator' };
  assert.equal((await stage.send('POST', '/grants', { body: again })).status, 200);
});

test('guessing links is slowed down, and stops nobody who has one for long', async () => {
  const { id } = await makeLink();
  const statuses: number[] = [];
  for (let guess = 0; guess < 25; guess += 1)
    statuses.push((await open(`${id}.gantry_${'x'.repeat(49)}`)).status);
  assert.equal(statuses[0], 401);
  assert.equal(statuses.at(-1), 429);
});
