/** Copies of vms of a libvirtd with QEMU, made by its own tools and judged by QEMU's. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDiskList, Operation, Vm, VmClone, VmDefinition } from '#api';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { fill, holds, QemuRoom, tool, withoutRoom } from './qemu-room.ts';

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const skip =
  withoutRoom === false && !existsSync(firmware) ? `${firmware} is missing` : withoutRoom;

const variables = '/var/lib/libvirt/qemu/nvram/web_VARS.fd';

function domainOf(folder: string): string {
  return `<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type>
<loader readonly='yes' type='pflash'>${firmware}</loader><nvram>${variables}</nvram></os>
<features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='${folder}/web.qcow2'/><target dev='vda' bus='virtio'/><serial>OLD</serial></disk>
<disk type='file'><driver name='qemu' type='raw'/><source file='${folder}/data.raw'/><target dev='vdb' bus='virtio'/></disk>
<interface type='user'><mac address='52:54:00:aa:bb:01'/><model type='virtio'/></interface>
<watchdog model='i6300esb' action='poweroff'/>
<graphics type='vnc' port='5977' autoport='no' listen='127.0.0.1'/>
</devices></domain>`;
}

void test(
  'a vm of a libvirt host is cloned, full and linked, as it is and as a snapshot was, and neither changes the other',
  { skip },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, daemon, address, told } = room;
    await room.makeDisk('web.qcow2', 'qcow2', '8M');
    await room.makeDisk('data.raw', 'raw', '8M');
    await told(`pool-create-as vms dir --target ${folder}`);
    const kept = daemon.outside(variables);
    await mkdir(join(kept, '..'), { recursive: true });
    await writeFile(kept, Buffer.alloc(540_672, 0x5a));
    const xml = join(folder, 'web.xml');
    await writeFile(xml, domainOf(folder));
    await told(`define ${xml}`);
    await rm(xml);

    const stage = await Stage.open();
    t.after(() => stage[Symbol.asyncDispose]());
    const added = await stage.send('POST', '/hosts', { body: { address, name: 'h1' } });
    assert.equal(added.status, 200, added.text);
    await stage.until(
      () =>
        stage.vm('web')?.definition.hardware.disks.length === 2 && stage.vm('web')?.state === 'off',
      'web is seen with its disks',
    );
    const source = stage.vm('web')?.id ?? assert.fail();
    const done = async (method: string, path: string, body?: object): Promise<Operation> => {
      const operation = await stage.act(method, path, body);
      assert.equal(operation.state, 'done', JSON.stringify(operation.fault));
      return operation;
    };
    const clone = async (body: VmClone): Promise<Vm> => {
      await done('POST', `/vms/${source}/clone`, body);
      return stage.vm(body.name) ?? assert.fail(`${body.name} is not there`);
    };
    const disks = (name: string): VmDefinition['hardware']['disks'] =>
      stage.vm(name)?.definition.hardware.disks ?? [];
    const write = async (name: string, byte: number): Promise<void> => {
      for (const { file, format } of disks(name)) await fill(file, format, byte);
    };
    const has = async (name: string, byte: number): Promise<void> => {
      for (const { file, format } of disks(name)) await holds(file, format, byte);
    };
    const parent = async (name: string): Promise<boolean> =>
      /^backing file:/m.test(await tool('qemu-img', 'info', disks(name)[0]?.file ?? ''));

    await write('web', 0x11);
    const full = await clone({ name: 'full' });
    assert.equal(await parent('full'), false);
    await has('full', 0x11);
    const text = await told('dumpxml full --inactive --security-info');
    const { uuid } = full.definition.extensions['libvirt'] as { uuid: string };
    // What Gantry has no word for came along; what says who it is did not.
    assert.match(text, /<watchdog model='i6300esb' action='poweroff'>/);
    assert.match(text, new RegExp(`<uuid>${uuid}</uuid>`));
    assert.doesNotMatch(text, /52:54:00:aa:bb:01|<serial>OLD|port='5977'|web_VARS|data\.raw/);
    const own = /<nvram[^>]*>([^<]+)</.exec(text)?.[1] ?? '';
    assert.deepEqual(await readFile(daemon.outside(own)), await readFile(kept));
    assert.equal(await told('pool-list --name'), 'vms');

    const before = disks('web')[0]?.file;
    await clone({ name: 'linked', linked: true });
    assert.notEqual(disks('web')[0]?.file, before);
    assert.equal(await parent('linked'), true);
    await write('web', 0x22);
    await has('linked', 0x11);
    await write('linked', 0x33);
    await has('web', 0x22);
    await done('POST', `/vms/${source}/actions/turn-on`, {});
    await done('POST', `/vms/${source}/snapshots`, { name: 'then' });
    await clone({ name: 'linked-then', linked: true, snapshot: 'then' });
    await clone({ name: 'full-then', snapshot: 'then' });
    assert.equal(stage.vm('web')?.state, 'running');
    // As it runs: by a snapshot that goes with the end of it.
    const depth = async (): Promise<number> => {
      const file = disks('web')[0]?.file ?? '';
      return (await tool('qemu-img', 'info', '-U', '--backing-chain', file)).split('image: ')
        .length;
    };
    const lay = await depth();
    await clone({ name: 'full-live' });
    assert.equal(await depth(), lay);
    await clone({ name: 'linked-live', linked: true });
    assert.equal(stage.vm('web')?.state, 'running');
    assert.equal((await told('snapshot-list web --name')).trim(), 'then');
    for (const name of ['full-live', 'linked-live']) await has(name, 0x22);
    assert.deepEqual([await parent('linked-live'), await parent('full-live')], [true, false]);
    await done('POST', `/vms/${source}/actions/turn-off`, {});
    await write('web', 0x44);
    for (const name of ['linked-then', 'full-then', 'full-live', 'linked-live'])
      await has(name, 0x22);
    assert.deepEqual([await parent('linked-then'), await parent('full-then')], [true, false]);

    // What a clone stands on stays, whatever becomes of the vm and its snapshot.
    await done('DELETE', `/vms/${source}/snapshots/then`);
    await has('web', 0x44);
    await done('DELETE', `/vms/${source}`);
    await has('linked', 0x33);
    await has('linked-then', 0x22);
    const linked = stage.vm('linked')?.id ?? '';
    // Of a vm that runs what lies below is pulled into its files, which stay the same ones.
    await done('POST', `/vms/${linked}/actions/turn-on`, {});
    const files = disks('linked').map(({ file }) => file);
    assert.deepEqual((await told('domblklist linked')).match(/\/\S+/g), files);
    await done('POST', `/vms/${linked}/flatten`);
    assert.equal(stage.vm('linked')?.state, 'running');
    assert.deepEqual((await told('domblklist linked')).match(/\/\S+/g), files);
    for (const file of files)
      assert.doesNotMatch(await tool('qemu-img', 'info', '-U', file), /^backing file:/m);
    assert.match(await told('blockjob linked vda'), /^(?:No current block job.*)?$/);
    await done('POST', `/vms/${linked}/actions/turn-off`, {});
    await has('linked', 0x33);
    const then = stage.vm('linked-then')?.id ?? '';
    await done('POST', `/vms/${then}/flatten`);
    assert.equal(await parent('linked-then'), false);
    await has('linked-then', 0x22);
    await done('POST', `/vms/${then}/actions/turn-on`, {});
    await done('POST', `/vms/${then}/actions/turn-off`, {});
    for (const name of ['full', 'linked', 'linked-then', 'full-then', 'full-live', 'linked-live'])
      await done('DELETE', `/vms/${stage.vm(name)?.id ?? ''}`);
    assert.equal(await told('list --all --name'), '');
    // Nobody can say whether what clones stood on is there for others, too: it stays, and is told.
    const list = (await stage.send('GET', '/hosts/h1/disks')).json as HostDiskList;
    const left = list.disks.map(({ path, vms }) => [
      path.split('/').at(-1)?.split('.')[0],
      vms.length,
    ]);
    // Of the vm as it was, and as it ran.
    assert.deepEqual(
      left,
      ['data', 'data', 'data', 'web', 'web', 'web'].map((name) => [name, 0]),
    );
  },
);
