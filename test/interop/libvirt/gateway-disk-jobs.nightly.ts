/** Block jobs of a vm with an agent, as virsh asks for them through the gateway: they are operations of Gantry, and their end is told. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Operation, Page } from '#api';
import { describeFault, miB } from '#lib';
import { connectLibvirt, type Client } from '#libvirt';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { tool } from './qemu-room.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh', 'qemu-img', 'qemu-system-x86_64');

let stage: Stage;
let gateway: string;
before(async () => {
  if (skip !== false) return;
  stage = await Stage.open();
  gateway = `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`;
  await stage.addQemuHost('h1');
});
after(async () => {
  if (skip !== false) return;
  // It outlives its agent.
  await virsh(gateway, 'destroy', 'pulled');
  await stage[Symbol.asyncDispose]();
});

async function say(words: string): Promise<string> {
  const { code, out, err } = await virsh(gateway, ...words.split(' '));
  assert.equal(code, 0, err);
  return out.trim();
}

async function refused(words: string): Promise<string> {
  const { code, err } = await virsh(gateway, ...words.split(' '));
  assert.equal(code, 1, words);
  return err;
}

async function done(path: string, body: object): Promise<void> {
  const { state, fault } = await stage.act('POST', path, body);
  assert.equal(state, 'done', JSON.stringify(fault));
}

const fileOf = async (name: string): Promise<string> =>
  / (\/\S+)$/m.exec(await say(`domblklist ${name}`))?.[1] ?? '';

/** What linked clones share has a name in the folder of each (docs/rfd/0019). */
const namesOf = async (name: string): Promise<number> => (await stat(await fileOf(name))).nlink;

const megabytes = 48;

const says =
  (what: RegExp) =>
  (error: unknown): boolean =>
    what.test(describeFault(error));

void test(
  'a pull of a disk makes a linked clone independent as it runs, at the pace that is set, and a client that waits for its end hears of it',
  { skip },
  async () => {
    const disk = { kind: 'new', format: 'qcow2', sizeBytes: megabytes * miB };
    await done('/vms', { name: 'source', memoryBytes: 64 * miB, network: 'none', disk });
    const plain = join(stage.folder, 'plain');
    writeFileSync(plain, Buffer.alloc(24 * miB, 7));
    truncateSync(plain, megabytes * miB);
    await tool('qemu-img', 'convert', '-n', '-O', 'qcow2', plain, await fileOf('source'));
    await done(`/vms/${stage.vm('source')?.id ?? ''}/clone`, { name: 'pulled', linked: true });
    assert.equal(await namesOf('pulled'), 2);
    assert.match(await refused('blockpull pulled vda --wait'), /domain is not running/);
    await say('start pulled');
    assert.match(await refused('blockpull pulled vdz'), /invalid path vdz/);
    assert.match(await refused('blockpull pulled vda --base /x'), /without a base/);

    await using client = await connectLibvirt(gateway);
    await using jobs = await client.subscribe('DOMAIN_EVENT_BLOCK_JOB_2');
    // It takes longer than what is asked of it meanwhile.
    await say('blockpull pulled vda --bandwidth 1');
    const job = (): Promise<string> => say('blockjob pulled vda --raw');
    assert.match(await job(), /type=Block Pull\s+bandwidth=1\s/);
    await say('blockjob pulled vda --bandwidth 2');
    assert.match(await job(), /bandwidth=2\s/);
    const operations = async (): Promise<readonly Operation[]> => {
      const { json } = await stage.send('GET', '/operations?limit=50');
      return (json as Page<Operation>).items.filter(({ action }) => action === 'vm.flatten');
    };
    const [running = assert.fail('nothing runs')] = await operations();
    const path = `/operations/${running.id}/pace`;
    const set = await stage.send('PUT', path, { body: { bytesPerSecond: 3 * miB } });
    assert.deepEqual(set.json, { bytesPerSecond: 3 * miB });
    assert.match(await job(), /bandwidth=3\s/);
    await say('blockjob pulled vda --abort');
    const ended = jobs[Symbol.asyncIterator]();
    assert.equal((await ended.next()).value?.status, 2, 'it is cancelled');
    assert.equal(await namesOf('pulled'), 2);
    const late = await stage.send('PUT', path, { body: { bytesPerSecond: null } });
    assert.equal(late.status, 409, late.text);
    assert.match(
      await refused('blockjob pulled vda --bandwidth 2'),
      /does not have an active block job/,
    );

    await say('blockpull pulled vda --wait');
    assert.equal(await namesOf('pulled'), 1);
    const { value } = await ended.next();
    const { dom, dst, type, status } = value ?? assert.fail('nothing is told');
    assert.deepEqual([dom.name, dst, type, status], ['pulled', 'vda', 1, 0]);
    await say('snapshot-create-as pulled one --disk-only');
    assert.match(
      await refused('blockcommit pulled vda'),
      /pulled \(one\): virsh snapshot-delete merges/,
    );
    const flattened = await operations();
    assert.deepEqual(
      flattened.map(({ target, state }) => [target.name, state]),
      [
        ['pulled', 'done'],
        ['pulled', 'cancelled'],
      ],
    );
  },
);

/** Where processors for PCs begin: a far jump, and the date of the firmware behind it. */
const resetVector = 0xffff_fff0n;
const physical = 2;

async function lookUp(
  client: Client,
  name: string,
): Promise<{ name: string; uuid: string; id: number }> {
  return (await client.call('DOMAIN_LOOKUP_BY_NAME', { name })).dom;
}

void test(
  'bytes of the memory of a vm that runs, and of a raw disk that nothing writes to, are those that are there',
  { skip },
  async () => {
    await using client = await connectLibvirt(gateway);
    const running = await lookUp(client, 'pulled');
    const memory = (offset: bigint, size: number) =>
      client.call('DOMAIN_MEMORY_PEEK', { dom: running, offset, size, flags: physical });
    const { buffer } = await memory(resetVector, 16);
    assert.equal(buffer[0], 0xea);
    assert.match(Buffer.from(buffer).toString('latin1'), /\d\d\/\d\d\/\d\d/);
    const query = '?at=0xfffffff0&bytes=16';
    const there = await stage.send('GET', `/vms/${running.uuid}/memory${query}`);
    assert.equal(there.status, 200, there.text);
    assert.equal((await memory(0n, 4 * miB)).buffer.length, 4 * miB);
    await assert.rejects(memory(0n, 4 * miB + 1), says(/too large/));

    const disk = { kind: 'new', format: 'raw', sizeBytes: miB };
    await done('/vms', { name: 'plain', memoryBytes: 64 * miB, network: 'none', disk });
    const file = await fileOf('plain');
    await tool('qemu-io', '-f', 'raw', '-c', 'write -P 34 4k 4k', file);
    const plain = await lookUp(client, 'plain');
    const peek = (offset: bigint, size: number, path = 'vda') =>
      client.call('DOMAIN_BLOCK_PEEK', { dom: plain, path, offset, size, flags: 0 });
    const edge = Buffer.from((await peek(4095n, 3)).buffer);
    assert.deepEqual([...edge], [0, 34, 34]);
    await assert.rejects(peek(BigInt(miB) - 1n, 2), says(/ends before that|beyond/));
    const other = client.call('DOMAIN_BLOCK_PEEK', {
      dom: running,
      path: 'vda',
      offset: 0n,
      size: 1,
      flags: 0,
    });
    await assert.rejects(other, says(/no raw disk/));
    const off = { dom: plain, offset: 0n, size: 1, flags: physical };
    await assert.rejects(client.call('DOMAIN_MEMORY_PEEK', off), says(/domain is not running/));
    const below = await connectLibvirt(gateway.replace('libvirt-sock', 'libvirt-sock-ro'));
    await assert.rejects(
      below.call('DOMAIN_MEMORY_PEEK', { ...off, dom: running }),
      says(/read.only|forbidden/i),
    );
    await below[Symbol.asyncDispose]();
  },
);
