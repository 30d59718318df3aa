import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Fault, isFault } from '#lib';
import { FakePeer, onLines, sendLine } from '../testing/fake-peer.ts';
import { startBareQemu, TemporaryFolder, withoutQemu } from '../testing/real-qemu.ts';
import { connectQmp } from './client.ts';
import * as qmp from './commands.ts';

const greeting = {
  QMP: { version: { qemu: { micro: 1, minor: 2, major: 7 }, package: 'x' }, capabilities: [] },
};

type Command = Record<string, unknown>;

/** A monitor that greets, takes the handshake and hands everything else to the test. */
function monitor(onCommand: (socket: Socket, command: Command) => void): Promise<FakePeer> {
  return FakePeer.listen((socket) => {
    sendLine(socket, greeting);
    onLines(socket, (command) => {
      if (command['execute'] === 'qmp_capabilities')
        sendLine(socket, { return: {}, id: command['id'] });
      else onCommand(socket, command);
    });
  });
}

function event(name: string, data: object = {}): object {
  return { event: name, data, timestamp: { seconds: 10, microseconds: 500_000 } };
}

void test('answers out of order reach the commands that they belong to', async () => {
  const waiting: Command[] = [];
  await using peer = await monitor((socket, command) => {
    waiting.push(command);
    if (waiting.length < 3) return;
    for (const { id, execute } of waiting.toReversed()) sendLine(socket, { return: execute, id });
  });
  await using client = await connectQmp(peer.socketPath);
  const answers = await Promise.all(['a', 'b', 'c'].map((name) => client.execute(name)));
  assert.deepEqual(answers, ['a', 'b', 'c']);
});

void test("an error becomes a fault with QEMU's class and words", async () => {
  await using peer = await monitor((socket, { id, execute }) => {
    const [errorClass, desc] = String(execute).split('|');
    sendLine(socket, { id, error: { class: errorClass, desc } });
  });
  await using client = await connectQmp(peer.socketPath);
  const codes = {
    CommandNotFound: 'unsupported',
    DeviceNotFound: 'not-found',
    DeviceNotActive: 'refused',
    GenericError: 'refused',
  } as const;
  for (const [errorClass, code] of Object.entries(codes)) {
    await assert.rejects(client.execute(`${errorClass}|two\u0007words`), (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.code, code);
      assert.equal(error.facts['description'], 'two words');
      return true;
    });
  }
});

void test('a command without an answer is a timeout, and its late answer is dropped', async () => {
  const commands: Command[] = [];
  await using peer = await monitor((socket, command) => {
    commands.push(command);
    if (command['execute'] !== 'second') return;
    sendLine(socket, { return: 'late', id: commands[0]?.['id'] });
    sendLine(socket, { return: 'in time', id: command['id'] });
  });
  await using client = await connectQmp(peer.socketPath);
  await assert.rejects(client.execute('first', undefined, { timeoutMs: 30 }), (error) =>
    isFault(error, 'timeout'),
  );
  assert.equal(await client.execute('second'), 'in time');
});

void test('an aborted command ends with the reason of its signal', async () => {
  await using peer = await monitor(() => undefined);
  await using client = await connectQmp(peer.socketPath);
  const controller = new AbortController();
  const command = client.execute('never', undefined, { signal: controller.signal });
  controller.abort(new Fault('cancelled', 'the test had enough'));
  await assert.rejects(command, { message: 'the test had enough' });
});

void test('every command on the way is unavailable when the peer dies', async () => {
  await using peer = await monitor((socket, { execute }) => {
    if (execute === 'die') socket.destroy();
  });
  await using client = await connectQmp(peer.socketPath);
  const outcomes = await Promise.allSettled(['a', 'b', 'die'].map((name) => client.execute(name)));
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected' && isFault(outcome.reason, 'unavailable'));
  }
  assert.ok(isFault(await client.closed, 'unavailable'));
  await assert.rejects(client.execute('later'), (error) => isFault(error, 'unavailable'));
});

void test('the bound on commands on the way counts abandoned ones too', async () => {
  await using peer = await monitor(() => undefined);
  await using client = await connectQmp(peer.socketPath, { maxInFlight: 2 });
  const first = client.execute('a', undefined, { timeoutMs: 20 });
  const second = client.execute('b', undefined, { timeoutMs: 20 });
  await assert.rejects(client.execute('c'), (error) => isFault(error, 'exhausted'));
  await Promise.allSettled([first, second]);
  await assert.rejects(client.execute('d'), (error) => isFault(error, 'exhausted'));
});

void test('a peer that does not read holds commands back, and they are not sent once abandoned', async () => {
  const seen: unknown[] = [];
  const held = Promise.withResolvers<Socket>();
  await using peer = await monitor((socket, { execute, id }) => {
    seen.push(execute);
    if (execute === 'hold') {
      socket.pause();
      held.resolve(socket);
    } else {
      sendLine(socket, { return: {}, id });
    }
  });
  await using client = await connectQmp(peer.socketPath);
  const hold = client.execute('hold', undefined, { timeoutMs: 10_000 });
  const peerSocket = await held.promise;
  const big = { text: 'x'.repeat(500_000) };
  const flood = [1, 2, 3].map((nth) => client.execute(`big${nth}`, big));
  const abandoned = client.execute('abandoned', undefined, { timeoutMs: 20 });
  await assert.rejects(abandoned, (error) => isFault(error, 'timeout'));
  peerSocket.resume();
  await Promise.all(flood);
  assert.deepEqual(seen, ['hold', 'big1', 'big2', 'big3']);
  await client[Symbol.asyncDispose]();
  await assert.rejects(hold, (error) => isFault(error, 'unavailable'));
});

const brokenPeers: readonly (readonly [name: string, bytes: string])[] = [
  ['a line over the bound', 'x'.repeat(70_000)],
  ['a line that is no JSON', '{"return": \n'],
  ['a message that is none', '[1,2]\n'],
  ['an answer to nothing', '{"return": {}, "id": 77}\n'],
  ['an event without a time', '{"event": "STOP"}\n'],
];

for (const [name, bytes] of brokenPeers) {
  void test(`${name} ends the connection`, async () => {
    await using peer = await monitor((socket) => socket.write(bytes));
    await using client = await connectQmp(peer.socketPath, { maxFrameBytes: 65_536 });
    await assert.rejects(client.execute('x'), (error) => isFault(error, 'unavailable'));
    assert.ok(isFault(await client.closed, 'internal'));
  });
}

void test('a second answer to a command ends the connection', async () => {
  await using peer = await monitor((socket, { id }) => {
    sendLine(socket, { return: {}, id });
    sendLine(socket, { return: {}, id });
  });
  await using client = await connectQmp(peer.socketPath);
  await client.execute('x');
  assert.ok(isFault(await client.closed, 'internal'));
});

void test('a peer that does not greet is a timeout with a hint', async () => {
  await using peer = await FakePeer.listen(() => undefined);
  await assert.rejects(connectQmp(peer.socketPath, { timeoutMs: 30 }), (error) => {
    assert.ok(isFault(error, 'timeout'));
    assert.match(error.hint ?? '', /another program/);
    return true;
  });
});

void test('a peer that greets with something else is a fault', async () => {
  await using peer = await FakePeer.listen((socket) => socket.write('SSH-2.0-x\n'));
  await assert.rejects(connectQmp(peer.socketPath), (error) => isFault(error, 'internal'));
});

void test('a socket that nobody listens on is unavailable, or awaited until somebody does', async () => {
  await using folder = await TemporaryFolder.make();
  const path = folder.file('none');
  await assert.rejects(connectQmp(path), (error) => isFault(error, 'unavailable'));
  const waiting = connectQmp(path, { absent: 'wait', timeoutMs: 30 });
  await assert.rejects(waiting, (error) => isFault(error, 'timeout'));
});

void test('a reader sees events in order from its subscription on', async () => {
  await using peer = await monitor((socket, { id }) => {
    for (const nth of [1, 2, 3]) sendLine(socket, event('TICK', { nth }));
    sendLine(socket, { return: {}, id });
  });
  await using client = await connectQmp(peer.socketPath);
  const events = client.events();
  await client.execute('x');
  const seen: unknown[] = [];
  for await (const { data, atMs } of events) {
    assert.equal(atMs, 10_500);
    seen.push(data['nth']);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [1, 2, 3]);
});

void test('a reader that falls behind gets what fits and then a fault; others are not held up', async () => {
  await using peer = await monitor((socket, { id }) => {
    for (let nth = 0; nth < 10; nth += 1) sendLine(socket, event('TICK', { nth }));
    sendLine(socket, { return: {}, id });
  });
  await using client = await connectQmp(peer.socketPath);
  const heard: unknown[] = [];
  client.onEvent(({ data }) => heard.push(data['nth']));
  const slow = client.events(4);
  await client.execute('x');
  const seen: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const { data } of slow) seen.push(data['nth']);
  };
  await assert.rejects(read(), (error) => isFault(error, 'exhausted'));
  assert.deepEqual(seen, [0, 1, 2, 3]);
  assert.equal(heard.length, 10);
});

void test('readers end with the connection, or with their signal', async () => {
  await using peer = await monitor(() => undefined);
  const client = await connectQmp(peer.socketPath);
  const controller = new AbortController();
  const read = async (signal?: AbortSignal): Promise<void> => {
    for await (const _ of client.events(8, signal)) assert.fail('no event was sent');
  };
  const aborted = read(controller.signal);
  const ended = read();
  controller.abort(new Fault('cancelled', 'enough'));
  await assert.rejects(aborted, { message: 'enough' });
  await client[Symbol.asyncDispose]();
  await ended;
});

void test('a real QEMU greets, answers and reports events', { skip: withoutQemu }, async () => {
  await using folder = await TemporaryFolder.make();
  await using qemu = await startBareQemu(folder);
  const client = qemu.qmp;
  assert.deepEqual(await qmp.queryVersion(client), client.version);
  assert.deepEqual(await qmp.queryStatus(client), { status: 'prelaunch', running: false });
  const events: string[] = [];
  client.onEvent(({ name }) => events.push(name));
  await qmp.cont(client);
  await qmp.stop(client);
  assert.deepEqual(await qmp.queryStatus(client), { status: 'paused', running: false });
  await qmp.systemReset(client);
  assert.deepEqual(events.slice(0, 2), ['RESUME', 'STOP']);
  await assert.rejects(client.execute('no-such'), (error) => isFault(error, 'unsupported'));
  await qmp.quit(client);
  assert.ok(isFault(await client.closed, 'unavailable'));
  assert.ok(events.includes('SHUTDOWN'));
});

void test(
  'commands on the way are unavailable when a real QEMU is killed',
  { skip: withoutQemu },
  async () => {
    await using folder = await TemporaryFolder.make();
    await using qemu = await startBareQemu(folder);
    qemu.program.child.kill('SIGSTOP');
    const command = qmp.queryStatus(qemu.qmp);
    qemu.program.child.kill('SIGKILL');
    await assert.rejects(command, (error) => isFault(error, 'unavailable'));
  },
);

void test('the typed commands fit the answers of a real QEMU', { skip: withoutQemu }, async () => {
  await using folder = await TemporaryFolder.make();
  const devices = [
    '-device',
    'virtio-balloon-pci',
    '-device',
    'VGA',
    '-vnc',
    `unix:${folder.file('vnc')}`,
  ];
  await using qemu = await startBareQemu(folder, devices);
  const client = qemu.qmp;
  assert.equal((await qmp.queryCpusFast(client)).length, 1);
  assert.equal((await qmp.queryHotpluggableCpus(client)).length, 1);
  assert.deepEqual(await qmp.queryMemoryDevices(client), []);
  assert.equal((await qmp.queryMemorySizeSummary(client)).baseBytes, 32 * 1024 * 1024);
  assert.equal(await qmp.queryBalloon(client), 32 * 1024 * 1024);
  assert.ok((await qmp.queryPci(client)).some(({ vendorId }) => vendorId === 0x1234));
  assert.deepEqual(await qmp.queryVnc(client), { enabled: true, viewers: 0 });
  assert.equal((await qmp.queryMigrate(client)).status, 'none');
  assert.equal((await qmp.queryKvm(client)).enabled, false);
  assert.ok((await qmp.queryCommands(client)).includes('query-status'));
  assert.ok((await qmp.queryChardev(client)).some(({ name }) => name === 'q'));
  assert.equal(await qmp.isGuestChannelOpen(client), false);
  assert.deepEqual(await qmp.queryBlock(client), []);
  assert.deepEqual(await qmp.queryBlockstats(client), []);
  await qmp.rtcResetReinjection(client);
  await qmp.systemPowerdown(client);
});
