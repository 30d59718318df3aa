/**
 * Many clients of libvirt at one gateway: together, one after the other, and beside a host that does not answer. Coordinator and clients
 * are one process here, so that what either of them keeps is seen.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
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

/** As many as come in an hour where one comes each second. */
const visits = 3600;
const warmUp = 600;
/** Less than the smallest thing that could be forgotten of a visit; V8 is never quite where it was. */
const keptBytesPerVisit = 256;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

async function visit(): Promise<void> {
  const client = await connectLibvirt(room.address());
  await client.subscribe('DOMAIN_EVENT_CALLBACK_LIFECYCLE');
  await namesOf(client);
  await client.close();
}

void test('clients that come and go leave neither memory nor open files behind', async (t) => {
  for (let index = 0; index < warmUp; index += 1) await visit();
  const [heap, files] = [heapBytes(), openFiles()];
  const curve: string[] = [];
  for (let index = 1; index <= visits; index += 1) {
    await visit();
    if (index % (visits / 6) === 0)
      curve.push(`${index}: ${((heapBytes() - heap) / 1024).toFixed(0)} KiB`);
  }
  t.diagnostic(`beyond ${(heap / 1024 ** 2).toFixed(1)} MiB after visits: ${curve.join(', ')}`);
  const grown = heapBytes() - heap;
  assert.ok(grown < visits * keptBytesPerVisit, `${grown} bytes are kept of ${visits} visits`);
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
