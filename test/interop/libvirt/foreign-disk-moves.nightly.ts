/** Disks of a vm of a libvirt host moved to another pool, off and while it runs, judged by virsh and QEMU's tools. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Operation } from '#api';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { fill, holds, QemuRoom, tool, withoutRoom } from './qemu-room.ts';

function domainOf(folder: string): string {
  return `<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='${folder}/web.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file'><driver name='qemu' type='raw'/><source file='${folder}/data.raw'/><target dev='vdb' bus='virtio'/></disk>
</devices></domain>`;
}

void test(
  'a disk of a vm of a libvirt host moves to another pool, off and while it runs, and a move that is cancelled leaves nothing',
  { skip: withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder: root, address, told } = room;
    const [fast, slow] = [join(root, 'fast'), join(root, 'slow')];
    for (const [name, folder] of Object.entries({ fast, slow })) {
      await mkdir(folder);
      await told(`pool-create-as ${name} dir --target ${folder}`);
    }
    const disk = await room.makeDisk('web.qcow2', 'qcow2', '8M', fast);
    await fill(disk, 'qcow2', 17);
    const data = await room.makeDisk('data.raw', 'raw', '256M', fast);
    // Something to copy for a while.
    await tool('qemu-io', '-f', 'raw', '-c', 'write -P 34 0 256M', data);
    const xml = join(root, 'web.xml');
    await writeFile(xml, domainOf(fast));
    await told(`pool-refresh fast; define ${xml}`);
    const stage = await Stage.open();
    t.after(() => stage[Symbol.asyncDispose]());
    await stage.send('POST', '/hosts', { body: { address, name: 'h1' } });
    const disks = () => stage.vm('web')?.definition.hardware.disks ?? [];
    await stage.until(
      () => disks().length === 2 && stage.vm('web')?.state === 'off',
      'web is seen with its disks',
    );
    const path = `/vms/${stage.vm('web')?.id ?? ''}`;
    const done = async (where: string, body: object): Promise<Operation> => {
      const operation = await stage.act('POST', `${path}${where}`, body);
      assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
      return operation;
    };
    const [first, second] = ['virtio0:0', 'virtio0:1'];
    const move = `/disks/${first}/relocate`;

    await done(move, { path: slow });
    assert.equal(disks()[0]?.file, join(slow, 'web.qcow2'));
    await holds(join(slow, 'web.qcow2'), 'qcow2', 17);
    assert.deepEqual(await readdir(fast), ['data.raw']);
    const nowhere = await stage.send('POST', `${path}${move}`, { body: { path: '/nowhere' } });
    assert.match(nowhere.text, /no storage pool/);
    await writeFile(join(fast, 'web.qcow2'), 'of others');
    const taken = await stage.send('POST', `${path}${move}`, { body: { path: fast } });
    assert.match(taken.text, /there is a volume/);
    await rm(join(fast, 'web.qcow2'));

    await done('/actions/turn-on', {});
    await done(move, { path: fast });
    assert.match(await told('domblklist web'), new RegExp(`vda +${join(fast, 'web.qcow2')}`));
    assert.equal(await told('domstate web'), 'running');
    assert.match(
      await told('domblklist web --inactive'),
      new RegExp(`vda +${join(fast, 'web.qcow2')}`),
    );
    await holds(join(fast, 'web.qcow2'), 'qcow2', 17);
    assert.deepEqual(await readdir(slow), []);

    // It does not come far before it is cancelled.
    const watcher = watch(slow);
    t.after(() => watcher.close());
    const appeared = once(watcher, 'change');
    const { json, status, text } = await stage.send('POST', `${path}/disks/${second}/relocate`, {
      body: { path: slow },
    });
    assert.equal(status, 202, text);
    const { id } = json as Operation;
    await appeared;
    await told('blockjob web vdb --bandwidth 1');
    await stage.send('POST', `/operations/${id}/cancel`);
    const ended = (await stage.send('GET', `/operations/${id}?waitSeconds=30`)).json as Operation;
    assert.equal(ended.state, 'cancelled', JSON.stringify(ended));
    assert.match(await told('domblklist web'), new RegExp(`vdb +${join(fast, 'data.raw')}`));
    assert.doesNotMatch(await told('dumpxml web'), /<mirror/);
    assert.deepEqual(await readdir(slow), []);
    assert.equal(await told('domstate web'), 'running');
  },
);
