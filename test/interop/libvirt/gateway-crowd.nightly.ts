/**
 * Many clients of libvirt at one gateway: together, one after the other, and beside a host that does not answer. Coordinator and clients
 * are one process here, so that what either of them keeps is seen.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connectLibvirt, type Client } from '#libvirt';
import { GatewayRoom, lookUp } from './gateway-room.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh');

let room: GatewayRoom;
before(async () => {
  room = await GatewayRoom.open();
});
after(() => room[Symbol.asyncDispose]());

async function namesOf(client: Client): Promise<readonly string[]> {
  const { domains } = await client.call('CONNECT_LIST_ALL_DOMAINS', { need_results: 1, flags: 0 });
  return domains.map(({ name }) => name);
}

/** VIR_DOMAIN_EVENT_STARTED. */
const started = 2;

void test('two hundred clients at once are all answered, and all told what happens', async () => {
  const clients = await Promise.all(
    Array.from({ length: 200 }, () => connectLibvirt(room.address())),
  );
  try {
    const told = await Promise.all(
      clients.map((client) => client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE')),
    );
    const all = room.vms().map(({ name }) => name);
    const seen = await Promise.all(clients.map(namesOf));
    for (const names of seen) assert.deepEqual(names.toSorted(), all.toSorted());
    const { name } = await room.offVm('h1');
    const heard = told.map(async (events) => {
      for await (const { msg } of events)
        if (msg.dom.name === name && msg.event === started) return true;
      return false;
    });
    const [first] = clients;
    assert.ok(first);
    await first.call('DOMAIN_CREATE', { dom: await lookUp(first, name) });
    assert.deepEqual(new Set(await Promise.all(heard)), new Set([true]));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
});

/** Where it is set, clients come and go for so many seconds, at the pace of a busy hour; else as many as come in an hour of one each second. */
const crowdSeconds = Number(process.env['GANTRY_TEST_CROWD_SECONDS'] ?? 0);
const visits = 3600;
const paceMs = 100;
const warmUp = 600;
/** For all visits together, of which each forgets less than a word of it; V8 is never quite where it was. */
const keptBytes = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

async function visit(open: () => Promise<Client>): Promise<void> {
  const client = await open();
  await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  await namesOf(client);
  await client.close();
}

/** Numbers of visits: so many, or as many as there is time for. */
async function* visitNumbers(): AsyncGenerator<number> {
  if (crowdSeconds === 0) {
    for (let index = 1; index <= visits; index += 1) yield index;
    return;
  }
  const end = performance.now() + crowdSeconds * 1000;
  let index = 0;
  for await (const _ of setInterval(paceMs)) {
    if (performance.now() > end) return;
    yield (index += 1);
  }
}

void test('clients that come and go, over the socket and over TLS, leave neither memory nor open files behind', async (t) => {
  const { libvirtPort = 0, authority } = room.stage;
  const secret = await room.stage.addUser('ann', [{ role: 'administrator' }]);
  const overTls = (): Promise<Client> =>
    connectLibvirt(`gantry+tls://localhost:${libvirtPort}/all`, {
      tls: { ca: authority },
      credentials: { user: 'ann', password: secret },
    });
  const ways = [() => connectLibvirt(room.address()), overTls];
  const comeAndGo = async (index: number): Promise<void> =>
    visit(ways[index % ways.length] ?? overTls);
  for (let index = 0; index < warmUp; index += 1) await comeAndGo(index);
  const [heap, files, begin] = [heapBytes(), openFiles(), performance.now()];
  const tell = (count: number): void => {
    const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
    const now = heapBytes();
    const { rss } = process.memoryUsage();
    t.diagnostic(
      `after ${((performance.now() - begin) / 1000).toFixed(0)} s and ${count} visits: heap ${kib(now)}, ${kib(now - heap)} more; resident ${kib(rss)}; ${openFiles()} open files`,
    );
  };
  tell(0);
  let told = begin;
  let count = 0;
  for await (const index of visitNumbers()) {
    await comeAndGo(index);
    count = index;
    const isDue =
      crowdSeconds === 0
        ? index % (visits / 6) === 0
        : performance.now() - told >= (crowdSeconds * 1000) / 6;
    if (!isDue) continue;
    tell(index);
    told = performance.now();
  }
  const grown = heapBytes() - heap;
  tell(count);
  assert.ok(grown < keptBytes, `${grown} bytes are kept of ${count} visits`);
  assert.ok(openFiles() <= files + 2, `${openFiles() - files} files are open that were not`);
});

void test('a host that hangs fails no list and delays none', { skip }, async () => {
  const names = async (): Promise<readonly string[]> => {
    const { code, out, err } = await virsh(room.address(), 'list', '--all', '--name');
    assert.equal(code, 0, err);
    return out.trim().split('\n').toSorted();
  };
  const before = await names();
  room.second.freeze();
  try {
    // It is not yet known that it hangs: whoever asked it would wait.
    assert.equal(room.stage.host('h2')?.status, 'ready');
    assert.deepEqual(await names(), before);
    const hung = room.vms().find(({ host }) => host === 'h2');
    for (const words of ['domstate', 'dominfo', 'dumpxml', 'domstats', 'domblklist'])
      assert.equal((await virsh(room.address(), words, hung?.name ?? '')).code, 0, words);
    await room.stage.until(() => room.stage.host('h2')?.status !== 'ready', 'it is missed', 60_000);
    assert.deepEqual(await names(), before);
  } finally {
    room.second.wake();
  }
});
