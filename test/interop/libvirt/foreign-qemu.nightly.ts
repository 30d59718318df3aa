/** A libvirt connection judged by QEMU itself: a vm without a guest under a libvirtd with its QEMU driver. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import {
  adapterSchema,
  diskSchema,
  vmDefinitionSchema,
  type PowerAction,
  type VmActionRequest,
  type VmDefinition,
} from '#api';
import { machineId } from '#foreign';
import { connectLibvirt } from '#libvirt';
import { HostLoadReader } from '../../../src/agent/foreign/host-load.ts';
import { hostId, Kept } from '../../../src/agent/foreign/testing/kept.ts';
import { QemuRoom, withoutRoom } from './qemu-room.ts';

const definition = `<domain type='qemu'><name>tiny</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='DISK'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`;
async function isHostMeasured(address: string): Promise<void> {
  await using client = await connectLibvirt(address);
  const load = new HostLoadReader(client);
  const signal = AbortSignal.timeout(20_000);
  while (load.cpuPercent === null) await load.look(signal);
  assert.ok(load.cpuPercent >= 0 && load.cpuPercent <= 100, String(load.cpuPercent));
  assert.ok(load.freeBytes > 0);
}

const cause = { actor: { kind: 'user', name: 'ann' }, correlationId: 'c' } as const;

void test(
  'a vm of QEMU is seen, started, saved, restored, taken back to a snapshot and stopped over libvirt',
  { skip: withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, address, told } = room;
    const file = join(folder, 'tiny.xml');
    const disk = await room.makeDisk('tiny.qcow2', 'qcow2', '64M');
    await writeFile(file, definition.replace('DISK', disk));
    await told(`define ${file}`);

    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    assert.equal(host.hello?.facts.hypervisor.name, 'QEMU');
    assert.equal(host.hello.facts.acceleration.use, 'tcg');
    const [record] = host.records.values();
    assert.equal(record?.report.state, 'off');
    assert.equal(record.definition.hardware.memory.sizeBytes, 64 * 1024 ** 2);
    const [seen] = record.definition.hardware.disks;
    assert.deepEqual([seen?.file, seen?.format, seen?.sizeBytes], [disk, 'qcow2', 64 * 1024 ** 2]);
    const { id } = record.report;
    let generation = 0;
    const act = async (action: PowerAction, request: VmActionRequest = {}): Promise<string> => {
      generation += 1;
      const params = { id, generation, cause, action, request };
      return (await host.call('machine.act', params)).report.state;
    };
    const steps: readonly (readonly [PowerAction, string, string])[] = [
      ['turn-on', 'running', 'running'],
      ['pause', 'paused', 'paused'],
      ['resume', 'running', 'running'],
      ['save', 'saved', 'shut off'],
      ['restore', 'running', 'running'],
      ['nmi', 'running', 'running'],
      ['reset', 'running', 'running'],
      ['restart', 'running', 'running'],
    ];
    for (const [action, state, there] of steps) {
      assert.equal(await act(action), state, action);
      assert.equal(await told('domstate tiny'), there, action);
    }
    await isHostMeasured(address);
    await host.until('it is measured', () => (host.samples.get(id)?.memoryBytes ?? 0) > 0, 20_000);
    const snapshot = { id, name: 'with memory', description: '', author: 'ann', exclude: [] };
    const taken = { ...snapshot, memory: true, quiesce: false };
    const machine = { id, generation, cause };
    const { report } = await host.call('machine.snapshot.take', { ...machine, snapshot: taken });
    assert.equal(report.snapshots[0]?.memoryBytes, 0);
    const at = { ...machine, snapshotId: report.snapshots[0].id };
    const off = await host.call('machine.snapshot.revert', { ...at, memory: 'leave' });
    assert.equal(off.report.state, 'off');
    const back = await host.call('machine.snapshot.revert', { ...at, memory: 'restore' });
    assert.equal(back.report.state, 'running');
    const without = await host.call('machine.snapshot.delete', at);
    assert.deepEqual(without.report.snapshots, []);
    // Nobody in it hears the button.
    await assert.rejects(act('power-button', { timeoutSeconds: 1 }), (error) =>
      isFault(error, 'timeout'),
    );
    assert.equal(await act('shutdown', { timeoutSeconds: 1, onTimeout: 'save' }), 'saved');
    assert.equal(await act('discard'), 'off');
    assert.equal(await act('turn-on'), 'running');
    assert.equal(await act('turn-off'), 'off');
    const happened = host.events.map(({ name }) => name.replace(/^vm\./, ''));
    assert.deepEqual(happened, [
      'state.powered-on',
      'state.suspended',
      'state.resumed',
      'state.saved',
      'state.restored',
      'nmi.injected',
      'state.reset',
      'state.reset',
      'snapshot.taken',
      'snapshot.reverted',
      'state.powered-off',
      'snapshot.reverted',
      'state.powered-on',
      'snapshot.deleted',
      'shutdown.requested',
      'shutdown.timed-out',
      'shutdown.requested',
      'shutdown.timed-out',
      'state.saved',
      'state.discarded',
      'state.powered-on',
      'state.powered-off',
    ]);
  },
);

void test(
  'a vm is made in a storage pool, given devices while it runs, and deleted with its volumes',
  { skip: withoutRoom },
  async (t) => {
    const room = await QemuRoom.open();
    t.after(() => room[Symbol.asyncDispose]());
    const { folder, address, told } = room;
    await told(`pool-create-as vms dir --target ${folder}`);
    const kept = await Kept.open(address);
    t.after(() => kept[Symbol.asyncDispose]());
    const host = await kept.host();
    const uuid = '11111111-2222-4333-8444-888888888888';
    const id = machineId(hostId, uuid);
    const definition = vmDefinitionSchema.parse({
      id,
      name: 'made',
      hardware: {
        profile: 'modern',
        machine: 'q35',
        firmware: { type: 'bios' },
        processor: { count: 1, maxCount: 2 },
        memory: { sizeBytes: 64 * 1024 ** 2 },
        scsiController: 'virtio-scsi',
        disks: [
          { bus: 'virtio', position: 0, file: 'made.qcow2', format: 'qcow2', sizeBytes: 2 ** 24 },
        ],
        opticalDrives: [{ bus: 'sata', position: 0 }],
        graphics: { adapter: 'std' },
      },
      extensions: { libvirt: { name: 'made', uuid } },
    });
    const source = {
      kind: 'new',
      file: 'made.qcow2',
      format: 'qcow2',
      sizeBytes: 2 ** 24,
    } as const;
    const plan = await host.call('machine.plan', { definition, disks: [source] });
    assert.deepEqual([plan.ok, plan.reasons], [true, []]);
    const machine = { id, generation: 0, cause };
    for (let again = 0; again < 2; again += 1)
      await host.call('machine.create', {
        ...machine,
        definition,
        definitionVersion: 1,
        disks: [source],
      });
    const look = async (): Promise<VmDefinition> =>
      (await host.call('machine.look', { id })).record.definition;
    const made = (await look()).hardware;
    const path = join(folder, 'made.qcow2');
    assert.deepEqual(
      [made.disks[0]?.file, made.disks[0]?.sizeBytes, made.machine, made.graphics.adapter],
      [path, 2 ** 24, 'q35', 'std'],
    );
    assert.match(
      await told(`dumpxml ${definition.name}`),
      /<target type='virtio' name='org\.qemu\.guest_agent\.0'\/>/,
    );
    await host.call('machine.act', { ...machine, generation: 1, action: 'turn-on', request: {} });
    const live = { ...machine, generation: 1 };
    const data = { ...source, file: 'data.qcow2' };
    const { disk: file } = await host.call('machine.disk.create', { ...live, source: data });
    const disk = diskSchema.parse({ ...data, bus: 'virtio', position: 1, kind: undefined });
    assert.deepEqual(await host.call('machine.disk.attach', { ...live, disk }), { live: true });
    assert.match(await told('domblklist made'), new RegExp(`vdb +${file.file}`));
    assert.match(await told('domblklist made --inactive'), new RegExp(`vdb +${file.file}`));
    const iso = { kind: 'file', file: join(folder, 'a.iso') } as const;
    await writeFile(iso.file, Buffer.alloc(2 ** 16));
    const drive = { ...live, place: 'sata0:0', path: null, tray: 'ask' } as const;
    assert.deepEqual(await host.call('machine.medium', { ...drive, medium: iso }), { live: true });
    assert.match(await told('domblklist made'), new RegExp(`sda +${iso.file}`));
    assert.deepEqual(await host.call('machine.medium', { ...drive, medium: null }), { live: true });
    const adapter = adapterSchema.parse({
      slot: 0,
      model: 'virtio',
      mac: '52:54:00:00:00:11',
      attachment: { kind: 'user' },
    });
    const plug = await host.call('machine.adapter.attach', { ...live, adapter });
    assert.deepEqual(plug, { live: true });
    const down = { ...adapter, link: 'down' } as const;
    const pulled = await host.call('machine.adapter.change', { ...live, adapter: down });
    assert.deepEqual(pulled, { live: true });
    assert.match(await told('domif-getlink made 52:54:00:00:00:11'), /down/);
    const base = await look();
    assert.equal(base.hardware.adapters[0]?.link, 'down');
    const wanted = {
      ...base,
      hardware: { ...base.hardware, processor: { ...base.hardware.processor, count: 2 } },
    };
    const grown = { ...live, definition: wanted, definitionVersion: 2, base };
    const { report } = await host.call('machine.configure', grown);
    assert.deepEqual(report.pending, []);
    assert.match(await told('vcpucount made --live --current'), /2/);
    // Nobody in it lets go of the disk: it is gone with the next start.
    assert.deepEqual(await host.call('machine.disk.detach', { ...live, disk }), { live: false });
    assert.deepEqual((await look()).hardware.disks.length, 1);
    await assert.rejects(
      host.call('machine.destroy', { ...live, keep: [] }),
      (error) => isFault(error, 'refused') && /runs/.test(error.message),
    );
    await host.call('machine.act', { ...live, generation: 2, action: 'turn-off', request: {} });
    const last = { ...machine, generation: 2 };
    await host.call('machine.disk.delete', { ...last, file: 'data.qcow2' });
    const gone = await host.call('machine.destroy', { ...last, keep: [] });
    assert.deepEqual(gone, { deleted: [path], kept: [] });
    // The image is not the vm's.
    assert.match(await told('list --all --name; vol-list vms'), /^a\.iso +\S+$/);
  },
);
