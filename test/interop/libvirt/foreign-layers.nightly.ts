/** Snapshots of disks that go on in other files, judged by QEMU's own tools and by virsh. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LinkParams, MachineReport, PowerAction } from '#api';
import { isFault } from '#lib';
import { Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { fill, holds, QemuRoom, withoutRoom } from './qemu-room.ts';

const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;

function domainOf(folder: string): string {
  return `<domain type='qemu'><name>tiny</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='${folder}/one.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file'><driver name='qemu' type='raw'/><source file='${folder}/two.raw'/><target dev='vdb' bus='virtio'/></disk>
</devices></domain>`;
}

void test(
  'a vm that runs gets snapshots without memory on disks of any format, which branch, come back and go',
  { skip: withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, daemon, address, told } = room;
    await room.makeDisk('one.qcow2', 'qcow2', '8M');
    await room.makeDisk('two.raw', 'raw', '8M');
    const xml = join(daemon.outside('/var/lib/libvirt'), 'tiny.xml');
    await writeFile(xml, domainOf(folder));
    await told(`define ${xml}`);

    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const id = [...host.records.keys()][0] ?? '';
    let generation = 0;
    const machine = () => ({ id, generation, cause });
    const act = async (action: PowerAction): Promise<void> => {
      generation += 1;
      await host.call('machine.act', { ...machine(), action, request: {} });
    };
    const take = async (
      name: string,
      more: Partial<LinkParams<'machine.snapshot.take'>['snapshot']> = {},
    ): Promise<MachineReport> => {
      const plain = { description: '', author: 'ann', exclude: [], memory: false, quiesce: false };
      const snapshot = { id, name, ...plain, ...more };
      return (await host.call('machine.snapshot.take', { ...machine(), snapshot })).report;
    };
    const idOf = (name: string): string =>
      host.reports.get(id)?.snapshots.find((one) => one.name === name)?.id ?? name;
    const reports = (report: MachineReport): MachineReport => {
      host.reports.set(id, report);
      return report;
    };
    const revert = async (name: string): Promise<MachineReport> => {
      const params = { ...machine(), snapshotId: idOf(name), memory: 'leave' } as const;
      return reports((await host.call('machine.snapshot.revert', params)).report);
    };
    const remove = async (name: string): Promise<MachineReport> => {
      const params = { ...machine(), snapshotId: idOf(name) };
      return reports((await host.call('machine.snapshot.delete', params)).report);
    };
    const files = async (): Promise<readonly string[]> => {
      const list = await told('domblklist tiny --inactive');
      return [...list.matchAll(/^ *vd[ab] +(\S+)/gm)].map(([, file]) => file ?? '');
    };
    const formatOf = (file: string): string => (file.endsWith('.raw') ? 'raw' : 'qcow2');
    /** Both disks, through all their files. */
    const write = async (byte: number, at = '0'): Promise<void> => {
      for (const file of await files()) await fill(file, formatOf(file), byte, at);
    };
    const has = async (byte: number, at = '0'): Promise<void> => {
      for (const file of await files()) await holds(file, formatOf(file), byte, at);
    };

    await act('turn-on');
    await assert.rejects(
      take('nowhere'),
      (error) => isFault(error, 'unsupported') && /pool-create-as/.test(error.hint ?? ''),
    );
    await told(`pool-create-as vms dir --target ${folder}`);
    await assert.rejects(take('still', { quiesce: true }), /agent/);
    assert.equal(await told('domstate tiny'), 'running');
    await act('turn-off');

    await write(0x11);
    await write(0x77, '1M');
    const first = reports(await take('first'));
    assert.deepEqual(
      first.snapshots.map(({ name, memoryBytes, takenWhile }) => [name, memoryBytes, takenWhile]),
      [['first', null, 'off']],
    );
    await write(0x22);
    await act('turn-on');
    // Asked for again by somebody who has lost the answer.
    for (let again = 0; again < 2; again += 1) reports(await take('second'));
    assert.equal(await told('domstate tiny'), 'running');
    assert.equal(host.reports.get(id)?.snapshots.length, 2);
    await assert.rejects(
      take('third', { memory: true }),
      (error) => isFault(error, 'unsupported') && /memory is not kept/.test(error.message),
    );
    await act('turn-off');
    await write(0x33);

    const back = await revert('first');
    assert.equal(back.state, 'off');
    assert.equal(back.snapshots.find(({ present }) => present)?.name, 'first');
    await has(0x11);
    assert.equal(await told('snapshot-current tiny --name'), 'first');
    await write(0x44);
    // What runs is turned off for it, and the other branch is as it was.
    await act('turn-on');
    await revert('second');
    await has(0x22);
    assert.equal(await told('domstate tiny'), 'shut off');

    // libvirt would write the present into what the other branch stands on.
    await revert('first');
    await write(0x66, '1M');
    await remove('first');
    await has(0x11);
    await has(0x66, '1M');
    await revert('second');
    await has(0x22);
    await has(0x77, '1M');
    await write(0x55);
    await act('turn-on');
    assert.deepEqual((await remove('second')).snapshots, []);
    await act('turn-off');
    await has(0x55);
    assert.equal(await told('snapshot-list tiny --name'), '');

    await act('turn-on');
    reports(await take('last'));
    await act('turn-off');
    const about = await host.call('machine.files', { id });
    assert.deepEqual(about.files.map(({ role, deleted }) => [role, deleted]).slice(0, 2), [
      ['disk', true],
      ['disk', true],
    ]);
    assert.ok(about.files.some(({ role, deleted }) => role === 'snapshot' && deleted));
    await host.call('machine.destroy', { ...machine(), keep: [] });
    assert.equal(await told('list --all --name'), '');
    assert.deepEqual(await readdir(folder), []);
  },
);
