/** Tickets of consoles over real sockets: what they open, for whom, once, and that nothing writes them down. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { pino } from 'pino';
import { consoleProtocol, consoleTicketPrefix, type ConsoleTicket } from '#api';
import { ConsolePerson, consoleEvents, echoConsoles, refusal } from '../testing/console-peers.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';
import { Tickets } from '../consoles/tickets.ts';
import { createSystemCaller } from '../access/mod.ts';

let stage: Stage;
let agent: FakeAgent;
let bob = '';
const logged: string[] = [];

before(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  stage = await Stage.open({ log });
  agent = await FakeAgent.join(stage, 'h1');
  echoConsoles(agent);
  const running = { state: 'running', wasRunning: true } as const;
  await agent.connect(
    ['web-1', 'web-2'].map((name) => makeRecord(makeDefinition(name), 1, running)),
  );
  bob = await stage.addUser('bob', [{ role: 'vm-operator' }]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function askTicket(vm: string): Promise<string> {
  const { status, json, text } = await stage.send('POST', `/vms/${vm}/console-tickets`, {
    token: bob,
  });
  assert.equal(status, 200, text);
  return (json as ConsoleTicket).ticket;
}

/** As a browser does: no header but the subprotocols, which hold the ticket. */
function dial(path: string, ticket: string, localAddress = '127.0.0.1'): WebSocket {
  const url = `${stage.url.replace('https', 'wss')}/api/v1${path}`;
  const protocols = [consoleProtocol, `${consoleTicketPrefix}${ticket}`];
  return new WebSocket(url, protocols, { ca: stage.authority, localAddress });
}

test('RCON-14 a ticket opens a console of its vm once, as its person, from its address', async () => {
  const ticket = await askTicket('web-1');
  const person = new ConsolePerson(dial('/vms/web-1/serial', ticket));
  await person.until(() => person.messages.length > 0, 'who is there');
  assert.deepEqual(person.present, ['bob control']);
  assert.equal(person.socket.protocol, consoleProtocol, 'the ticket is not answered');
  const refusedFor = async (path: string, used: string, address?: string): Promise<number> =>
    (await refusal(dial(path, used, address))).status;
  assert.equal(await refusedFor('/vms/web-1/serial', ticket), 401);
  assert.equal(await refusedFor('/vms/web-2/serial', await askTicket('web-1')), 401);
  const elsewhere = await askTicket('web-1');
  assert.equal(await refusedFor('/vms/web-1/serial', elsewhere, '127.0.0.2'), 401);
  // Used up by the one who may not, it is nobody's.
  assert.equal(await refusedFor('/vms/web-1/serial', elsewhere), 401);
  await person.leave();
});

test('RCON-14 a ticket is good for 60 seconds', () => {
  let now = 1_000_000;
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const tickets = new Tickets(clock);
  const caller = createSystemCaller('3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f');
  const first = tickets.issue(caller, 'vm');
  now += 59_999;
  assert.equal(tickets.redeem(first.ticket, 'vm', null), caller);
  const second = tickets.issue(caller, 'vm');
  now += 60_000;
  assert.throws(() => tickets.redeem(second.ticket, 'vm', null), /has expired/);
});

test('RCON-09 the right is looked at again at every connection: a ticket does not outlive it', async () => {
  const ticket = await askTicket('web-2');
  const { json } = await stage.send('GET', '/grants');
  const { items } = json as { items: { id: string; subject: string }[] };
  const grant = items.find(({ subject }) => subject === 'bob');
  assert.ok(grant);
  assert.ok((await stage.send('DELETE', `/grants/${grant.id}`)).status < 300);
  assert.equal((await refusal(dial('/vms/web-2/screen', ticket))).status, 404);
  const again = { subject: 'bob', role: 'vm-operator' };
  assert.equal((await stage.send('POST', '/grants', { body: again })).status, 200);
});

test('RCON-15 neither log, audit trail nor events have a ticket in them, used or refused', async () => {
  const [used, refused] = [await askTicket('web-1'), await askTicket('web-1')];
  const person = new ConsolePerson(dial('/vms/web-1/serial', used));
  await person.until(() => person.messages.length > 0, 'who is there');
  await person.leave();
  await refusal(dial('/vms/web-2/serial', refused));
  const events = await consoleEvents(stage, 'category = Console', 2);
  const folder = join(stage.folder, 'data/audit');
  const audited = await Promise.all(
    (await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')),
  );
  const texts = [...logged, ...audited, JSON.stringify(events)];
  assert.ok(audited.join('').includes('vm.console.ticket'));
  for (const secret of [used, refused])
    assert.ok(!texts.some((text) => text.includes(secret.slice(8, 40))));
});
