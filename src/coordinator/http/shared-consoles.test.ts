/** Several people at one console, over real sockets: presence, view-only, handing over, exclusive mode, take-over. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { vmSettingsSchema } from '#api';
import { ConsolePerson, consoleEvents, echoConsoles, refusal } from '../testing/console-peers.ts';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
let [ada, bob, cleo] = ['', '', ''];
const vms = [
  'class',
  'watched',
  'lent',
  'alone',
  'queue',
  'taken',
  'told',
  'crowd',
  'off',
] as const;

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  echoConsoles(agent);
  const settings: Readonly<Partial<Record<string, object>>> = {
    alone: { mode: 'exclusive' },
    off: { enabled: false },
  };
  await agent.connect(
    vms.map((name) =>
      makeRecord(
        makeDefinition(name, {
          settings: vmSettingsSchema.parse({ console: settings[name] ?? {} }),
        }),
        1,
        { state: 'running', wasRunning: true },
      ),
    ),
  );
  ada = await stage.addUser('ada', [{ role: 'vm-administrator' }]);
  bob = await stage.addUser('bob', [{ role: 'vm-operator' }]);
  cleo = await stage.addUser('cleo', [{ role: 'vm-operator' }]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const serialOf = (vm: string): string => `/vms/${vm}/consoles/serial1`;

async function leaveAll(...people: readonly ConsolePerson[]): Promise<void> {
  await Promise.all(people.map((person) => person.leave()));
}

describe('shared mode', { timeout: 20_000 }, () => {
  test('RCON-19 RCON-20 RCON-40 several people see the same console and type in it, see who is there, and are told of each join and leave', async () => {
    const first = await ConsolePerson.join(stage, '/vms/class/serial', ada);
    const second = await ConsolePerson.join(stage, '/vms/class/serial', bob);
    await first.hears('joined bob by bob');
    assert.deepEqual(first.present, ['ada control', 'bob control']);
    assert.deepEqual(second.present, ['ada control', 'bob control']);
    first.type('from ada ');
    second.type('from bob ');
    for (const person of [first, second]) {
      await person.sees('from ada ');
      await person.sees('from bob ');
    }
    const listed = await stage.send('GET', '/vms/class/consoles', { token: cleo });
    const { items } = listed.json as { items: { participants: { address: string }[] }[] };
    assert.deepEqual(
      items.map(({ participants }) => participants.map(({ address }) => address)),
      [['127.0.0.1', '127.0.0.1']],
    );
    await second.leave();
    await first.hears('left bob by bob');
    assert.deepEqual(first.present, ['ada control']);
    await first.leave();
    const after = await stage.send('GET', '/vms/class/consoles', { token: cleo });
    assert.deepEqual(after.json, { items: [] });
  });

  test('RCON-21 one who joins view-only or is put into it sees all and types nothing, by no way', async () => {
    const trainer = await ConsolePerson.join(stage, '/vms/watched/serial', ada);
    const looker = await ConsolePerson.join(stage, '/vms/watched/serial?readOnly=true', bob);
    const pupil = await ConsolePerson.join(stage, '/vms/watched/serial', cleo);
    await trainer.hears('joined cleo by cleo');
    assert.deepEqual(trainer.present, ['ada control', 'bob view-only', 'cleo control']);
    const put = await stage.send('PATCH', `${serialOf('watched')}/participants/${pupil.id}`, {
      body: { access: 'view-only' },
      token: ada,
    });
    assert.equal(put.status, 200, put.text);
    await pupil.hears('view-only cleo by ada');
    looker.type('by-bob ');
    pupil.type('by-cleo ');
    trainer.type('by-ada ');
    for (const person of [looker, pupil]) await person.sees('by-ada ');
    assert.doesNotMatch(trainer.shown, /by-bob|by-cleo/);
    // What one was put into, one does not leave by oneself; what one has chosen, one does.
    const change = (who: ConsolePerson, token: string): Promise<{ status: number }> =>
      stage.send('PATCH', `${serialOf('watched')}/participants/${who.id}`, {
        body: { access: 'control' },
        token,
      });
    assert.equal((await change(pupil, cleo)).status, 403);
    assert.equal((await change(pupil, bob)).status, 403);
    const again = await ConsolePerson.join(stage, '/vms/watched/serial', cleo);
    assert.deepEqual(again.present.slice(-1), ['cleo view-only']);
    await again.leave();
    assert.equal((await change(looker, bob)).status, 200);
    looker.type('by-bob ');
    await trainer.sees('by-bob ');
    await leaveAll(trainer, looker, pupil);
  });

  test('RCON-21 keys and text that come by no connection are kept from the guest as well', async () => {
    const typed: unknown[] = [];
    agent.handlers['machine.type'] = (params: unknown) => {
      typed.push(params);
      return {};
    };
    const type = (token: string): Promise<{ status: number }> =>
      stage.send('POST', '/vms/watched/type', { body: { text: 'x' }, token });
    assert.equal((await type(bob)).status, 204);
    const looker = await ConsolePerson.join(stage, '/vms/watched/screen?readOnly=true', bob);
    assert.equal((await type(bob)).status, 409);
    assert.equal((await type(ada)).status, 204);
    assert.equal(typed.length, 2);
    await looker.leave();
  });

  test('RCON-22 who is in control hands keyboard and mouse over, takes them back, and has them again when the other leaves', async () => {
    const giver = await ConsolePerson.join(stage, '/vms/lent/serial', bob);
    const receiver = await ConsolePerson.join(stage, '/vms/lent/serial?readOnly=true', cleo);
    const path = `${serialOf('lent')}/participants/${receiver.id}/hand-over`;
    // Only who has them can.
    assert.equal((await stage.send('POST', path, { token: cleo })).status, 409);
    const handOver = async (): Promise<void> => {
      const { status, text } = await stage.send('POST', path, { token: bob });
      assert.equal(status, 200, text);
    };
    await handOver();
    await receiver.hears('handed-over cleo by bob');
    assert.deepEqual(receiver.present, ['bob view-only', 'cleo control']);
    giver.type('by-bob ');
    receiver.type('by-cleo ');
    await giver.sees('by-cleo ');
    const back = await stage.send('POST', `${serialOf('lent')}/take-back`, { token: bob });
    assert.equal(back.status, 200, back.text);
    await receiver.hears('taken-back cleo by bob');
    assert.deepEqual(receiver.present, ['bob control', 'cleo view-only']);
    receiver.type('again-cleo ');
    giver.type('again-bob ');
    await receiver.sees('again-bob ');
    assert.doesNotMatch(giver.shown, /by-bob|again-cleo/);
    await handOver();
    await receiver.leave();
    await giver.until(() => giver.present.join() === 'bob control', 'control again');
    assert.equal(
      (await stage.send('POST', `${serialOf('lent')}/take-back`, { token: bob })).status,
      409,
    );
    await giver.leave();
  });

  test('RCON-23 ten look at once while one types, each sees every byte in order', async () => {
    const writer = await ConsolePerson.join(stage, '/vms/crowd/serial', ada);
    const viewers = await Promise.all(
      Array.from({ length: 10 }, () =>
        ConsolePerson.join(stage, '/vms/crowd/serial?readOnly=true', bob),
      ),
    );
    const lines = Array.from({ length: 200 }, (_, line) => `line ${line}\r\n`);
    for (const line of lines) writer.type(line);
    for (const viewer of viewers) {
      await viewer.sees('line 199\r\n');
      assert.equal(viewer.shown, lines.join(''));
    }
    assert.equal(writer.last.session.participants.length, 11);
    await leaveAll(writer, ...viewers);
  });
});

describe('exclusive mode', { timeout: 20_000 }, () => {
  test('RCON-24 set for a vm, a second person is refused with the name of the holder', async () => {
    const holder = await ConsolePerson.join(stage, '/vms/alone/serial', bob);
    const { status, code, detail } = await refusal(
      stage.dial('/vms/alone/serial', { token: cleo }),
    );
    assert.deepEqual([status, code], [409, 'refused']);
    assert.match(detail, /held by bob/);
    const { json } = await stage.send('GET', '/vms/alone/consoles', { token: cleo });
    assert.equal((json as { items: { mode: string }[] }).items[0]?.mode, 'exclusive');
    // The same person goes on elsewhere; the connection before is ended for good.
    const again = await ConsolePerson.join(stage, '/vms/alone/serial', bob);
    await holder.until(() => holder.closed !== undefined, 'its end');
    assert.equal(holder.closed?.code, 4002);
    await again.leave();
    await leaveAll(await ConsolePerson.join(stage, '/vms/alone/serial', cleo));
  });

  test('set for a host, it holds for vms that are set to be shared', async () => {
    agent.handlers['host.configure'] = () => ({});
    const set = async (consoleMode: string): Promise<void> => {
      const { status, text } = await stage.send('PATCH', '/hosts/h1', {
        body: { settings: { consoleMode } },
      });
      assert.equal(status, 200, text);
    };
    await set('exclusive');
    const holder = await ConsolePerson.join(stage, '/vms/class/serial', bob);
    const { detail } = await refusal(stage.dial('/vms/class/serial', { token: cleo }));
    assert.match(detail, /held by bob/);
    await holder.leave();
    await set('shared');
    const first = await ConsolePerson.join(stage, '/vms/class/serial', bob);
    await leaveAll(first, await ConsolePerson.join(stage, '/vms/class/serial', cleo));
  });

  test('RCON-24 asked for in one session, others wait for their turn and are told who holds it', async () => {
    const holder = await ConsolePerson.join(stage, '/vms/queue/serial?exclusive=true', bob);
    const next = await ConsolePerson.join(stage, '/vms/queue/serial?whenHeld=wait', cleo);
    assert.deepEqual(next.present, ['bob control']);
    assert.deepEqual(
      next.last.session.waiting.map(({ person }) => person),
      ['cleo'],
    );
    next.type('too-early ');
    holder.type('in-time ');
    await holder.sees('in-time ');
    await holder.leave();
    await next.hears('joined cleo by cleo');
    next.type('in-turn ');
    await next.sees('in-turn ');
    assert.doesNotMatch(`${holder.shown}${next.shown}`, /too-early/);
    // It was for that session only.
    const other = await ConsolePerson.join(stage, '/vms/queue/serial', bob);
    await leaveAll(next, other);
  });

  test('RCON-25 RCON-38 an administrator takes it over after a warning to its holder, and it is an event; others may not', async () => {
    const holder = await ConsolePerson.join(stage, '/vms/taken/serial?exclusive=true', bob);
    const refused = await refusal(
      stage.dial('/vms/taken/serial?whenHeld=take-over', { token: cleo }),
    );
    assert.equal(refused.status, 403);
    const query = 'exclusive=true&whenHeld=take-over&graceSeconds=1';
    const taker = await ConsolePerson.join(stage, `/vms/taken/serial?${query}`, ada);
    await holder.hears('take-over ada by ada');
    assert.equal(
      holder.messages.find(({ notice }) => notice?.kind === 'take-over')?.notice?.seconds,
      1,
    );
    // Warned, it is still the holder's.
    holder.type('still-mine ');
    await holder.sees('still-mine ');
    await holder.until(() => holder.closed !== undefined, 'its end');
    assert.deepEqual(holder.closed, { code: 4001, reason: 'taken over by ada' });
    await taker.hears('joined ada by ada');
    taker.type('mine ');
    await taker.sees('mine ');
    const filter = `name = console.taken-over AND target.id = "${stage.vm('taken')?.id}"`;
    const [event] = await consoleEvents(stage, filter, 1);
    assert.deepEqual([event?.actor.name, event?.attributes['person']], ['ada', 'bob']);
    assert.ok(Number(event?.attributes['durationMs']) >= 1000);
    // A take-over whose author goes away does not happen.
    const second = await ConsolePerson.join(stage, '/vms/taken/screen?exclusive=true', bob);
    const away = await ConsolePerson.join(
      stage,
      '/vms/taken/screen?whenHeld=take-over&graceSeconds=60',
      ada,
    );
    await second.hears('take-over ada by ada');
    await away.leave();
    await second.hears('take-over-withdrawn ada by ada');
    await leaveAll(taker, second);
  });

  test('RCON-25 a connection is ended by who may, after a warning', async () => {
    const one = await ConsolePerson.join(stage, '/vms/taken/serial', bob);
    const path = `${serialOf('taken')}/participants/${one.id}?graceSeconds=0`;
    assert.equal((await stage.send('DELETE', path, { token: cleo })).status, 403);
    assert.equal((await stage.send('DELETE', path, { token: ada })).status, 200);
    await one.until(() => one.closed !== undefined, 'its end');
    assert.equal(one.closed?.code, 4001);
    assert.ok(one.notices.includes('take-over bob by ada'));
  });
});

test('RCON-38 connect, view-only join, refusal, hand-over and disconnect are events with person, address and duration', async () => {
  const giver = await ConsolePerson.join(stage, '/vms/told/serial?exclusive=false', bob);
  const receiver = await ConsolePerson.join(stage, '/vms/told/serial?readOnly=true', cleo);
  await refusal(stage.dial('/vms/told/serial?exclusive=true', { token: ada }));
  await stage.send('POST', `${serialOf('told')}/participants/${receiver.id}/hand-over`, {
    token: bob,
  });
  await leaveAll(giver, receiver);
  const events = await consoleEvents(
    stage,
    `category = Console AND target.id = "${stage.vm('told')?.id}"`,
    6,
  );
  assert.deepEqual(
    events
      .slice(0, 4)
      .map(({ name, actor, attributes }) => [
        name,
        actor.name,
        attributes['access'] ?? attributes['reason'] ?? attributes['person'],
      ]),
    [
      ['console.opened', 'bob', 'control'],
      ['console.opened', 'cleo', 'view-only'],
      ['console.refused', 'ada', 'this console is held by bob, cleo'],
      ['console.handed-over', 'bob', 'cleo'],
    ],
  );
  assert.deepEqual(
    events.slice(4).map(({ name }) => name),
    ['console.closed', 'console.closed'],
  );
  for (const { name, origin, attributes } of events) {
    assert.equal(origin, '127.0.0.1', name);
    if (!/opened|refused/.test(name)) assert.equal(typeof attributes['durationMs'], 'number');
  }
});

test('RCON-07 a console that is switched off, for a vm or its host, is refused and not offered; what is open goes on', async () => {
  const offered = async (vm: string): Promise<readonly (string | undefined)[]> => {
    const { json } = await stage.send('GET', `/vms/${vm}/actions`, { token: bob });
    const { actions } = json as {
      actions: { action: string; allowed: boolean; reason?: string }[];
    };
    return actions
      .filter(({ action }) => ['screen', 'serial', 'screenshot', 'type'].includes(action))
      .map(({ allowed, reason }) => (allowed ? 'yes' : reason));
  };
  const refused = async (vm: string): Promise<string> =>
    (await refusal(stage.dial(`/vms/${vm}/screen`, { token: bob }))).detail;
  const why = 'its console is switched off';
  assert.deepEqual(await offered('off'), [why, why, why, why]);
  assert.match(await refused('off'), /its console is switched off/);
  assert.deepEqual(await offered('told'), ['yes', 'yes', 'yes', 'yes']);
  const person = await ConsolePerson.join(stage, '/vms/told/serial', bob);
  agent.handlers['host.configure'] = () => ({});
  const set = (consoles: boolean): Promise<{ status: number; text: string }> =>
    stage.send('PATCH', '/hosts/h1', { body: { settings: { consoles } } });
  assert.equal((await set(false)).status, 200);
  assert.match(await refused('told'), /switched off on its host/);
  assert.match((await offered('told')).join(), /switched off on its host/);
  person.type('still here ');
  await person.sees('still here ');
  assert.equal((await set(true)).status, 200);
  await leaveAll(person, await ConsolePerson.join(stage, '/vms/told/screen', bob));
});
