/** Disks of vms of a libvirt host made larger, running and off, judged by QEMU's tools; and a folder that is a pool for a moment only. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Operation } from '#api';
import { miB, systemClock } from '#lib';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { findForeignProcess } from './foreign-process.ts';
import { fill, holds, QemuRoom, withoutRoom } from './qemu-room.ts';
import { run } from './tools.ts';

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const skip =
  withoutRoom === false && !existsSync(firmware) ? `${firmware} is missing` : withoutRoom;
const variables = '/var/lib/libvirt/qemu/nvram/efi_VARS.fd';

const disks = (folder: string, name: string): string => `<devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='${folder}/${name}.qcow2'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`;
const webOf = (
  folder: string,
): string => `<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features>${disks(folder, 'web')}`;
const efiOf = (
  folder: string,
): string => `<domain type='qemu'><name>efi</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>${firmware}</loader>
<nvram>${variables}</nvram></os><features><acpi/></features>${disks(folder, 'efi')}`;

async function sizeOf(file: string): Promise<number> {
  const { out, err } = await run('qemu-img', ['info', '-U', '--output=json', file]);
  assert.equal(err, '');
  return (JSON.parse(out) as { 'virtual-size': number })['virtual-size'];
}

interface Laid {
  readonly room: QemuRoom;
  readonly stage: Stage;
}

/** A host with both vms. */
async function lay(): Promise<Laid> {
  const [room, stage] = await Promise.all([QemuRoom.open(), Stage.open()]);
  const { folder, address, told } = room;
  for (const [name, text] of Object.entries({ web: webOf(folder), efi: efiOf(folder) })) {
    await fill(await room.makeDisk(`${name}.qcow2`, 'qcow2', '8M'), 'qcow2', 17);
    await writeFile(join(folder, 'vm.xml'), text);
    await told(`define ${join(folder, 'vm.xml')}`);
  }
  await told(`pool-create-as vms dir --target ${folder}`);
  const { status, text } = await stage.send('POST', '/hosts', { body: { address, name: 'h1' } });
  assert.equal(status, 200, text);
  const isSeen = (name: string): boolean =>
    stage.vm(name)?.state === 'off' &&
    stage.vm(name)?.definition.hardware.disks[0]?.sizeBytes === 8 * miB;
  await stage.until(() => isSeen('web') && isSeen('efi'), 'its vms are known', 30_000);
  return { room, stage };
}

void test(
  'a disk of a vm of a libvirt host becomes larger while it runs and while it is off, and never smaller',
  { skip },
  async (t) => {
    const { room, stage } = await lay();
    t.after(() => room[Symbol.asyncDispose]());
    t.after(() => stage[Symbol.asyncDispose]());
    const file = join(room.folder, 'web.qcow2');
    const path = `/vms/${stage.vm('web')?.id ?? ''}`;
    const resize = (size: number): Promise<Operation> =>
      stage.act('POST', `${path}/disks/virtio0:0/resize`, { sizeBytes: size * miB });
    const has = async (size: number): Promise<void> => {
      const known = stage.vm('web')?.definition.hardware.disks[0]?.sizeBytes;
      assert.deepEqual([await sizeOf(file), known], [size * miB, size * miB]);
      await holds(file, 'qcow2', 17);
    };
    const act = async (method: string, where: string, body?: object): Promise<void> => {
      const { state, fault } = await stage.act(method, `${path}${where}`, body);
      assert.equal(state, 'done', JSON.stringify(fault));
    };

    const off = await resize(16);
    assert.deepEqual([off.state, off.result?.['live']], ['done', false], JSON.stringify(off.fault));
    await has(16);
    await act('POST', '/actions/turn-on', {});
    const live = await resize(32);
    assert.deepEqual([live.state, live.result?.['live']], ['done', true], JSON.stringify(live));
    await has(32);
    assert.match(await room.told('domblkinfo web vda'), new RegExp(`Capacity: +${32 * miB}\\b`));

    // Somebody else was faster: what it has now counts, not what was known.
    await room.told('blockresize web vda 48M');
    const smaller = await resize(40);
    assert.match(JSON.stringify(smaller.fault), /disks of vms only become larger/);
    assert.equal(await sizeOf(file), 48 * miB);
    const again = await resize(48);
    assert.equal(again.state, 'done', JSON.stringify(again.fault));
    await has(48);

    await act('POST', '/snapshots', { name: 'then' });
    assert.match(JSON.stringify((await resize(64)).fault), /snapshots stand on its file/);
    await act('DELETE', '/snapshots/then');
    await act('POST', '/actions/turn-off', {});
    await act('POST', '/clone', { name: 'linked', linked: true });
    const top = stage.vm('web')?.definition.hardware.disks[0]?.file ?? '';
    assert.notEqual(top, file);
    assert.equal((await resize(64)).state, 'done');
    assert.deepEqual([await sizeOf(top), await sizeOf(file)], [64 * miB, 48 * miB]);

    await room.told('pool-destroy vms');
    assert.match(JSON.stringify((await resize(80)).fault), /pool-create-as NAME dir --target/);
  },
);

void test(
  'a folder that was made a pool for a copy is none any more when the process that did it was killed in the middle',
  { skip },
  async (t) => {
    const { room, stage } = await lay();
    t.after(() => room[Symbol.asyncDispose]());
    t.after(() => stage[Symbol.asyncDispose]());
    const kept = room.daemon.outside(variables);
    await mkdir(join(kept, '..'), { recursive: true });
    // More than any firmware has: enough to be in the middle of it.
    await writeFile(kept, Buffer.alloc(400 * miB, 0x5a));
    const own = async (): Promise<readonly string[]> =>
      (await room.told('pool-list --name'))
        .split('\n')
        .filter((name) => name.startsWith('gantry-'));
    const path = `/vms/${stage.vm('efi')?.id ?? ''}/clone`;
    const { status, json, text } = await stage.send('POST', path, { body: { name: 'copy' } });
    assert.equal(status, 202, text);
    const killIt = async (): Promise<void> => {
      process.kill(await findForeignProcess(), 'SIGKILL');
      await stage.until(() => stage.host('h1')?.status !== 'ready', 'it is lost');
      assert.equal((await own()).length, 1);
      await stage.until(() => stage.host('h1')?.status === 'ready', 'it is back', 60_000);
    };
    const untilGone = async (): Promise<void> => {
      for (let turn = 0; turn < 300 && (await own()).length > 0; turn += 1)
        await systemClock.sleep(100);
      assert.deepEqual(await own(), []);
    };
    while ((await own()).length === 0) await systemClock.sleep(10);
    const [name = ''] = await own();
    await killIt();
    await stage.coordinator.operations.wait((json as Operation).id, 60_000);
    await untilGone();
    const again = await stage.act('POST', path, { name: 'another' });
    assert.equal(again.state, 'done', JSON.stringify(again.fault));
    assert.deepEqual(await own(), []);
    // Also where nothing is asked of it afterwards.
    await room.told(`pool-create-as ${name} dir --target ${join(kept, '..')}`);
    await killIt();
    await untilGone();
  },
);
