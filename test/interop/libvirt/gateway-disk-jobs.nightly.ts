/** Block jobs of a vm with an agent, as virsh asks for them through the gateway: they are operations of Gantry, and their end is told. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Operation, Page } from '#api';
import { miB } from '#lib';
import { connectLibvirt } from '#libvirt';
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
