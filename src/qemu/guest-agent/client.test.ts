import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import { FakePeer, onLines, sendLine } from '../testing/fake-peer.ts';
import { GuestAgent, type GuestAgentOptions } from './client.ts';
import * as guest from './commands.ts';
import { maxDroppedBytes } from './exchange.ts';
import { readGuestFile } from './transfer.ts';

type Command = Record<string, unknown>;

/** A guest whose agent answers the resynchronisation and hands everything else to the test. */
class FakeGuest implements AsyncDisposable {
  readonly peer: FakePeer;
  readonly agent: GuestAgent;

  constructor(peer: FakePeer, agent: GuestAgent) {
    this.peer = peer;
    this.agent = agent;
  }

  static async start(
    onCommand: (socket: Socket, command: Command) => void,
    options?: GuestAgentOptions,
  ): Promise<FakeGuest> {
    const peer = await FakePeer.listen((socket) => {
      onLines(socket, (command) => {
        if (command['execute'] === 'guest-sync-delimited') sync(socket, command);
        else onCommand(socket, command);
      });
    });
    return new FakeGuest(peer, new GuestAgent(peer.socketPath, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.peer[Symbol.asyncDispose]();
  }
}

function sync(socket: Socket, command: Command): void {
  const { id } = command['arguments'] as { id: number };
  socket.write(Buffer.concat([Buffer.of(0xff), Buffer.from(`{"return": ${id}}\n`)]));
}

/** The kind of trouble a fault reports. */
function isTrouble(error: unknown, kind: string): boolean {
  return error instanceof Fault && error.facts['guestAgent'] === kind;
}

void test('commands take turns on one connection', async () => {
  let busy = 0;
  await using fake = await FakeGuest.start((socket, { execute }) => {
    busy += 1;
    assert.equal(busy, 1);
    setImmediate(() => {
      busy -= 1;
      sendLine(socket, { return: execute });
    });
  });
  const names = Array.from({ length: 20 }, (_, nth) => `guest-${nth}`);
  const answers = await Promise.all(names.map((name) => fake.agent.execute(name)));
  assert.deepEqual(answers, names);
  assert.equal(fake.peer.connections, 1);
  assert.equal(fake.agent.counters.answers, 20);
});

void test('the bound on waiting callers holds', async () => {
  await using fake = await FakeGuest.start(() => undefined);
  const calls = Array.from({ length: 40 }, () =>
    fake.agent.execute('x', undefined, { timeoutMs: 50 }),
  );
  const outcomes = await Promise.allSettled(calls);
  const refused = outcomes.filter(
    (outcome) => outcome.status === 'rejected' && isFault(outcome.reason, 'exhausted'),
  );
  assert.equal(refused.length, 8);
});

void test('an answer that comes too late is not taken for that of the next command', async () => {
  let first: Socket | undefined;
  await using fake = await FakeGuest.start((socket, { execute }) => {
    if (execute === 'slow') {
      first = socket;
      return;
    }
    if (first && !first.destroyed) sendLine(first, { return: 'of slow' });
    sendLine(socket, { return: 'of quick' });
  });
  const slow = fake.agent.execute('slow', undefined, { timeoutMs: 20 });
  await assert.rejects(slow, (error) => isFault(error, 'timeout') && isTrouble(error, 'silent'));
  assert.equal(await fake.agent.execute('quick'), 'of quick');
  assert.equal(fake.agent.counters.timeouts, 1);
});

void test('GA-35 an agent that is absent is told apart from one that does not answer', async () => {
  let open = false;
  const options = { isChannelOpen: () => Promise.resolve(open) };
  await using fake = await FakeGuest.start(() => undefined, options);
  await assert.rejects(guest.ping(fake.agent), (error) => {
    assert.ok(isTrouble(error, 'absent') && isFault(error, 'unavailable'));
    assert.match(error.hint ?? '', /install/);
    return true;
  });
  assert.equal(fake.peer.connections, 0);
  open = true;
  await assert.rejects(guest.ping(fake.agent, { timeoutMs: 20 }), (error) =>
    isTrouble(error, 'silent'),
  );
});

void test('a monitor that hangs while it is asked for the channel does not hold the agent', async () => {
  const options = { isChannelOpen: () => new Promise<boolean>(() => undefined) };
  await using fake = await FakeGuest.start(() => undefined, options);
  for (let nth = 0; nth < 2; nth += 1) {
    await assert.rejects(guest.ping(fake.agent, { timeoutMs: 20 }), (error) =>
      isFault(error, 'timeout'),
    );
  }
});

void test('GA-33 bytes that nobody asked for are dropped and counted', async () => {
  const peer = await FakePeer.listen((socket) => {
    socket.write('{"return": "unsolicited"}\n');
    onLines(socket, (command) => {
      if (command['execute'] !== 'guest-sync-delimited') {
        sendLine(socket, { return: 'asked for' });
        return;
      }
      socket.write(Buffer.concat([Buffer.of(0xff), Buffer.from('{"return": 1}\n{"return": 2}\n')]));
      socket.write(
        Buffer.concat([Buffer.of(0xff), Buffer.from('x'.repeat(2000)), Buffer.of(0x0a)]),
      );
      socket.write(Buffer.concat([Buffer.of(0xff), Buffer.from('not json\n')]));
      sync(socket, command);
    });
  });
  await using fake = new FakeGuest(peer, new GuestAgent(peer.socketPath));
  assert.equal(await fake.agent.execute('x'), 'asked for');
  assert.ok(fake.agent.counters.droppedBytes > 2000);
});

void test('what an earlier client asked for is not taken for the answer', async () => {
  const peer = await FakePeer.listen((socket) => {
    let left = false;
    onLines(socket, (command) => {
      if (command['execute'] !== 'guest-sync-delimited') {
        sendLine(socket, { return: left ? 'ours' : 'of somebody else' });
        return;
      }
      socket.write(Buffer.concat([Buffer.of(0xff), Buffer.from('{"return": 0}\n')]));
      setTimeout(() => {
        left = true;
        sendLine(socket, { return: 'of somebody else' });
        sync(socket, command);
      }, 30);
    });
  });
  await using fake = new FakeGuest(peer, new GuestAgent(peer.socketPath));
  assert.equal(await fake.agent.execute('x'), 'ours');
});

void test('GA-33 an answer of endless length costs no more than its bound', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const pour = (socket: Socket): void => {
    while (!socket.destroyed && socket.write(chunk));
    socket.once('drain', () => pour(socket));
  };
  await using fake = await FakeGuest.start((socket) => {
    socket.write('{"return": "');
    pour(socket);
  });
  const before = process.memoryUsage().rss;
  for (let nth = 0; nth < 5; nth += 1) {
    await assert.rejects(fake.agent.execute('x'), (error) => {
      assert.ok(isFault(error, 'too-large') && isTrouble(error, 'faulty'));
      return true;
    });
  }
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
  assert.equal(fake.agent.counters.dropped, 5);
});

void test('GA-33 a guest that floods before it answers is given up', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const peer = await FakePeer.listen((socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
      socket.once('drain', pour);
    };
    socket.resume();
    pour();
  });
  await using fake = new FakeGuest(peer, new GuestAgent(peer.socketPath));
  await assert.rejects(fake.agent.execute('x'), (error) => isFault(error, 'too-large'));
  assert.ok(fake.agent.counters.droppedBytes > maxDroppedBytes);
  assert.ok(fake.agent.counters.droppedBytes < maxDroppedBytes + 1024 * 1024);
});

void test('GA-33 a flood while no command is on the way is not read', async () => {
  let written = 0;
  const chunk = Buffer.alloc(64 * 1024, 'x');
  await using fake = await FakeGuest.start((socket) => {
    sendLine(socket, { return: {} });
    for (let nth = 0; nth < 200; nth += 1) {
      socket.write(chunk, () => {
        written += chunk.length;
      });
    }
  });
  await fake.agent.execute('x');
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  assert.ok(written < 4 * 1024 * 1024, `${written} bytes went through`);
});

const malformed: readonly (readonly [name: string, line: string])[] = [
  ['no JSON', '{"return": '],
  ['no object', '[]'],
  ['neither an answer nor an error', '{}'],
  ['an error without words', '{"error": {"class": 7}}'],
];

for (const [name, line] of malformed) {
  void test(`GA-33 an answer that is ${name} is faulty and counted`, async () => {
    await using fake = await FakeGuest.start((socket) => socket.write(`${line}\n`));
    await assert.rejects(fake.agent.execute('x'), (error) => isTrouble(error, 'faulty'));
    assert.equal(fake.agent.counters.dropped, 1);
  });
}

void test('an answer of the wrong shape is faulty', async () => {
  await using fake = await FakeGuest.start((socket) =>
    sendLine(socket, { return: { 'host-name': 7 } }),
  );
  await assert.rejects(guest.getHostName(fake.agent), (error) => isTrouble(error, 'faulty'));
});

void test("the agent's own errors come through, without control characters", async () => {
  await using fake = await FakeGuest.start((socket, { execute }) => {
    const errorClass = execute === 'known' ? 'GenericError' : 'CommandNotFound';
    sendLine(socket, { error: { class: errorClass, desc: 'no\u001b[31m way' } });
  });
  await assert.rejects(fake.agent.execute('known'), (error) => {
    assert.ok(isFault(error, 'refused'));
    assert.equal(error.facts['description'], 'no [31m way');
    return true;
  });
  await assert.rejects(fake.agent.execute('other'), (error) => isFault(error, 'unsupported'));
  assert.equal(fake.peer.connections, 1);
});

void test('GA-17 a shutdown that is taken says nothing, one that is refused says why', async () => {
  await using taken = await FakeGuest.start(() => undefined);
  await taken.agent.tell('guest-shutdown', { mode: 'powerdown' }, 20);
  await using refused = await FakeGuest.start((socket) =>
    sendLine(socket, { error: { class: 'GenericError', desc: 'cannot' } }),
  );
  await assert.rejects(guest.shutdown(refused.agent, 'powerdown'), (error) =>
    isFault(error, 'refused'),
  );
  await using gone = await FakeGuest.start((socket) => socket.destroy());
  await guest.shutdown(gone.agent, 'halt');
});

void test('GA-25 addresses that are none and names with control characters do no harm', async () => {
  await using fake = await FakeGuest.start((socket) =>
    sendLine(socket, {
      return: [
        {
          name: 'eth0\u001b]0;x',
          'hardware-address': '52-54-00-AA-BB-CC',
          'ip-addresses': [
            { 'ip-address': '10.0.2.15', 'ip-address-type': 'ipv4', prefix: 24 },
            { 'ip-address': 'fe80::1%eth0', 'ip-address-type': 'ipv6', prefix: 64 },
            { 'ip-address': '<script>', 'ip-address-type': 'ipv4', prefix: 24 },
          ],
        },
      ],
    }),
  );
  const [first] = await guest.networkGetInterfaces(fake.agent);
  assert.equal(first?.name, 'eth0 ]0;x');
  assert.equal(first.mac, '52:54:00:aa:bb:cc');
  assert.deepEqual(
    first.addresses.map(({ address }) => address),
    ['10.0.2.15', 'fe80::1'],
  );
});

void test('GA-33 a guest file that never ends is cut off at its bound', async () => {
  const buffer = Buffer.alloc(guest.chunkBytes).toString('base64');
  await using fake = await FakeGuest.start((socket, { execute }) => {
    if (execute === 'guest-file-open') sendLine(socket, { return: 3 });
    else if (execute === 'guest-file-read')
      sendLine(socket, { return: { 'buf-b64': buffer, eof: false, count: 1 } });
    else sendLine(socket, { return: {} });
  });
  await assert.rejects(readGuestFile(fake.agent, '/x', 200_000), (error) =>
    isFault(error, 'too-large'),
  );
});
