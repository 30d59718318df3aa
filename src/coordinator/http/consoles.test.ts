/** Consoles over real sockets: client, coordinator, and an agent made of bytes whose machine echoes what is typed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { WebSocket } from 'ws';
import { FakeAgent, makeDefinition, makeRecord } from '../testing/fake-agent.ts';
import { echoConsoles, refusal } from '../testing/console-peers.ts';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
let agent: FakeAgent;
let ends: ReturnType<typeof echoConsoles>;

before(async () => {
  stage = await Stage.open();
  agent = await FakeAgent.join(stage, 'h1');
  ends = echoConsoles(agent);
  const running = { state: 'running', wasRunning: true } as const;
  await agent.connect([
    makeRecord(makeDefinition('web-1'), 1, running),
    makeRecord(makeDefinition('short-1'), 1, running),
    makeRecord(makeDefinition('idle-1'), 1),
  ]);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** Everything the socket has received, and a wait for a text in it. */
function listen(socket: WebSocket): { until: (wanted: string) => Promise<string> } {
  let text = '';
  const looks = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    text += data.toString('latin1');
    for (const look of looks) look();
  });
  return {
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`"${wanted}" did not come, but: ${JSON.stringify(text)}`)),
          5000,
        );
        const look = (): void => {
          if (!text.includes(wanted)) return;
          clearTimeout(timer);
          looks.delete(look);
          resolve(text);
        };
        looks.add(look);
        look();
      }),
  };
}

describe('serial port', { timeout: 20_000 }, () => {
  test('what is typed reaches the machine, and what it says reaches every watcher', async () => {
    const one = stage.dial('/vms/web-1/serial');
    const other = stage.dial('/vms/web-1/serial?readOnly=true');
    const [first, second] = [listen(one), listen(other)];
    await Promise.all([once(one, 'open'), once(other, 'open')]);
    one.send(Buffer.from('hello from a test\r'));
    await first.until('hello from a test');
    await second.until('hello from a test');
    one.close();
    other.close();
    await Promise.all([once(one, 'close'), once(other, 'close')]);
  });

  test('one who may only look types nothing', async () => {
    const writer = stage.dial('/vms/web-1/serial');
    const looker = stage.dial('/vms/web-1/serial?readOnly=true');
    const heard = listen(writer);
    await Promise.all([once(writer, 'open'), once(looker, 'open')]);
    looker.send(Buffer.from('forbidden-words\r'));
    writer.send(Buffer.from('allowed-words\r'));
    assert.doesNotMatch(await heard.until('allowed-words'), /forbidden-words/);
    writer.close();
    looker.close();
    await Promise.all([once(writer, 'close'), once(looker, 'close')]);
  });

  test('text frames end the connection: a console carries bytes', async () => {
    const socket = stage.dial('/vms/web-1/serial');
    await once(socket, 'open');
    socket.send('text');
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1003);
  });

  test('opening and closing a console are events', async () => {
    const correlation = '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f';
    const socket = stage.dial('/vms/web-1/serial', {
      headers: { 'x-correlation-id': correlation },
    });
    await once(socket, 'open');
    socket.close();
    await once(socket, 'close');
    let names: string[] = [];
    for (let look = 0; look < 100 && !names.includes('console.closed'); look += 1) {
      const { json } = await stage.send('GET', `/events?filter=correlationId=${correlation}`);
      names = (json as { items: { name: string }[] }).items.map(({ name }) => name);
    }
    assert.deepEqual(names, ['console.closed', 'console.opened']);
  });

  test('the end of the machine ends its consoles', async () => {
    const socket = stage.dial('/vms/short-1/serial');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const { id } = stage.vm('short-1') ?? { id: '' };
    for (const end of ends.get(`${id} serial1`) ?? []) end.close(1000);
    await closed;
  });

  test('a watcher that does not read holds back the machine, not the memory of the coordinator', async () => {
    const socket = stage.dial('/vms/short-1/serial');
    await once(socket, 'open');
    socket.pause();
    const { id } = stage.vm('short-1') ?? { id: '' };
    const [end] = ends.get(`${id} serial1`) ?? [];
    assert.ok(end !== undefined);
    const total = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < total; sent += chunk.length) end.send(chunk);
    for (let before = -1; before !== end.bufferedAmount;) {
      before = end.bufferedAmount;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    // What was not taken is still on the machine's side.
    assert.ok(end.bufferedAmount > total / 2, `${end.bufferedAmount} wait`);
    let got = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        got += data.length;
        if (got === total) resolve();
      });
    });
    socket.resume();
    await all;
    socket.close();
    await once(socket, 'close');
  });
});

describe('screen', { timeout: 20_000 }, () => {
  test('the screen speaks RFB from its first byte', async () => {
    const socket = stage.dial('/vms/web-1/screen');
    const heard = listen(socket);
    await once(socket, 'open');
    assert.match(await heard.until('RFB 003.'), /^RFB 003\.\d{3}\n/);
    socket.close();
    await once(socket, 'close');
  });

  test('one who may only look and presses a key all the same goes on watching', async () => {
    const socket = stage.dial('/vms/web-1/screen?readOnly=true');
    const heard = listen(socket);
    await once(socket, 'open');
    await heard.until('RFB 003.');
    socket.send(Buffer.from('RFB 003.008\n'));
    socket.send(Buffer.from([1]));
    socket.send(Buffer.from([0]));
    socket.send(Buffer.from([4, 1, 0, 0, 0, 0, 0, 65]));
    socket.send(Buffer.from([99]));
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1008, 'the unknown message ended it, not the key');
  });
});

describe('refusals', { timeout: 20_000 }, () => {
  test('without a proof, without the right, of nothing, of a vm that is off: each is an HTTP answer', async () => {
    const stranger = await stage.addUser('stranger');
    const viewer = await stage.addUser('viewer', [{ role: 'auditor' }]);
    const ask = async (path: string, token?: string | null): Promise<unknown> => {
      const { status, code } = await refusal(
        stage.dial(path, token === undefined ? {} : { token }),
      );
      return { status, code };
    };
    assert.deepEqual(await ask('/vms/web-1/serial', null), {
      status: 401,
      code: 'unauthenticated',
    });
    assert.deepEqual(await ask('/vms/web-1/serial', stranger), { status: 404, code: 'not-found' });
    assert.deepEqual(await ask('/vms/web-1/serial', viewer), { status: 403, code: 'forbidden' });
    assert.deepEqual(await ask('/vms/nothing/serial'), { status: 404, code: 'not-found' });
    assert.deepEqual(await ask('/vms/idle-1/serial'), { status: 409, code: 'refused' });
    assert.deepEqual(await ask('/vms/web-1/serial?port=3'), { status: 400, code: 'invalid' });
    assert.deepEqual(await ask('/vms'), { status: 404, code: 'not-found' });
    assert.deepEqual(await ask('/agent'), { status: 401, code: 'unauthenticated' });
    assert.deepEqual(await ask('/agent/stream/x'), { status: 401, code: 'unauthenticated' });
  });

  test('a revoked token ends the console that was opened with it', async () => {
    const token = await stage.addUser('operator', [{ role: 'vm-operator' }]);
    const socket = stage.dial('/vms/web-1/serial', { token });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const listed = await stage.send('GET', '/tokens', { token });
    const { items } = listed.json as { items: { id: string }[] };
    const { status } = await stage.send('DELETE', `/tokens/${items[0]?.id}`, { token });
    assert.ok(status === 200 || status === 204);
    const [code] = (await closed) as [number];
    assert.equal(code, 1008);
  });
});
