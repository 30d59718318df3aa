/**
 * Vms of other products, imported from their configurations with the disks beside them, and a drive: real guests boot from
 * each. One file because it is one installation, which takes longer than all of the tests.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exportTargets, placeName } from '#api';
import type { AllowedAction, DryRun, Event, Host, Operation, Snapshot, Vm } from '#api';
import { isFault } from '#lib';
import { newGantry, type Gantry } from '../e2e/gantry.ts';
import { SerialPerson } from '../e2e/serial.ts';
import { LoopDrive, withoutLoopDrives } from '../../src/agent/testing/loop-drive.ts';
import { inUtf16, vmcText } from '../../src/foreign/testing.ts';
import { lettersOf, onIde, putDisk, putVmx, readLetters } from './foreign-shelf.ts';

let gantry: Gantry;
let shelf: string;

before(async () => {
  gantry = await newGantry();
  await gantry.must('up', '--yes', '--listen', gantry.listen);
  shelf = `${gantry.data}-shelf`;
  mkdirSync(shelf);
  chmodSync(shelf, 0o755);
  const [host] = await gantry.json<readonly Host[]>('host', 'list');
  await gantry.must('host', 'set', host?.name ?? '', `settings.searchPath=[${shelf}]`);
  await gantry.must('vm', 'turn-off', 'hello', '--yes');
  const { path, definition } = await show('hello');
  const disk = join(path, definition.hardware.disks[0]?.file ?? '');
  await gantry.must('disk', 'convert', disk, join(shelf, 'Web Server.vmdk'));
  await gantry.must('disk', 'convert', disk, join(shelf, 'OLD.VHD'));
  await gantry.must('disk', 'convert', disk, join(shelf, 'drive.img'));
});
after(async () => {
  await gantry[Symbol.asyncDispose]();
  rmSync(shelf, { recursive: true, force: true });
});

const show = (vm: string): Promise<Vm> => gantry.json<Vm>('vm', 'show', vm);

async function untilLogin(vm: string): Promise<void> {
  await using person = await SerialPerson.sit(gantry, vm);
  person.type('\r');
  await person.until(/login:/, 120_000);
}

const vmx = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "16"
displayName = "Web Server"
guestOS = "debian11-64"
memsize = "192"
numvcpus = "1"
uuid.bios = "56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e"
scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "Web Server.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "e1000"
ethernet0.addressType = "static"
ethernet0.address = "00:50:56:00:00:07"
floppy0.present = "FALSE"
firewire.present = "TRUE"
usb.present = "TRUE"
usb:0.deviceType = "storage"
guestinfo.role = "front"
`;

void test('VM-90 HW-27 a vm of VMware is imported from its VMX and VMDK, boots, and what could not be represented is listed before and after', async () => {
  const file = join(shelf, 'web.vmx');
  writeFileSync(file, vmx);
  writeFileSync(join(shelf, 'web.vmss'), 'state');
  const words = ['vm', 'import', file, '--saved-state', 'discard'];
  const plan = await gantry.run([...words, '--dry-run']);
  assert.equal(plan.code, 0, plan.err);
  assert.match(plan.out, /vm Web Server could be imported/);
  const listed = [
    /firewire TRUE: FireWire \(IEEE 1394\) is not offered/,
    /usb:0 storage: a USB device is not offered/,
    /guestinfo\.role front: nothing here corresponds/,
    /saved state \S+web\.vmss, 5 B: a saved state fits no other product/,
    /network bridged: adapter 0 is in the user-mode network/,
  ];
  for (const line of listed) assert.match(plan.err, line);
  const before = readdirSync(shelf);
  assert.deepEqual((await gantry.json<readonly Vm[]>('vm', 'list')).length, 1);

  const done = await gantry.run([...words, '--start']);
  assert.equal(done.code, 0, done.err);
  for (const line of listed) assert.match(done.err, line);
  const vm = await show('Web Server');
  assert.equal(vm.id, '564d0102-0304-0506-0708-090a0b0c0d0e');
  assert.equal(vm.state, 'running');
  assert.equal(vm.definition.hardware.adapters[0]?.mac, '00:50:56:00:00:07');
  assert.deepEqual(vm.definition.extensions, { vmx: { 'guestinfo.role': 'front' } });
  await untilLogin('Web Server');
  assert.deepEqual(readdirSync(shelf), before, 'their files stay as they are');
  const events = await gantry.json<readonly Event[]>(
    'event',
    'list',
    '--filter',
    'name = vm.created',
  );
  const event = events.find(({ target }) => target?.name === 'Web Server');
  assert.equal(event?.attributes['how'], 'imported');
  const [operation] = await gantry.json<readonly Operation[]>(
    'operation',
    'list',
    '--filter',
    'action = vm.import',
  );
  assert.ok(Array.isArray(operation?.result?.['warnings']));
  await gantry.must('vm', 'turn-off', 'Web Server', '--yes');
});

void test('CMP-23 VM-90 a vm of Virtual PC is imported from its VMC and VHD and boots', async () => {
  const file = join(shelf, 'old machine.vmc');
  writeFileSync(file, inUtf16(vmcText()));
  writeFileSync(join(shelf, 'old machine.vsv'), 'state');
  const words = ['vm', 'import', file, '--name', 'old', '--saved-state', 'discard'];
  const { code, err } = await gantry.run(words);
  assert.equal(code, 0, err);
  for (const line of [
    /ide0:0 undo C:\\Virtual Machines\\old\.vud: it is not on this host/,
    /old machine\.vsv, 5 B: a saved state fits no other product/,
    /ide1:0 D:\\: a drive of the other host/,
    /serial port 1 COM1: a port of the other host; it is a serial console/,
    /settings\/novel\/thing kept/,
  ])
    assert.match(err, line);
  const { definition } = await show('old');
  assert.equal(definition.id, '0d0e0f10-1112-1314-1516-171819202122');
  assert.equal(definition.hardware.machine, 'pc');
  assert.equal(definition.hardware.adapters[0]?.mac, '00:03:ff:11:22:33');
  assert.equal(definition.hardware.bios.chassis.serialNumber, 'C-1');
  await gantry.must('vm', 'start', 'old');
  await untilLogin('old');
  await gantry.must('vm', 'turn-off', 'old', '--yes');
});

void test('an import that lacks a disk, or leads out of the folders for vms, changes nothing', async () => {
  const vms = (await gantry.json<readonly Vm[]>('vm', 'list')).length;
  const missing = join(shelf, 'missing.vmx');
  writeFileSync(missing, vmx.replace('"Web Server.vmdk"', '"gone.vmdk"'));
  const one = await gantry.run(['vm', 'import', missing]);
  assert.match(one.err, /the disk scsi0:0, gone\.vmdk, is not on this host/);
  assert.match(one.err, /hint: put it beside the configuration/);
  const outside = join(shelf, 'outside.vmx');
  writeFileSync(outside, vmx.replace('"Web Server.vmdk"', '"/etc/shadow"'));
  assert.match((await gantry.run(['vm', 'import', outside])).err, /is not on this host/);
  const two = await gantry.run(['vm', 'import', '/etc/hostname']);
  assert.match(two.err, /outside of the folders that vms may use/);
  const three = await gantry.run(['vm', 'import', join(shelf, 'Web Server.vmdk')]);
  assert.notEqual(three.code, 0);
  assert.equal((await gantry.json<readonly Vm[]>('vm', 'list')).length, vms);
});

const refused = async (...words: string[]): Promise<string> => {
  const { code, err } = await gantry.run(['vm', 'import', ...words]);
  assert.notEqual(code, 0, err);
  return err;
};
const drop = (vm: string): Promise<string> => gantry.must('vm', 'delete', vm, '--yes');
const beside = (name: string): string => join(shelf, ...name.split('/'));

void test('CMP-01 an import begins with a check that changes nothing and lists what is carried over, adapted, dropped and in the way, each with the remedy', async () => {
  await putDisk(beside('check/a.vmdk'), 'a');
  const file = putVmx(beside('check/checked.vmx'), {
    ...onIde('a.vmdk'),
    displayName: 'checked',
    'scsi0:3.present': 'TRUE',
    'scsi0:3.fileName': 'gone.vmdk',
    'ethernet0.present': 'TRUE',
    'ethernet0.networkName': 'VM Network',
    'firewire.present': 'TRUE',
    memsize: '96',
  });
  const vms = async () =>
    (await gantry.json<readonly Vm[]>('vm', 'list')).map(({ id, version }) => [id, version]);
  const before = [readdirSync(beside('check')), await vms()];
  const { findings = [] } = await gantry.json<DryRun>('vm', 'import', file, '--dry-run');
  const of = (effect: string) => findings.filter((one) => one.effect === effect);
  const told = (effect: string): string =>
    of(effect)
      .map(({ text }) => text)
      .join('\n');
  assert.match(told('carried'), /^name checked$/m);
  assert.match(told('carried'), /^memory 96 MiB$/m);
  assert.match(told('carried'), /^disk ide0:0 \S+a\.vmdk, 4 MiB, vmdk to qcow2$/m);
  assert.match(
    told('adapted'),
    /^network VM Network: adapter 0 is in the user-mode network instead$/m,
  );
  assert.match(told('dropped'), /^firewire TRUE: FireWire \(IEEE 1394\) is not offered/m);
  assert.match(told('blocking'), /^the disk scsi0:3, gone\.vmdk, is not on this host$/m);
  for (const { effect, text, remedy } of findings)
    assert.equal(typeof remedy === 'string' && remedy.length > 5, effect !== 'carried', text);
  const { out, err } = await gantry.run(['vm', 'import', file, '--dry-run']);
  assert.match(out, /vm checked cannot be imported yet/);
  const titles = ['carried over:', 'adapted:', 'dropped:', 'in the way:'].map((title) =>
    err.indexOf(title),
  );
  assert.deepEqual(
    titles,
    titles.toSorted((a, b) => a - b),
    err,
  );
  assert.ok(
    titles.every((at) => at >= 0),
    err,
  );
  assert.match(await refused(file), /cannot import .*gone\.vmdk, is not on this host/);
  assert.deepEqual([readdirSync(beside('check')), await vms()], before);
});

void test('CMP-07 a vm that another product has running or saved is known by its lock or state files and is not taken over', async () => {
  await putDisk(beside('locked/a.vmdk'), 'a');
  const file = putVmx(beside('locked/locked.vmx'), onIde('a.vmdk'));
  mkdirSync(beside('locked/locked.vmx.lck'));
  writeFileSync(beside('locked/locked.vmx.lck/M12345.lck'), 'x');
  assert.match(
    await refused(file, '--start'),
    /locked\.vmx\.lck is locked: the other product has the vm running/,
  );
  rmSync(beside('locked/locked.vmx.lck'), { recursive: true });
  mkdirSync(beside('locked/a.vmdk.lck'));
  writeFileSync(beside('locked/a.vmdk.lck/M54321.lck'), 'x');
  assert.match(await refused(file, '--start'), /a\.vmdk\.lck is locked/);
  rmSync(beside('locked/a.vmdk.lck'), { recursive: true });
  writeFileSync(beside('locked/locked.vmss'), 'state');
  assert.match(
    await refused(file, '--start'),
    /locked\.vmss, 5 B: a saved state fits no other product/,
  );
  await putDisk(beside('locked/old.vhd'), 'a');
  writeFileSync(beside('locked/pc.vmc'), inUtf16(vmcText()));
  writeFileSync(beside('locked/pc.vsv'), 'state');
  assert.match(await refused(beside('locked/pc.vmc'), '--start'), /pc\.vsv, 5 B: a saved state/);
  const names = (await gantry.json<readonly Vm[]>('vm', 'list')).map(({ name }) => name);
  assert.ok(!names.includes('locked') && !names.includes('pc'), names.join());
});

void test('CMP-14 FMT-14 a VMC of Virtual PC or Virtual Server in saved state is taken over once its discarding is agreed to; the state is told with its size and never restored', async () => {
  const server = vmcText().replace(
    '<hardware>',
    `<properties><modifier><name type="string">Microsoft Virtual Server 2005</name></modifier></properties><hardware>`,
  );
  for (const [name, bytes] of [
    ['of-pc', inUtf16(vmcText())],
    ['of-server', Buffer.from(server.replace('UTF-16', 'UTF-8'))],
  ] as const) {
    await putDisk(beside(`${name}/old.vhd`), 'ab');
    const file = beside(`${name}/${name}.vmc`);
    writeFileSync(file, bytes);
    const state = beside(`${name}/${name}.vsv`);
    writeFileSync(state, Buffer.alloc(3 * 1024 * 1024, 'state'));
    const told = await refused(file);
    assert.match(
      told,
      new RegExp(`saved state ${state}, 3 MiB: a saved state fits no other product`),
    );
    assert.match(
      told,
      /resume and shut the vm down there, or import without it: --saved-state discard/,
    );
    await gantry.must('vm', 'import', file, '--saved-state', 'discard', '--taken-addresses', 'new');
    const vm = await show(name);
    assert.equal(vm.state, 'off');
    assert.equal(await lettersOf(gantry, name), 'ab..');
    assert.equal(statSync(state).size, 3 * 1024 * 1024, 'it stays where it is');
    await drop(name);
  }
});

void test('CMP-17 FMT-13 undo disks of a vm are known as layers over its disks, and committed, discarded or put above a snapshot, as is chosen before the vm is there', async () => {
  const undo = beside('undo/old.vud');
  await putDisk(beside('undo/old.vhd'), 'aaa');
  await putDisk(undo, '-b-c', { parent: beside('undo/old.vhd') });
  const file = beside('undo/undone.vmc');
  writeFileSync(file, vmcText());
  const told = await refused(file);
  assert.match(told, new RegExp(`undo disks hold changes: ${undo}, \\d`));
  assert.match(told, /--undo commit .*discard .*snapshot/);
  const take = async (choice: string): Promise<string> => {
    await gantry.must('vm', 'import', file, '--undo', choice, '--taken-addresses', 'new');
    return lettersOf(gantry, 'undone');
  };
  assert.equal(await take('commit'), 'abac');
  await drop('undone');
  assert.equal(await take('discard'), 'aaa.');
  await drop('undone');
  assert.equal(await take('snapshot'), 'abac');
  const [snapshot] = await gantry.json<readonly Snapshot[]>('vm', 'snapshot', 'list', 'undone');
  assert.equal(snapshot?.name, 'before the undo disks');
  await gantry.must('vm', 'snapshot', 'revert', 'undone', 'before the undo disks', '--yes');
  assert.equal(await lettersOf(gantry, 'undone'), 'aaa.');
  await drop('undone');
});

void test('CMP-18 differencing disks are taken over with their parents, and a parent that is missing or was changed is in the way, with its recorded location', async () => {
  const at = (name: string): string => beside(`chain/${name}`);
  await putDisk(at('far/base.vhd'), 'aaaa');
  await putDisk(at('far/middle.vhd'), '-b', { parent: at('far/base.vhd') });
  await putDisk(at('old.vhd'), '--c', { parent: at('far/middle.vhd') });
  const file = at('chained.vmc');
  writeFileSync(file, vmcText());
  const words = [file, '--taken-addresses', 'new'];
  await gantry.must('vm', 'import', ...words);
  assert.equal(await lettersOf(gantry, 'chained'), 'abca');
  await drop('chained');
  // Moved: the recorded locations lead nowhere, the files lie beside the child.
  for (const name of ['base.vhd', 'middle.vhd']) renameSync(at(`far/${name}`), at(name));
  await gantry.must('vm', 'import', ...words);
  assert.equal(await lettersOf(gantry, 'chained'), 'abca');
  await drop('chained');
  renameSync(at('base.vhd'), at('kept'));
  const missing = await refused(...words);
  assert.match(
    missing,
    new RegExp(`parent of ${at('middle.vhd')} is not on this host; it is recorded as .*base\\.vhd`),
  );
  assert.match(missing, new RegExp(`put it into ${at('').replace(/\/$/, '')}`));
  await putDisk(at('base.vhd'), 'zzzz');
  assert.match(
    await refused(...words),
    /the parent of \S+middle\.vhd, recorded as .*base\.vhd.*, was changed or is another disk/,
  );
});

void test('CMP-25 FMT-22 snapshots of a VMX are read with their descriptions and taken over as snapshots, or flattened, as is chosen', async () => {
  const at = (name: string): string => beside(`snaps/${name}`);
  await putDisk(at('s.vmdk'), 'aaaa');
  await putDisk(at('s-000001.vmdk'), '-b', { parent: at('s.vmdk') });
  await putDisk(at('s-000002.vmdk'), '--c', { parent: at('s-000001.vmdk') });
  await putDisk(at('s-000003.vmdk'), 'x', { parent: at('s.vmdk') });
  const file = putVmx(at('snapped.vmx'), onIde('s-000002.vmdk'));
  writeFileSync(
    at('snapped.vmsd'),
    [
      ['.encoding', 'UTF-8'],
      ['snapshot.numSnapshots', '3'],
      ['snapshot.current', '2'],
      ...snapshotLines(
        0,
        { uid: '1', displayName: 'clean', description: 'just|0Ainstalled' },
        's.vmdk',
      ),
      ...snapshotLines(1, { uid: '3', parent: '1', displayName: 'tried' }, 's-000003.vmdk'),
      ...snapshotLines(2, { uid: '2', parent: '1', displayName: 'patched' }, 's-000001.vmdk'),
    ]
      .map(([name, value]) => `${name} = "${value}"\n`)
      .join(''),
  );
  const flat = await gantry.run(['vm', 'import', file]);
  assert.match(flat.err, /snapshots clean, tried, patched: the disks are flattened/);
  assert.equal(await lettersOf(gantry, 'snapped'), 'abca');
  assert.deepEqual(await gantry.json('vm', 'snapshot', 'list', 'snapped'), []);
  await drop('snapped');
  await gantry.must('vm', 'import', file, '--snapshots', 'import');
  assert.equal(await lettersOf(gantry, 'snapped'), 'abca');
  const list = await gantry.json<readonly Snapshot[]>('vm', 'snapshot', 'list', 'snapped');
  const nameOf = new Map(list.map(({ id, name }) => [id, name]));
  assert.deepEqual(
    list.map(({ name, parent, present }) => [name, parent && nameOf.get(parent), present]),
    [
      ['clean', null, false],
      ['tried', 'clean', false],
      ['patched', 'clean', true],
    ],
  );
  assert.match(list[0]?.description ?? '', /^just\ninstalled\ntaken there at 2023-/);
  for (const [name, letters] of [
    ['tried', 'xaaa'],
    ['clean', 'aaaa'],
    ['patched', 'abaa'],
  ] as const) {
    await gantry.must('vm', 'snapshot', 'revert', 'snapped', name, '--yes');
    assert.equal(await lettersOf(gantry, 'snapped'), letters, name);
  }
  await drop('snapped');
});

function snapshotLines(
  index: number,
  facts: Readonly<Record<string, string>>,
  file: string,
): readonly (readonly [string, string])[] {
  const all = { ...facts, createTimeHigh: '391600', createTimeLow: '-5', numDisks: '1' };
  return [
    ...Object.entries(all),
    ['disk0.fileName', file] as const,
    ['disk0.node', 'ide0:0'] as const,
  ].map(([name, value]) => [`snapshot${index}.${name}`, value] as const);
}

void test('CMP-26 a vm from Fusion gets disks, adapters and snapshots', async () => {
  await putDisk(beside('Mac.vmwarevm/Mac.vmdk'), 'm');
  const file = putVmx(beside('Mac.vmwarevm/Mac.vmx'), {
    ...onIde('Mac.vmdk'),
    displayName: 'from-mac',
    'virtualHW.productCompatibility': 'hosted',
    'proxyApps.publishToHost': 'FALSE',
  });
  await gantry.must('vm', 'import', file);
  await gantry.must('vm', 'attach-disk', 'from-mac', '--new', '8M', '--bus', 'ide');
  await gantry.must('vm', 'attach-adapter', 'from-mac', '--network', 'user');
  await gantry.must('vm', 'snapshot', 'take', 'from-mac', 'first');
  const { definition } = await show('from-mac');
  assert.deepEqual([definition.hardware.disks.length, definition.hardware.adapters.length], [2, 1]);
  assert.equal(
    (await gantry.json<readonly Snapshot[]>('vm', 'snapshot', 'list', 'from-mac')).length,
    1,
  );
  await drop('from-mac');
});

void test('CMP-35 an address that another vm has is given to no second one, and an import that would repeat it asks for keep or new', async () => {
  const mac = '00:0c:29:00:35:01';
  await gantry.must('vm', 'create', 'first-one', '--memory', '64M');
  await gantry.must('vm', 'attach-adapter', 'first-one', '--network', 'user', '--mac', mac);
  await gantry.must('vm', 'create', 'other-one', '--memory', '64M');
  const again = await gantry.run([
    'vm',
    'attach-adapter',
    'other-one',
    '--network',
    'user',
    '--mac',
    mac,
  ]);
  assert.match(again.err, /first-one has the MAC address 00:0c:29:00:35:01/);
  await putDisk(beside('twin/a.vmdk'), 'a');
  const file = putVmx(beside('twin/twin.vmx'), {
    ...onIde('a.vmdk'),
    'ethernet0.present': 'TRUE',
    'ethernet0.addressType': 'generated',
    'ethernet0.generatedAddress': mac,
  });
  const told = await refused(file);
  assert.match(told, /adapter 0 has the MAC address 00:0c:29:00:35:01, which first-one has/);
  assert.match(told, /choose: --taken-addresses keep, or new/);
  const macOf = async (choice: string): Promise<string | undefined> => {
    await gantry.must('vm', 'import', file, '--taken-addresses', choice);
    const { definition } = await show('twin');
    await drop('twin');
    return definition.hardware.adapters[0]?.mac;
  };
  assert.equal(await macOf('keep'), mac);
  assert.match((await macOf('new')) ?? '', /^52:47:59:/);
  for (const vm of ['first-one', 'other-one']) await drop(vm);
});

void test('CMP-08 CMP-36 FMT-06 a vm that was exported as VMX or VMC and imported again has the same disks, adapters and addresses, static and generated ones as such, and what nobody here knows', async () => {
  const at = (name: string): string => beside(`round/${name}`);
  await putDisk(at('a.vmdk'), 'ab');
  await putDisk(at('b.vmdk'), 'cd');
  const file = putVmx(at('rounded.vmx'), {
    ...onIde('a.vmdk'),
    'scsi0.present': 'TRUE',
    'scsi0:2.present': 'TRUE',
    'scsi0:2.fileName': 'b.vmdk',
    'ethernet0.present': 'TRUE',
    'ethernet0.virtualDev': 'e1000',
    'ethernet0.addressType': 'static',
    'ethernet0.address': '00:50:56:00:36:01',
    'ethernet1.present': 'TRUE',
    'ethernet1.virtualDev': 'e1000',
    'ethernet1.addressType': 'generated',
    'ethernet1.generatedAddress': '00:0c:29:00:36:02',
    'guestinfo.role': 'front',
  });
  const facts = async (name: string): Promise<unknown> => {
    const { hardware } = (await show(name)).definition;
    return {
      disks: hardware.disks.map(placeName),
      letters: [await lettersOf(gantry, name), await lettersOf(gantry, name, 1)],
      macs: hardware.adapters.map(({ mac, macMode }) => [mac, macMode]),
    };
  };
  const expected = {
    disks: ['ide0:0', 'scsi0:2'],
    letters: ['ab..', 'cd..'],
    macs: [
      ['00:50:56:00:36:01', 'static'],
      ['00:0c:29:00:36:02', 'dynamic'],
    ],
  };
  await gantry.must('vm', 'import', file, '--name', 'rounded');
  assert.deepEqual(await facts('rounded'), expected);
  const exportAs = async (as: string, folder: string): Promise<void> => {
    await gantry.must('vm', 'export', 'rounded', '--as', as, '--path', at(folder));
    await drop('rounded');
  };
  await exportAs('vmware-workstation', 'out');
  assert.deepEqual(readdirSync(at('out')).sort(), [
    'rounded-ide0-0.vmdk',
    'rounded-scsi0-2.vmdk',
    'rounded.vmx',
  ]);
  const text = readFileSync(at('out/rounded.vmx'), 'utf8');
  for (const line of [
    'ethernet0.addressType = "static"',
    'ethernet0.address = "00:50:56:00:36:01"',
    'ethernet1.addressType = "generated"',
    'ethernet1.generatedAddress = "00:0c:29:00:36:02"',
    'guestinfo.role = "front"',
  ])
    assert.ok(text.includes(`${line}\n`), text);
  assert.equal(await readLetters(at('out/rounded-ide0-0.vmdk')), 'ab..');
  await gantry.must('vm', 'import', at('out/rounded.vmx'));
  assert.deepEqual(await facts('rounded'), expected);
  const copy = await gantry.must(
    'vm',
    'import',
    at('out/rounded.vmx'),
    '--origin',
    'copied',
    '--taken-addresses',
    'keep',
    '--name',
    'twin',
  );
  assert.match(copy, /twin/);
  const macs = (await show('twin')).definition.hardware.adapters.map(({ mac }) => mac);
  assert.equal(macs[0], '00:50:56:00:36:01');
  assert.match(macs[1] ?? '', /^52:47:59:/, 'made anew for a copy');
  await drop('twin');
  await exportAs('virtual-server-2005', 'out-vmc');
  assert.equal(await readLetters(at('out-vmc/rounded-scsi0-2.vhd')), 'cd..');
  await gantry.must('vm', 'import', at('out-vmc/rounded.vmc'));
  assert.deepEqual(await facts('rounded'), expected);
  const again = await gantry.run([
    'vm',
    'export',
    'rounded',
    '--as',
    'vmware-esx',
    '--path',
    at('out'),
  ]);
  assert.match(again.err, /cannot make the folder .*out/);
  assert.match(again.err, /name one that does not exist/);
  await drop('rounded');
});

void test('CMP-05 a vm is checked against the limits of each product before anything is written, and what fits is written with its disks', async () => {
  await gantry.must(
    'vm',
    'create',
    'leaving',
    '--profile',
    'classic',
    '--memory',
    '5G',
    '--disk',
    '1G',
  );
  const out = (as: string): string => beside(`leaving-${as}`);
  const exporting = (as: string) =>
    gantry.run(['vm', 'export', 'leaving', '--as', as, '--path', out(as)]);
  const client = gantry.client();
  const narrow: readonly string[] = ['virtual-pc-2004', 'virtual-server-2005', 'vmware-server'];
  for (const as of exportTargets) {
    const body = { as, path: out(as), moveToIde: false } as const;
    const { findings = [] } = await client.dryRun('vm.hand-out', {
      params: { vm: 'leaving' },
      body,
    });
    const blocking = findings.filter(({ effect }) => effect === 'blocking');
    const told = blocking.map(({ text }) => text).join('; ');
    assert.equal(
      /has at most 3\.[56] GiB memory, the vm has 5 GiB/.test(told),
      narrow.includes(as),
      as,
    );
    assert.equal(blocking.length, narrow.includes(as) ? 1 : 0, told);
    if (blocking.length === 0) continue;
    const request = { params: { vm: 'leaving' }, body };
    await assert.rejects(client.call('vm.hand-out', request), (error) => isFault(error, 'blocked'));
  }
  assert.match((await exporting('vmware-server')).err, /cannot export leaving for VMware Server/);
  for (const as of exportTargets) assert.equal(existsSync(out(as)), false, 'nothing was written');
  for (const as of ['hyper-v', 'libvirt']) assert.equal((await exporting(as)).code, 0, as);
  assert.deepEqual(readdirSync(out('hyper-v')).sort(), ['leaving-ide0-0.vhdx', 'leaving.ps1']);
  assert.match(
    readFileSync(`${out('hyper-v')}/leaving.ps1`, 'utf8'),
    /New-VM -Name 'leaving' -Generation 1/,
  );
  const path = `${out('libvirt')}/leaving.xml`;
  assert.ok(
    readFileSync(path, 'utf8').includes(`<source file='${out('libvirt')}/leaving-ide0-0.qcow2'/>`),
  );
  // libvirt's driver for tests takes whatever keeps to its schema.
  const judged = spawnSync('virsh', ['-c', 'test:///default', 'define', '--validate', path]);
  if (judged.error === undefined) assert.equal(judged.status, 0, judged.stderr.toString());
  for (const [as, format] of [
    ['hyper-v', 'vhdx'],
    ['libvirt', 'qcow2'],
  ] as const)
    execFileSync('qemu-img', ['check', '-q', '-f', format, `${out(as)}/leaving-ide0-0.${format}`]);
  await drop('leaving');
});

void test('CMP-15 the export of a vm with a saved state offers to resume and shut it down, or to go without the state, which is written for nobody', async () => {
  await gantry.must('vm', 'create', 'saver', '--memory', '64M');
  await gantry.must('vm', 'start', 'saver');
  await gantry.must('vm', 'save', 'saver');
  const path = beside('saver-out');
  const words = ['vm', 'export', 'saver', '--as', 'vmware-player', '--path', path, '--move-to-ide'];
  const { code, err } = await gantry.run(words);
  assert.notEqual(code, 0);
  assert.match(
    err,
    /saver is saved: a saved state fits no other product and is never written for one/,
  );
  assert.match(
    err,
    /resume and shut it down: gantry vm restore saver; or export it without: --saved-state discard/,
  );
  await gantry.must(...words, '--saved-state', 'discard');
  assert.deepEqual(readdirSync(path), ['saver.vmx']);
  assert.equal((await show('saver')).state, 'saved');
  await gantry.must('vm', 'discard', 'saver', '--yes');
  await drop('saver');
});

void test('CMP-22 vms made by Workstation, Player, Server (GSX), ESX and Fusion are imported from VMX and VMDK alike', async () => {
  const made = [
    [
      'Workstation',
      'twoGbMaxExtentSparse',
      { 'virtualHW.version': '7', 'scsi0.virtualDev': 'lsilogic' },
    ],
    [
      'Player',
      'monolithicSparse',
      { 'virtualHW.version': '10', 'virtualHW.productCompatibility': 'hosted' },
    ],
    [
      'GSX',
      'twoGbMaxExtentFlat',
      { 'virtualHW.version': '3', autostart: 'poweron', autostop: 'softpoweroff' },
    ],
    [
      'ESX',
      'monolithicFlat',
      { 'virtualHW.version': '7', 'sched.cpu.units': 'mhz', 'scsi0.virtualDev': 'lsilogic' },
    ],
    [
      'Fusion',
      'monolithicSparse',
      { 'virtualHW.version': '4', 'proxyApps.publishToHost': 'FALSE' },
    ],
  ] as const;
  for (const [product, variant, settings] of made) {
    const vmdk = beside(`by-${product}/${product}.vmdk`);
    await putDisk(vmdk, 'ab-c', { variant });
    // The descriptor of ESX calls a flat file one on its own file system.
    if (product === 'ESX') {
      const text = readFileSync(vmdk, 'utf8');
      const theirs = text
        .replace('"monolithicFlat"', '"vmfs"')
        .replace(' FLAT ', ' VMFS ')
        .replace(/(-flat\.vmdk") 0/, '$1');
      assert.notEqual(theirs, text);
      writeFileSync(vmdk, theirs);
    }
    const file = putVmx(beside(`by-${product}/${product}.vmx`), {
      'scsi0.present': 'TRUE',
      'scsi0:0.present': 'TRUE',
      'scsi0:0.fileName': `${product}.vmdk`,
      'ethernet0.present': 'TRUE',
      displayName: `by ${product}`,
      ...settings,
    });
    await gantry.must('vm', 'import', file);
    const { definition } = await show(`by ${product}`);
    assert.deepEqual(definition.hardware.disks.map(placeName), ['scsi0:0'], product);
    assert.equal(await lettersOf(gantry, `by ${product}`), 'ab.c', product);
    if (product === 'GSX') assert.equal(definition.settings.start.onHostStart, 'always');
    await drop(`by ${product}`);
  }
});

void test('VM-68 DISK-14 DISK-40 a vm with a linked disk is not started until the drive has been copied into a virtual disk, and boots from that', async (t) => {
  if (withoutLoopDrives !== false) return t.skip(withoutLoopDrives);
  using drive = new LoopDrive(join(shelf, 'drive.img'));
  await gantry.must('vm', 'create', 'p2v', '--memory', '192M');
  await gantry.must('vm', 'attach-disk', 'p2v', '--linked', drive.device, '--bus', 'sata');
  const place = 'sata0:1';
  const [linked] = (await show('p2v')).definition.hardware.disks;
  assert.deepEqual([linked?.kind, linked?.file], ['linked', drive.device]);
  const { code, err } = await gantry.run(['vm', 'start', 'p2v']);
  assert.notEqual(code, 0);
  assert.match(err, /p2v has a linked disk at sata0:1, which serves only for conversion/);
  assert.match(err, /hint: convert it with: \S*gantry vm convert-disk/);
  const actions = await gantry.json<readonly AllowedAction[]>('vm', 'actions', 'p2v');
  const start = actions.find(({ action }) => action === 'turn-on');
  assert.match(start?.reason ?? '', /linked disk/);
  const check = await gantry.run(['vm', 'check', 'p2v']);
  assert.match(check.out, /the linked disk at sata0:1 serves only for conversion/);
  await gantry.must('vm', 'convert-disk', 'p2v', place);
  const [disk] = (await show('p2v')).definition.hardware.disks;
  assert.deepEqual([disk?.kind, disk?.file], [undefined, 'p2v-sata0-1.qcow2']);
  await gantry.must('vm', 'start', 'p2v');
  await untilLogin('p2v');
  await gantry.must('vm', 'turn-off', 'p2v', '--yes');
});

void test('DISK-03 DISK-04 DISK-06 a place of a vm has a new disk, one that is there, a copy of a VMDK, or none', async () => {
  await gantry.must('vm', 'create', 'store', '--memory', '192M');
  const attach = (...words: string[]): Promise<string> =>
    gantry.must('vm', 'attach-disk', 'store', ...words);
  const vmdk = join(shelf, 'Web Server.vmdk');
  await attach('--import', vmdk, '--bus', 'sata', '--position', '1');
  await attach('--new', '16M', '--fixed', '--bus', 'sata', '--position', '2');
  const image = join(shelf, 'drive.img');
  await attach(
    '--file',
    image,
    '--format',
    'raw',
    '--read-only',
    '--bus',
    'virtio',
    '--position',
    '3',
  );
  const { path, definition } = await show('store');
  const files = definition.hardware.disks.map(({ position, file, format }) => [
    position,
    file,
    format,
  ]);
  assert.deepEqual(files, [
    [1, 'store-sata0-1.qcow2', 'qcow2'],
    [2, 'store-sata0-2.raw', 'raw'],
    [3, image, 'raw'],
  ]);
  await gantry.must('disk', 'compare', vmdk, join(path, 'store-sata0-1.qcow2'));
  const { size, blocks } = statSync(join(path, 'store-sata0-2.raw'));
  assert.deepEqual([size, blocks * 512 >= size], [16 * 1024 ** 2, true]);
  await gantry.must('vm', 'start', 'store');
  await gantry.must('vm', 'turn-off', 'store', '--yes');
  await gantry.must('vm', 'detach-disk', 'store', 'sata0:2');
  const left = (await show('store')).definition.hardware.disks.map(({ position }) => position);
  assert.deepEqual(left, [1, 3]);
  for (const [file, why] of [
    [join(path, 'store-sata0-1.qcow2'), /is a disk of a vm here/],
    ['/etc/hostname', /outside of the folders that vms may use/],
  ] as const) {
    const refused = await gantry.run(['vm', 'attach-disk', 'store', '--import', file]);
    assert.match(refused.err, why);
  }
});
