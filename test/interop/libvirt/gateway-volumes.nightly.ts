/** The content of volumes of a hypervisor that others run, through the gateway and the API: there and back, with holes, cut off half-way. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEntry, HostUpload, Page } from '#api';
import { miB } from '#lib';
import { until } from '../../../src/coordinator/access/testing/place.ts';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { QemuRoom, tool, toldAt, withoutRoom } from './qemu-room.ts';
import { virsh, type Ran } from './tools.ts';

const skip = withoutRoom;
let room: QemuRoom;
let stage: Stage;
let here: string;

before(async () => {
  if (skip !== false) return;
  [room, stage] = await Promise.all([QemuRoom.open(), Stage.open()]);
  await room.told(`pool-create-as vms dir --target ${room.folder}`);
  await stage.send('POST', '/hosts', { body: { address: room.address, name: 'h1' } });
  await stage.until(() => stage.host('h1')?.status === 'ready', 'h1 is connected');
  here = `qemu+unix:///host/h1?socket=${join(stage.folder, 'run/libvirt-sock')}`;
});
after(async () => {
  for (const one of [stage, room])
    await (one as AsyncDisposable | undefined)?.[Symbol.asyncDispose]();
});

const told = (words: string): Promise<string> => toldAt(here, words);
const asked = (words: string): Promise<Ran> => virsh(here, ...words.split(' '));
const at = (name: string): string => join(room.folder, name);
const own = (name: string): string => join(stage.folder, name);

async function uploads(): Promise<readonly HostUpload[]> {
  return ((await stage.send('GET', '/hosts/h1/uploads')).json as { items: HostUpload[] }).items;
}

/** What it takes up on its disk. */
async function takenBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * 512;
}

void test('a volume goes to a libvirt host and comes back, byte by byte', { skip }, async () => {
  const image = own('image.qcow2');
  await tool('qemu-img', 'create', '-q', '-f', 'qcow2', image, '12M');
  await tool('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 1M 64k', image);
  await told('vol-create-as vms sent.qcow2 1M --format qcow2');
  await told(`vol-upload sent.qcow2 ${image} --pool vms`);
  const content = await readFile(image);
  const there = await readFile(at('sent.qcow2'));
  assert.ok(there.subarray(0, content.length).equals(content));
  assert.match(await room.told('vol-info sent.qcow2 --pool vms'), /Capacity: +12\.00 MiB/);
  await told(`vol-download sent.qcow2 ${own('back')} --pool vms`);
  assert.ok((await readFile(own('back'))).equals(there));
  await told(`vol-download sent.qcow2 ${own('part')} --pool vms --offset 4 --length 100`);
  assert.ok((await readFile(own('part'))).equals(there.subarray(4, 104)));
  // As libvirtd itself does, what is behind it stays.
  const short = randomBytes(1_000_000);
  await writeFile(own('short'), short);
  await told(`vol-upload sent.qcow2 ${own('short')} --pool vms --length 1000000`);
  const mixed = Buffer.concat([short, there.subarray(short.length)]);
  assert.ok((await readFile(at('sent.qcow2'))).equals(mixed));
  const amid = randomBytes(300_000);
  await writeFile(own('amid'), amid);
  await told(`vol-upload sent.qcow2 ${own('amid')} --pool vms --offset 500001`);
  amid.copy(mixed, 500_001);
  assert.ok((await readFile(at('sent.qcow2'))).equals(mixed));
  const nobody = await asked(`vol-upload none.img ${image} --pool vms`);
  assert.match(nobody.err, /failed to get vol/);
  await told('vol-delete sent.qcow2 --pool vms');
  const { json } = await stage.send('GET', '/audit?limit=200');
  const routes = new Set((json as Page<AuditEntry>).items.map(({ route }) => route));
  for (const route of ['host.upload.begin', 'host.upload.send', 'host.disk.work'])
    assert.ok(routes.has(route), `${route} stands in the audit trail`);
});

void test('holes stay holes on both ways', { skip }, async () => {
  const file = await open(own('holes'), 'w');
  await file.truncate(64 * miB);
  const [head, middle] = [randomBytes(miB), randomBytes(miB)];
  await file.write(head, 0, miB, 0);
  await file.write(middle, 0, miB, 40 * miB);
  await file.close();
  const content = await readFile(own('holes'));
  await told('vol-create-as vms holes.img 80M --allocation 0');
  await told(`vol-upload holes.img ${own('holes')} --pool vms --sparse`);
  const there = await readFile(at('holes.img'));
  assert.equal(there.length, 80 * miB, 'a volume that was longer stays so');
  assert.ok(there.subarray(0, content.length).equals(content));
  assert.ok(there.subarray(content.length).every((byte) => byte === 0));
  assert.ok((await takenBytes(at('holes.img'))) < 4 * miB, 'zeros are no bytes there');
  await told(`vol-download holes.img ${own('holes.back')} --pool vms --sparse`);
  assert.ok((await readFile(own('holes.back'))).equals(there));
  assert.ok((await takenBytes(own('holes.back'))) < 4 * miB, 'zeros are no bytes here');
  // Into what holds something zeros are written.
  await told(`vol-upload holes.img ${own('holes')} --pool vms --sparse`);
  await writeFile(own('zeros'), Buffer.alloc(2 * miB));
  await told(`vol-upload holes.img ${own('zeros')} --pool vms --sparse`);
  const after = Buffer.concat([Buffer.alloc(2 * miB), there.subarray(2 * miB)]);
  assert.ok((await readFile(at('holes.img'))).equals(after));
  await told('vol-delete holes.img --pool vms');
});

void test(
  'a volume that a vm has is not written, and while it runs not read; the vm is named',
  { skip },
  async () => {
    await room.makeDisk('used.qcow2', 'qcow2', '8M');
    await room.told('pool-refresh vms');
    await writeFile(
      own('used.xml'),
      `<domain type='qemu'><name>user</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${at('used.qcow2')}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`,
    );
    await told(`define ${own('used.xml')}`);
    await stage.until(() => stage.vm('user') !== undefined, 'it is there');
    await writeFile(own('any'), Buffer.alloc(miB, 1));
    const upload = `vol-upload used.qcow2 ${own('any')} --pool vms`;
    assert.match((await asked(upload)).err, /a vm uses it: user/);
    await told(`vol-download used.qcow2 ${own('used.back')} --pool vms`);
    assert.ok((await readFile(own('used.back'))).equals(await readFile(at('used.qcow2'))));
    // By the place of the disk, too.
    const place = await stage.send('GET', '/vms/user/disks/virtio0:0/content');
    assert.ok(place.bytes.equals(await readFile(at('used.qcow2'))), place.text.slice(0, 300));
    await told('start user');
    await stage.until(() => stage.vm('user')?.state === 'running', 'it runs');
    const busy = await asked(`vol-download used.qcow2 ${own('no')} --pool vms`);
    assert.match(busy.err, /a vm that runs writes to it: user/);
    await told('destroy user');
    await room.told('undefine user');
    await tool(
      'qemu-img',
      'create',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'qcow2',
      '-b',
      at('used.qcow2'),
      at('child.qcow2'),
    );
    await room.told('pool-refresh vms');
    assert.match((await asked(upload)).err, /child\.qcow2 stands on it/);
    for (const name of ['child.qcow2', 'used.qcow2'])
      await room.told(`vol-delete ${name} --pool vms`);
  },
);

void test(
  'a client that goes away half-way leaves what was sent, and no upload',
  { skip },
  async () => {
    await told('vol-create-as vms cut.img 32M --allocation 0');
    const pipe = own('pipe');
    await tool('mkfifo', pipe);
    const words = ['-q', '-c', here, 'vol-upload', 'cut.img', pipe, '--pool', 'vms'];
    const leaving = spawn('virsh', words, { stdio: 'ignore' });
    await using far = await open(pipe, 'w');
    await far.write(Buffer.alloc(9 * miB, 5));
    await until('a part has come', async () =>
      (await uploads()).some(({ state, receivedBytes }) => state === 'open' && receivedBytes > 0),
    );
    leaving.kill('SIGKILL');
    await until('nothing is under way', async () =>
      (await uploads()).every(({ state }) => state === 'done'),
    );
    const there = await readFile(at('cut.img'));
    assert.equal(there.length, 32 * miB);
    assert.ok(there.every((byte) => byte === 5 || byte === 0));
    await told('vol-delete cut.img --pool vms');
  },
);

void test(
  'a libvirtd that dies meanwhile ends both ways with a clear fault; an upload of the API goes on when it is there again',
  { skip },
  async () => {
    const content = randomBytes(24 * miB);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const body = {
      file: at('new.img'),
      sizeBytes: content.length,
      replaces: false,
      packing: 'none',
      fingerprint: 'one',
    };
    const begin = async (
      more: object = {},
    ): Promise<{ status: number; text: string; json: unknown }> =>
      await stage.send('POST', '/hosts/h1/uploads', { body: { ...body, ...more } });
    assert.match((await begin({ packing: 'xz' })).text, /nothing is unpacked on a libvirt host/);
    const begun = await begin();
    assert.equal(begun.status, 200, begun.text);
    const { id } = begun.json as HostUpload;
    assert.match((await begin({ fingerprint: 'two' })).text, /is being sent already/);
    const send = (offset: number, end: number) =>
      stage.send('PATCH', `/hosts/h1/uploads/${id}?offset=${offset}`, {
        raw: content.subarray(offset, end),
        headers: { 'content-type': 'application/octet-stream' },
      });
    assert.equal((await send(0, 8 * miB)).status, 200);
    assert.match((await send(miB, 2 * miB)).text, /goes on at 8388608/);

    // Somebody fetches another volume meanwhile, slowly.
    await told('vol-create-as vms slow.img 200M');
    const fetched = own('slow.back');
    await tool('mkfifo', fetched);
    const fetching = asked(`vol-download slow.img ${fetched} --pool vms`);
    await using reader = await open(fetched, 'r');
    await reader.read(Buffer.alloc(miB), 0, miB);

    await room.daemon.kill();
    const drained = (async () => {
      while ((await reader.read(Buffer.alloc(miB), 0, miB)).bytesRead > 0);
    })();
    const ended = await fetching;
    await drained;
    assert.notEqual(ended.code, 0);
    assert.match(ended.err, /the host has ended before the whole file was sent|libvirt/);
    await stage.until(() => {
      const { status, connection } = stage.host('h1') ?? {};
      const isBack = status === 'ready' && connection?.state === 'connected';
      return isBack && connection.lastError !== null;
    }, 'h1 is connected again');

    // What was not confirmed is sent again.
    for (let tries = 0, offset = 8 * miB; offset < content.length && tries < 20; tries += 1) {
      await send(offset, Math.min(offset + 8 * miB, content.length));
      offset = (await uploads()).find((one) => one.id === id)?.receivedBytes ?? 0;
    }
    const done = await stage.act('POST', '/hosts/h1/disks', {
      verb: 'upload',
      file: at('new.img'),
      upload: id,
      sha256,
      replaces: false,
    });
    assert.equal(done.state, 'done', JSON.stringify(done.fault));
    assert.ok((await readFile(at('new.img'))).equals(content));
    for (const name of ['new.img', 'slow.img']) await told(`vol-delete ${name} --pool vms`);

    // What is not what was to come is not kept, nor is what is given up.
    for (const end of ['wrong', 'given up'] as const) {
      const again = (await begin()).json as HostUpload;
      const params = `/hosts/h1/uploads/${again.id}`;
      const raw = { raw: content, headers: { 'content-type': 'application/octet-stream' } };
      const sent = await stage.send('PATCH', `${params}?offset=0`, raw);
      assert.equal(sent.status, 200, sent.text);
      if (end === 'given up') await stage.send('DELETE', params);
      else {
        const file = at('new.img');
        const asks = {
          verb: 'upload',
          file,
          upload: again.id,
          sha256: '0'.repeat(64),
          replaces: false,
        };
        const { fault } = await stage.act('POST', '/hosts/h1/disks', asks);
        assert.match(JSON.stringify(fault), /is not what was to come/);
      }
      assert.doesNotMatch(await room.told('vol-list vms'), /new\.img/);
      await stage.send('DELETE', params);
    }
  },
);
