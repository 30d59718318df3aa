/** Block jobs, threads, migration bounds and dumps of a vm of a libvirt host, as virsh asks for them through the gateway: its libvirtd does them. */
import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Event, Page } from '#api';
import { describeFault } from '#lib';
import { connectLibvirt } from '#libvirt';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { fill, holds, QemuRoom, tool, toldAt, withoutRoom } from './qemu-room.ts';
import { virsh } from './tools.ts';

const skip = withoutRoom;
let room: QemuRoom;
let stage: Stage;
let gateway: string;
before(async () => {
  if (skip !== false) return;
  [room, stage] = await Promise.all([QemuRoom.open(), Stage.open()]);
  gateway = `gantry+unix:///all?socket=${join(stage.folder, 'run/libvirt-sock')}`;
  const { folder, told, address } = room;
  await told(`pool-create-as disks dir --target ${folder}`);
  const base = await room.makeDisk('base.qcow2', 'qcow2', '64M');
  await fill(base, 'qcow2', 17);
  const top = join(folder, 'web.qcow2');
  await tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, top);
  await fill(top, 'qcow2', 34, '1M');
  const xml = join(folder, 'web.xml');
  await writeFile(
    xml,
    `<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='${top}'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`,
  );
  await told(`define ${xml}; start web`);
  await stage.send('POST', '/hosts', { body: { address, name: 'h1' } });
  await stage.until(() => stage.vm('web')?.state === 'running' && fileOf() === top, 'web is seen');
});
after(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]();
  await (room as QemuRoom | undefined)?.[Symbol.asyncDispose]();
});

/** virDomainBlockJobType and virConnectDomainEventBlockJobStatus. */
const isCopy = 2;
const wasCancelled = 2;
const isReady = 3;

const fileOf = (): string | undefined => stage.vm('web')?.definition.hardware.disks[0]?.file;
const here = (words: string): Promise<string> => toldAt(gateway, words);

const says =
  (what: RegExp) =>
  (error: unknown): boolean =>
    what.test(describeFault(error));

void test(
  'a disk of a vm of a libvirt host is copied, pulled and committed by virsh through the gateway, and it waits for the end',
  { skip },
  async () => {
    const { folder } = room;
    const copy = join(folder, 'copy.qcow2');
    await here(`blockcopy web vda ${copy} --format qcow2 --transient-job --wait --pivot`);
    await stage.until(() => fileOf() === copy, 'the copy is the disk');
    await here('blockjob web vda');
    await here('snapshot-create-as web one --disk-only');
    await stage.until(() => fileOf() !== copy, 'a layer is on top');
    await here('blockcommit web vda --active --wait --pivot');
    await stage.until(() => fileOf() === copy, 'the layer has gone');
    await here('blockpull web vda --wait');
    await holds(copy, 'qcow2', 17);
    await holds(copy, 'qcow2', 34, '1M');
  },
);

void test(
  'a copy goes on until it is told how it ends, at the pace that is set, and its events are told',
  { skip },
  async () => {
    const copy = join(room.folder, 'second.qcow2');
    await using client = await connectLibvirt(gateway);
    await using jobs = await client.subscribe('DOMAIN_EVENT_BLOCK_JOB_2');
    await here(`blockcopy web vda ${copy} --format qcow2 --transient-job --bandwidth 1`);
    await here('blockjob web vda --bandwidth 7');
    assert.match(await here('blockjob web vda --raw'), /type=Block Copy\s+bandwidth=7\s/);
    await here('blockjob web vda --abort');
    assert.match(await here('blockjob web vda'), /^(No current block job for vda)?$/);
    const told: (readonly unknown[])[] = [];
    for await (const { dom, dst, type, status } of jobs) {
      told.push([dom.name, dst, type, status]);
      if (status !== isReady) break;
    }
    assert.deepEqual(told.at(-1), ['web', 'vda', isCopy, wasCancelled]);
    assert.notEqual(fileOf(), copy);
  },
);

void test(
  'threads, bounds of migrations, a threshold and a dump of a vm of a libvirt host are what its libvirtd makes of them',
  { skip },
  async () => {
    for (const words of [
      'iothreadadd web 3',
      'migrate-setspeed web 40',
      'domblkthreshold web vda 1000000',
      'migrate-setmaxdowntime web 500',
    ])
      await here(words);
    assert.match(await here('iothreadinfo web'), /^3\s/m);
    assert.equal(await here('migrate-getspeed web'), '40');
    assert.equal(await here('migrate-getmaxdowntime web'), '500');
    assert.match((await virsh(gateway, 'iothreaddel', 'web', '9')).err, /9/);
    const dump = join(room.folder, 'web.dump');
    await here(`dump web ${dump} --memory-only`);
    assert.ok((await stat(dump)).size > 60 * 1024 ** 2);
    const { json } = await stage.send(
      'GET',
      `/events?filter=${encodeURIComponent('name = vm.extension.used')}`,
    );
    const { items } = json as Page<Event>;
    assert.equal(items[0]?.attributes['extension'], 'core-dump');
    await using client = await connectLibvirt(gateway);
    const { dom } = await client.call('DOMAIN_LOOKUP_BY_NAME', { name: 'web' });
    const memory = { dom, offset: 0n, size: 2 * 1024 ** 2, flags: 2 };
    const { buffer } = await client.call('DOMAIN_MEMORY_PEEK', memory);
    assert.equal(buffer.length, memory.size);
    const there = await stage.send('GET', `/vms/${dom.uuid}/memory?at=0&bytes=512`);
    assert.equal(there.status, 200, there.text);
    const disk = { dom, path: 'vda', offset: 0n, size: 512, flags: 0 };
    await assert.rejects(client.call('DOMAIN_BLOCK_PEEK', disk), says(/'raw' format not 'qcow2'/));
    await assert.rejects(here('get-user-sshkeys web root'), /guest agent|agent/);
  },
);
