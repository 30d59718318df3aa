/** Unmodified virt-install and virsh through the gateway, on a hypervisor that others run. */
import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { QemuRoom, tool, toldAt, withoutRoom } from './qemu-room.ts';
import { whyNot } from './tools.ts';

const absent = await whyNot('virt-install');

void test(
  'virt-install makes vms with their volumes on a libvirt host through the gateway, and virsh takes snapshots of them',
  { skip: withoutRoom === false ? absent : withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, address: there } = room;
    await toldAt(there, `pool-create-as vms dir --target ${folder}`);
    const medium = join(folder, 'setup.iso');
    await writeFile(medium, '');
    await truncate(medium, 2 ** 20);
    await toldAt(there, 'pool-refresh vms');
    const stage = await Stage.open();
    t.after(() => stage[Symbol.asyncDispose]());
    await stage.send('POST', '/hosts', { body: { address: there, name: 'h1' } });
    await stage.until(() => stage.host('h1')?.status === 'ready', 'h1 is connected');

    const socket = join(stage.folder, 'run/libvirt-sock');
    const here = `qemu+unix:///host/h1?socket=${socket}`;
    const ready = join(folder, 'image');
    await tool('qemu-img', 'create', '-q', '-f', 'qcow2', ready, '100M');
    await toldAt(here, 'vol-create-as vms ready.qcow2 1M --format qcow2');
    await toldAt(here, `vol-upload ready.qcow2 ${ready} --pool vms`);
    const ways = [
      ['imported', here, 'pool=vms,size=0.1', ['--import']],
      ['anywhere', `gantry+unix:///all?socket=${socket}`, 'pool=vms@h1,size=0.1', ['--import']],
      // It is defined twice: for the installation, and for what comes after it.
      ['installed', here, 'pool=vms,size=0.1', ['--cdrom', medium]],
      ['filled', here, 'vol=vms/ready.qcow2', ['--import']],
    ] as const;
    for (const [name, address, disk, way] of ways) {
      const words = '--memory 64 --vcpus 1 --osinfo generic --noautoconsole --graphics vnc';
      const plain = `${words} --network user`.split(' ');
      await tool(
        'virt-install',
        '--connect',
        address,
        '--name',
        name,
        '--disk',
        disk,
        ...plain,
        ...way,
      );
      assert.equal(await toldAt(there, `domstate ${name}`), 'running');
      assert.equal(await toldAt(address, `domstate ${name}`), 'running');
      assert.equal(stage.vm(name)?.host, 'h1');
    }
    const file = async (address: string): Promise<string> =>
      / (\/\S+)/.exec(await toldAt(address, 'domblklist imported --inactive'))?.[1] ?? '';
    const before = await file(there);
    await toldAt(here, 'snapshot-create-as imported first --disk-only');
    assert.notEqual(await file(there), before);
    assert.equal(await file(here), await file(there));
    await toldAt(here, 'destroy imported');
    await toldAt(here, 'snapshot-revert imported first');
    assert.equal(await toldAt(there, 'snapshot-current imported --name'), 'first');
    await toldAt(here, 'snapshot-delete imported first');
    assert.equal(await file(there), before);
    await toldAt(here, 'vol-create-as vms data.qcow2 16M --format qcow2');
    await toldAt(here, 'vol-resize data.qcow2 32M --pool vms');
    await toldAt(here, 'vol-clone data.qcow2 copy.qcow2 --pool vms');
    assert.match(await toldAt(there, 'vol-info copy.qcow2 --pool vms'), /Capacity: +32.00 MiB/);
    for (const name of ['data.qcow2', 'copy.qcow2'])
      await toldAt(here, `vol-delete ${name} --pool vms`);
    assert.doesNotMatch(await toldAt(there, 'vol-list vms'), /data|copy/);
  },
);
