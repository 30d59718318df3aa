/**
 * The hardware of a vm of an own host edited by an unmodified virt-xml, which is virt-manager's library on the command line:
 * whole definitions while it is off, devices one by one while it runs.
 */
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Hardware, Operation, VmDefinition } from '#api';
import { giB, miB } from '#lib';
import { Stage, type AgentProcess } from '../../../src/coordinator/testing/stage.ts';
import { run, virsh, whyNot, type Ran } from './tools.ts';

const skip = await whyNot('virsh', 'virt-install', 'qemu-img', 'qemu-system-x86_64');

let opened: Stage | undefined;
let agent: AgentProcess | undefined;
before(async () => {
  if (skip !== false) return;
  opened = await Stage.open();
  agent = await opened.addQemuHost('h1');
  const made = { name: 'web', memoryBytes: 64 * miB, network: 'none' };
  const disk = { kind: 'new', sizeBytes: 32 * miB };
  const { state, fault } = await opened.act('POST', '/vms', { ...made, disk });
  assert.equal(state, 'done', JSON.stringify(fault));
});
after(async () => {
  if (opened === undefined) return;
  await virsh(address(), 'destroy', 'web');
  await opened[Symbol.asyncDispose]();
});

function stage(): Stage {
  assert.ok(opened);
  return opened;
}

function address(): string {
  return `qemu+unix:///host/h1?socket=${join(stage().folder, 'run/libvirt-sock')}`;
}

function definition(): VmDefinition {
  const vm = stage().vm('web');
  assert.ok(vm);
  return vm.definition;
}

function hardware(): Hardware {
  return definition().hardware;
}

function ask(words: string): Promise<Ran> {
  return run('virt-xml', ['--connect', address(), 'web', ...words.split(' ')]);
}

async function edit(words: string): Promise<string> {
  const { code, out, err } = await ask(words);
  assert.equal(code, 0, `${words}: ${out}${err}`);
  return out + err;
}

void test('virt-xml edits a vm that is off, word by word', { skip }, async () => {
  await edit('--edit --memory 128,maxmemory=256');
  assert.deepEqual(hardware().memory, { sizeBytes: 128 * miB, maxBytes: 256 * miB });
  await edit('--edit --vcpus 2,maxvcpus=4');
  assert.deepEqual([hardware().processor.count, hardware().processor.maxCount], [2, 4]);
  await edit('--edit --cpu qemu64');
  assert.equal(hardware().processor.model, 'qemu64');
  await edit('--edit --cpu host-model');
  assert.equal(hardware().processor.model, 'host');
  await edit('--edit --metadata title=shop,description=front');
  assert.equal(definition().description, 'front');
  const titled = await virsh(address(), 'desc', '--title', 'web');
  assert.equal(titled.out.trim(), 'shop');
  await edit('--edit --boot cdrom,network,hd');
  assert.deepEqual(hardware().firmware.bootOrder, ['cd', 'network', 'disk']);
  await edit('--edit --events on_crash=restart');
  assert.equal(definition().settings.failure.reaction, 'restart');
  await edit('--edit --events on_reboot=destroy');
  assert.equal(definition().settings.onGuestReboot, 'turn-off');
  await edit('--edit --features kvm.hidden.state=on');
  assert.equal(hardware().processor.hideHypervisor, true);
  await edit('--edit --clock offset=localtime');
  assert.equal(hardware().clock.base, 'localtime');
  await edit('--edit --video vga');
  assert.equal(hardware().graphics.adapter, 'std');
  await edit('--add-device --sound ich9');
  assert.equal(hardware().sound, 'hda');
  await edit('--remove-device --sound all');
  assert.equal(hardware().sound, 'none');
  await edit('--add-device --tpm emulator');
  assert.equal(hardware().tpm, true);
  await edit('--remove-device --tpm all');
  await edit('--add-device --serial pty');
  assert.deepEqual(
    hardware().serialPorts.map(({ kind }) => kind),
    ['console', 'console'],
  );
  await edit('--edit --boot uefi');
  assert.equal(hardware().firmware.type, 'uefi');
  // Which not every machine has.
  const back = { hardware: { firmware: { type: 'bios' } } };
  assert.equal((await stage().act('PATCH', '/vms/web', back)).state, 'done');
  assert.deepEqual(hardware().memory, { sizeBytes: 128 * miB, maxBytes: 256 * miB });
});

void test(
  'virt-xml adds, edits and removes disks and adapters of a vm that is off',
  { skip },
  async () => {
    const [first] = hardware().disks;
    await edit('--add-device --disk pool=default,size=0.01,bus=virtio');
    await edit('--add-device --disk pool=default,size=0.01,bus=scsi,format=qcow2');
    assert.deepEqual(
      hardware().disks.map(({ bus, format }) => [bus, format]),
      [
        ['virtio', 'qcow2'],
        ['virtio', 'raw'],
        ['scsi', 'qcow2'],
      ],
    );
    await edit('--edit target=vdb --disk cache=none,discard=ignore,readonly=on');
    const second = hardware().disks[1];
    assert.deepEqual([second?.cache, second?.discard, second?.readOnly], ['none', false, true]);
    await edit('--edit target=vdb --disk bus=scsi,target=sdz');
    assert.equal(hardware().disks[1]?.bus, 'scsi');
    for (const { file } of hardware().disks.slice(1))
      await edit(`--remove-device --disk path=${file}`);
    assert.deepEqual(hardware().disks, [first]);
    await edit('--add-device --disk device=cdrom');
    assert.equal(hardware().opticalDrives.length, 2);
    await edit('--add-device --network user,model=e1000');
    await edit('--edit --network model=virtio,link.state=down');
    assert.deepEqual(
      hardware().adapters.map(({ model, link }) => [model, link]),
      [['virtio', 'down']],
    );
    const mac = hardware().adapters[0]?.mac;
    await edit('--edit --memory 100');
    assert.equal(hardware().adapters[0]?.mac, mac);
    await edit('--remove-device --network all');
    assert.deepEqual(hardware().adapters, []);
  },
);

void test(
  'what virt-xml may wish and a vm cannot have is refused by its name, and changes nothing',
  { skip },
  async () => {
    const before = definition();
    for (const [words, says] of [
      ['--add-device --watchdog i6300esb', /a vm has no watchdog/],
      ['--add-device --filesystem /tmp,x', /a vm has no filesystem/],
      ['--edit --graphics spice', /a vm has no graphics spice/],
      ['--edit --graphics vnc,password=secret', /a vm has no password of its graphics/],
      ['--edit --memorybacking hugepages=on', /a vm has no memoryBacking/],
      ['--edit --boot bootmenu.enable=yes', /a vm has no boot menu/],
      ['--edit --features acpi=off', /a vm has no board without ACPI/],
      ['--edit --events on_poweroff=restart', /a vm has no on_poweroff restart/],
    ] as const) {
      const { code, out, err } = await ask(words);
      assert.equal(code, 1, words);
      assert.match(out + err, says);
    }
    assert.deepEqual(definition(), before);
  },
);

void test(
  'virt-xml plugs devices into a vm that runs, and changes the rest for its next start',
  { skip },
  async () => {
    const started = await virsh(address(), 'start', 'web');
    assert.equal(started.code, 0, started.err);
    const before = hardware();
    await edit('--add-device --disk pool=default,size=0.01,bus=virtio --update');
    await edit('--add-device --network user,model=virtio --update');
    assert.equal(hardware().disks.length, before.disks.length + 1);
    assert.equal(hardware().adapters.length, before.adapters.length + 1);
    const seen = await virsh(address(), 'domblklist', 'web');
    assert.match(seen.out, /^ *vdb /m);
    await edit('--edit --network link.state=down --update');
    assert.equal(hardware().adapters[0]?.link, 'down');
    const { code, out, err } = await ask('--add-device --sound ich9 --update');
    assert.equal(code, 1);
    assert.match(out + err, /a sound comes, goes and changes with the definition/);
    const later = await edit('--edit --boot hd');
    assert.match(later, /Changes will take effect after the domain is fully powered off/);
    assert.deepEqual(hardware().firmware.bootOrder, ['disk']);
    assert.equal(stage().vm('web')?.state, 'running');
  },
);

void test(
  'virsh makes a disk larger while its vm runs, and the API while it is off',
  { skip },
  async () => {
    const disk = hardware().disks[0];
    assert.ok(disk);
    const file = join(stage().vm('web')?.path ?? '', disk.file);
    const seen = async (): Promise<number> => {
      const { out, err } = await run('qemu-img', ['info', '-U', '--output=json', file]);
      assert.equal(err, '');
      return (JSON.parse(out) as { 'virtual-size': number })['virtual-size'];
    };
    const resize = (size: string): Promise<Ran> =>
      virsh(address(), 'blockresize', 'web', 'vda', size);
    assert.equal(stage().vm('web')?.state, 'running');
    const grown = await resize('48M');
    assert.equal(grown.code, 0, grown.err);
    assert.deepEqual([await seen(), hardware().disks[0]?.sizeBytes], [48 * miB, 48 * miB]);
    const info = await virsh(address(), 'domblkinfo', 'web', 'vda');
    assert.match(info.out, new RegExp(`^Capacity: +${48 * miB}$`, 'm'));
    const { blocks } = await stat(file);
    assert.ok(blocks * 512 < miB);
    assert.match(info.out, new RegExp(`^Allocation: +${blocks * 512}$`, 'm'));
    const smaller = await resize('40M');
    assert.match(smaller.err, /disks of vms only become larger/);
    const job = await virsh(address(), 'blockjob', 'web', 'vda');
    assert.deepEqual([job.code, job.err], [0, '']);
    const abort = await virsh(address(), 'blockjob', 'web', 'vda', '--abort');
    assert.match(abort.err, /disk vda does not have an active block job/);
    await virsh(address(), 'destroy', 'web');
    const off = await resize('64M');
    assert.match(off.err, /domain is not running/);
    const path = '/vms/web/disks/virtio0:0/resize';
    const done = await stage().act('POST', path, { sizeBytes: 64 * miB });
    assert.deepEqual([done.state, done.result?.['live']], ['done', false]);
    assert.deepEqual([await seen(), hardware().disks[0]?.sizeBytes], [64 * miB, 64 * miB]);
    await stage().act('POST', '/vms/web/snapshots', { name: 'before' });
    const layered = await stage().act('POST', path, { sizeBytes: 96 * miB });
    assert.match(layered.fault?.message ?? '', /other layers lie on its file/);
    assert.equal(await seen(), 64 * miB);
  },
);

void test('domjobinfo tells how far the deletion of a snapshot is', { skip }, async () => {
  const disk = { kind: 'new', sizeBytes: giB };
  const made = { name: 'big', memoryBytes: 64 * miB, network: 'none', disk };
  assert.equal((await stage().act('POST', '/vms', made)).state, 'done');
  const folder = stage().vm('big')?.path ?? '';
  const before = await readdir(folder);
  assert.equal((await stage().act('POST', '/vms/big/snapshots', { name: 'one' })).state, 'done');
  const [top] = (await readdir(folder)).filter(
    (name) => name.endsWith('.qcow2') && !before.includes(name),
  );
  assert.ok(top);
  const fill = ['-c', `write -P 1 0 ${giB}`, join(folder, top)];
  const filled = await run('qemu-io', fill);
  assert.equal(filled.code, 0, filled.err);
  const deleting = virsh(address(), 'snapshot-delete', 'big', 'one');
  await stage().until(
    () => (deletion()?.steps[0]?.progress ?? 0) > 0,
    'some of it is done',
    30_000,
  );
  agent?.freeze();
  const info = await virsh(address(), 'domjobinfo', 'big');
  agent?.wake();
  assert.match(
    info.out,
    /^Job type: +Bounded\s+Operation: +Snapshot delete\s+Time elapsed: +\d+ +ms\s+Time remaining: +\d+/,
  );
  assert.equal((await deleting).code, 0);
});

function deletion(): Operation | undefined {
  const { inventory } = stage().coordinator;
  return [...inventory.documents('operation')]
    .flatMap(({ id }) => inventory.operation(id) ?? [])
    .find(({ action, state }) => action === 'vm.snapshot.delete' && state === 'running');
}
