/** Vms of other products, imported from their configurations with the disks beside them, and a drive: real guests boot from each. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AllowedAction, Event, Host, Operation, Vm } from '#api';
import { newGantry, type Gantry } from '../e2e/gantry.ts';
import { SerialPerson } from '../e2e/serial.ts';
import { LoopDrive, withoutLoopDrives } from '../../src/agent/testing/loop-drive.ts';
import { inUtf16, vmcText } from '../../src/foreign/testing.ts';

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
  const plan = await gantry.run(['vm', 'import', file, '--dry-run']);
  assert.equal(plan.code, 0, plan.err);
  assert.match(plan.out, /vm Web Server could be imported/);
  const listed = [
    /firewire TRUE: FireWire \(IEEE 1394\) is not offered/,
    /usb:0 storage: a USB device is not offered/,
    /guestinfo\.role front: nothing here corresponds/,
    /saved-state web\.vmss: it is left out/,
    /network bridged: adapter 0 is in the user-mode network/,
  ];
  for (const line of listed) assert.match(plan.err, line);
  const before = readdirSync(shelf);
  assert.deepEqual((await gantry.json<readonly Vm[]>('vm', 'list')).length, 1);

  const done = await gantry.run(['vm', 'import', file, '--start']);
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

void test('VM-90 a vm of Virtual Server is imported from its VMC and VHD and boots', async () => {
  const file = join(shelf, 'old machine.vmc');
  writeFileSync(file, inUtf16(vmcText()));
  writeFileSync(join(shelf, 'old machine.vsv'), 'state');
  const { code, err } = await gantry.run(['vm', 'import', file, '--name', 'old']);
  assert.equal(code, 0, err);
  for (const line of [
    /ide0:0 undo C:\\Virtual Machines\\old\.vud: changes in an undo disk/,
    /saved-state old machine\.vsv: it is left out/,
    /ide1:0 D:\\: a drive of the other host/,
    /serial_port\[0\] COM1/,
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
