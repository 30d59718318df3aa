/**
 * The client against the real agent. A relay stands for the guest's channel: clients come and go on its
 * socket, while the agent keeps its one connection, as it does in a guest.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { isFault } from '#lib';
import { FakePeer } from '../testing/fake-peer.ts';
import { RunningProgram, TemporaryFolder, withoutProgram } from '../testing/real-qemu.ts';
import { openSocket } from '../socket.ts';
import { GuestAgent } from './client.ts';
import * as guest from './commands.ts';
import { readGuestFile, runInGuest, writeGuestFile } from './transfer.ts';

const options = { skip: withoutProgram('qemu-ga') };

class RealAgent implements AsyncDisposable {
  readonly agent: GuestAgent;
  readonly folder: TemporaryFolder;
  readonly socketPath: string;
  readonly #stack: AsyncDisposableStack;

  constructor(
    agent: GuestAgent,
    folder: TemporaryFolder,
    socketPath: string,
    stack: AsyncDisposableStack,
  ) {
    this.agent = agent;
    this.folder = folder;
    this.socketPath = socketPath;
    this.#stack = stack;
  }

  static async start(): Promise<RealAgent> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const path = folder.file('ga');
    stack.use(new RunningProgram('qemu-ga', ['-m', 'unix-listen', '-p', path, '-t', folder.path]));
    const guestEnd = await openSocket(path, 'wait', AbortSignal.timeout(5_000));
    guestEnd.on('error', () => undefined);
    let hostEnd: Socket | undefined;
    guestEnd.on('data', (chunk: Buffer) => hostEnd?.write(chunk));
    stack.defer(() => {
      guestEnd.destroy();
    });
    const relay = await FakePeer.listen((socket) => {
      hostEnd = socket;
      socket.on('data', (chunk: Buffer) => guestEnd.write(chunk));
    });
    stack.use(relay);
    const agent = stack.use(new GuestAgent(relay.socketPath));
    return new RealAgent(agent, folder, relay.socketPath, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

void test('GA-34 the QEMU guest agent tells about its system', options, async () => {
  await using real = await RealAgent.start();
  const { agent } = real;
  await guest.ping(agent);
  const info = await guest.info(agent);
  assert.match(info.version, /^\d+\.\d+/);
  assert.ok(info.commands.has('guest-get-osinfo'));
  assert.equal(await guest.getHostName(agent), hostname());
  assert.equal((await guest.getOsinfo(agent)).machine, 'x86_64');
  assert.ok(Math.abs((await guest.getTime(agent)) - Date.now()) < 5_000);
  const zone = await guest.getTimezone(agent);
  assert.equal(zone.offsetSeconds + new Date().getTimezoneOffset() * 60, 0);
  const loopback = (await guest.networkGetInterfaces(agent)).find(({ name }) => name === 'lo');
  assert.ok(loopback?.addresses.some(({ address }) => address === '127.0.0.1'));
  assert.ok((await guest.getVcpus(agent)).length > 0);
  assert.ok(Array.isArray(await guest.getUsers(agent)));
  assert.ok(Array.isArray(await guest.getFsinfo(agent)));
  assert.equal(await guest.fsfreezeStatus(agent), 'thawed');
});

void test('files go into the guest and come out of it unchanged', options, async () => {
  await using real = await RealAgent.start();
  const path = real.folder.file('content');
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, nth) => (nth * 7) % 256));
  await writeGuestFile(real.agent, path, content);
  assert.deepEqual(readFileSync(path), content);
  assert.deepEqual(await readGuestFile(real.agent, path, 200_000), content);
  const tooSmall = readGuestFile(real.agent, path, 199_999);
  await assert.rejects(tooSmall, (error) => isFault(error, 'too-large'));
  const missing = readGuestFile(real.agent, real.folder.file('missing'), 1);
  await assert.rejects(missing, (error) => isFault(error, 'refused'));
});

void test('a program runs in the guest with its input, output and status', options, async () => {
  await using real = await RealAgent.start();
  const ended = await runInGuest(real.agent, {
    path: '/bin/sh',
    args: ['-c', 'cat; echo "$WORD" >&2; exit 3'],
    environment: ['WORD=said'],
    input: Buffer.from('given'),
    output: 'keep',
  });
  assert.equal(ended.exitCode, 3);
  assert.equal(ended.stdout.toString(), 'given');
  assert.equal(ended.stderr.toString(), 'said\n');
  const sleeping = runInGuest(
    real.agent,
    { path: '/bin/sleep', args: ['5'], output: 'drop' },
    { limitMs: 100 },
  );
  await assert.rejects(sleeping, (error) => isFault(error, 'timeout'));
});

void test('a command that was cut off does not disturb the next one', options, async () => {
  await using real = await RealAgent.start();
  const socket = await openSocket(real.socketPath, 'fail', AbortSignal.timeout(5_000));
  await new Promise<void>((resolve) => {
    socket.end('{"execute": "guest-pi', resolve);
  });
  await guest.ping(real.agent);
});
