/** A guest on a network moves to another host: between two agents in network namespaces on one wire. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { networkSpecSchema, plainPort, type LinkParams } from '#api';
import { systemClock } from '#lib';
import { GuestMove } from './testing/guest-move.ts';
import { must, NetGuest } from './testing/net-guest.ts';
import { makeWire } from './testing/network-hosts.ts';
import { isInOwnNetwork } from './testing/own-network.ts';
import { QemuAgent } from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

const mac = '52:47:59:00:00:05';
const [guestAddress, peerAddress] = ['198.51.100.5', '198.51.100.9'];
const id = '20000000-0000-4000-8000-0000000000b1';

function told(adapter: string): LinkParams<'network.configure'> {
  const network = networkSpecSchema.parse({
    id,
    name: 'lan',
    type: 'bridged',
    adapter,
    ipv4: null,
  });
  return { networks: [network], spans: [], others: 'none', part: { number: 1, of: 1 } };
}

const relay = `const [, port, path] = process.argv;
const { connect, createServer } = require('node:net');
createServer((one) => {
  const other = connect(path);
  one.on('error', () => other.destroy()).pipe(other).on('error', () => one.destroy()).pipe(one);
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));`;

/** What listens on that port of this namespace is reached in the other one, too, until it is disposed of. */
async function reachFrom({ pid }: NetGuest, port: number): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'gr-'));
  const path = join(folder, 's');
  const server = createServer((one) => {
    const other = connect(port, '127.0.0.1');
    one.on('error', () => other.destroy()).pipe(other);
    other.on('error', () => one.destroy()).pipe(one);
  });
  server.listen(path);
  const inside = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, '-e', relay];
  const child = spawn('nsenter', [...inside, String(port), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

if (isInOwnNetwork(import.meta.filename))
  void test('MIG-01 a client that writes over one TCP connection through the move sees no error, and no lost or repeated data', async (t) => {
    makeWire('wire');
    using peer = await NetGuest.make();
    peer.plug('wire');
    peer.run('ip', 'address', 'add', `${peerAddress}/24`, 'dev', 'eth0');
    must('ip', 'link', 'add', 'name', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
    must('ip', 'link', 'set', 'dev', 'up1', 'master', 'wire', 'up');
    must('ip', 'link', 'set', 'dev', 'up0', 'up');
    using space = await NetGuest.make();
    space.plug('wire');
    await using here = await QemuAgent.start();
    await using relays = new AsyncDisposableStack();
    await using there = await QemuAgent.startIn({
      pid: space.pid,
      reach: async (port) => {
        relays.use(await reachFrom(space, port));
      },
    });
    await here.host.call('network.configure', told('up0'));
    await there.host.call('network.configure', told('eth0'));
    const guest = new WrittenGuest(here);
    const adapter = {
      slot: 0,
      model: 'virtio',
      mac,
      macMode: 'static',
      link: 'up',
      optional: false,
      ...plainPort,
      attachment: { kind: 'network', network: id },
    } as const;
    await guest.create({}, { adapters: [adapter] });
    await guest.boot();
    const device = await guest.run('ls /sys/class/net | grep -v lo');
    await guest.run(`ip addr add ${guestAddress}/24 dev ${device}; ip link set ${device} up`);
    await guest.run(
      '(nc -l -p 7777 -e cat > /dev/null 2>&1 &); until netstat -ltn | grep -q :7777; do :; done',
    );
    using talk = await peer.talk(guestAddress, 7777);
    const answered: string[] = [];
    let longestMs = 0;
    const over = new AbortController();
    const talking = (async () => {
      for (let number = 1; !over.signal.aborted || number < 10; number += 1) {
        const askedMs = performance.now();
        answered.push(await talk.ask(`line ${number}`));
        longestMs = Math.max(longestMs, performance.now() - askedMs);
      }
    })();
    const { stoodMs } = await new GuestMove(here, there, guest.definition).run();
    await guest.goTo(there);
    await guest.run('echo there');
    const before = answered.length;
    while (answered.length < before + 10) await systemClock.sleep(50);
    over.abort();
    await talking;
    assert.deepEqual(
      answered,
      answered.map((_, index) => `line ${index + 1}`),
    );
    t.diagnostic(`stood ${stoodMs} ms, longest answer ${Math.round(longestMs)} ms`);
    guest.close();
  });
