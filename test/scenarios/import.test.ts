/** Vms of other products, imported from their configurations with the disks beside them, and a drive: real guests boot from each. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { miB } from '#lib';
import type { AllowedAction, Event, HostUpload, Operation, Vm } from '#api';
import { SerialPerson } from '../e2e/serial.ts';
import { LoopDrive, withoutLoopDrives } from '../../src/agent/testing/loop-drive.ts';
import { inUtf16, vmcText } from '../../src/foreign/testing.ts';
import { ImportRoom } from './import-room.ts';

let room: ImportRoom;
before(async () => {
  room = await ImportRoom.open();
  for (const name of ['Web Server.vmdk', 'OLD.VHD', 'drive.img'])
    await room.gantry.must('disk', 'convert', room.shelf.starter, room.beside(name));
});
after(() => room[Symbol.asyncDispose]());

async function untilLogin(vm: string): Promise<void> {
  await using person = await SerialPerson.sit(room.gantry, vm);
  person.type('\r');
  await person.until(/login:/);
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
  const file = room.beside('web.vmx');
  writeFileSync(file, vmx);
  writeFileSync(room.beside('web.vmss'), 'state');
  const words = ['vm', 'import', file, '--saved-state', 'discard'];
  const plan = await room.gantry.run([...words, '--dry-run']);
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
  const before = readdirSync(room.shelf.path);
  assert.deepEqual(await room.gantry.json<readonly Vm[]>('vm', 'list'), []);

  const done = await room.gantry.run([...words, '--start']);
  assert.equal(done.code, 0, done.err);
  for (const line of listed) assert.match(done.err, line);
  const vm = await room.show('Web Server');
  assert.equal(vm.id, '564d0102-0304-0506-0708-090a0b0c0d0e');
  assert.equal(vm.state, 'running');
  assert.equal(vm.definition.hardware.adapters[0]?.mac, '00:50:56:00:00:07');
  assert.deepEqual(vm.definition.extensions, { vmx: { 'guestinfo.role': 'front' } });
  await untilLogin('Web Server');
  assert.deepEqual(readdirSync(room.shelf.path), before, 'their files stay as they are');
  const events = await room.gantry.json<readonly Event[]>(
    'event',
    'list',
    '--filter',
    'name = vm.created',
  );
  const event = events.find(({ target }) => target?.name === 'Web Server');
  assert.equal(event?.attributes['how'], 'imported');
  const [operation] = await room.gantry.json<readonly Operation[]>(
    'operation',
    'list',
    '--filter',
    'action = vm.import',
  );
  assert.ok(Array.isArray(operation?.result?.['warnings']));
  await room.gantry.must('vm', 'turn-off', 'Web Server', '--yes');
});

void test('CMP-23 VM-90 a vm of Virtual PC is imported from its VMC and VHD and boots', async () => {
  const file = room.beside('old machine.vmc');
  writeFileSync(file, inUtf16(vmcText()));
  writeFileSync(room.beside('old machine.vsv'), 'state');
  const words = ['vm', 'import', file, '--name', 'old', '--saved-state', 'discard'];
  const { code, err } = await room.gantry.run(words);
  assert.equal(code, 0, err);
  for (const line of [
    /ide0:0 undo C:\\Virtual Machines\\old\.vud: it is not on this host/,
    /old machine\.vsv, 5 B: a saved state fits no other product/,
    /ide1:0 D:\\: a drive of the other host/,
    /serial port 1 COM1: a port of the other host; it is a serial console/,
    /settings\/novel\/thing kept/,
  ])
    assert.match(err, line);
  const { definition } = await room.show('old');
  assert.equal(definition.id, '0d0e0f10-1112-1314-1516-171819202122');
  assert.equal(definition.hardware.machine, 'pc');
  assert.equal(definition.hardware.adapters[0]?.mac, '00:03:ff:11:22:33');
  assert.equal(definition.hardware.bios.chassis.serialNumber, 'C-1');
  await room.gantry.must('vm', 'start', 'old');
  await untilLogin('old');
  await room.gantry.must('vm', 'turn-off', 'old', '--yes');
});

/** What each configuration names, how it is packed where it lies, and what of this machine is sent. */
const packed = [
  ['vmx', 'small.vmdk', 'zip', 'tar.gz'],
  ['vmc', 'OLD.VHD', 'tar.xz', 'zip'],
] as const;

function pack(suffix: 'zip' | 'tar.gz' | 'tar.xz', archive: string, folder: string): void {
  const words = {
    zip: ['python3', '-m', 'zipfile', '-c', archive, basename(folder)],
    'tar.gz': ['tar', '-czf', archive, basename(folder)],
    'tar.xz': ['tar', '-cJf', archive, basename(folder)],
  } as const;
  const [command, ...rest] = words[suffix];
  execFileSync(command, rest, { cwd: dirname(folder) });
}

/** Below the path, all files with what is in them, and when they were changed. */
function contents(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `${file} ${sum} ${statSync(file).mtimeMs} ${statSync(file).mode}`;
    })
    .sort();
}

for (const [kind, disk, onHost, sent] of packed)
  void test(`CMP-02 a .${kind} is imported with its disks from its folder, from an archive and by an upload, and the originals stay unchanged`, async () => {
    const { gantry } = room;
    const folder = room.beside(`of-${kind}`);
    mkdirSync(folder);
    const raw = room.beside(`${kind}.raw`);
    writeFileSync(raw, Buffer.concat([randomBytes(miB), Buffer.alloc(6 * miB), randomBytes(miB)]));
    await gantry.must('disk', 'convert', raw, join(folder, disk));
    const text = vmx.replace('Web Server.vmdk', disk);
    writeFileSync(join(folder, `small.${kind}`), kind === 'vmx' ? text : inUtf16(vmcText()));
    pack(onHost, room.beside(`${kind}.${onHost}`), folder);
    const here = mkdtempSync(join(tmpdir(), 'sent-'));
    const archive = join(here, `${kind}-sent.${sent}`);
    pack(sent, archive, folder);
    const before = [...contents(room.shelf.path), ...contents(here)];
    let vms = '';
    for (const [name, ...words] of [
      ['in-folder', folder],
      ['in-archive', room.beside(`${kind}.${onHost}`)],
      ['by-upload', archive, '--upload'],
    ] as const) {
      await gantry.must('vm', 'import', ...words, '--name', name, '--taken-addresses', 'new');
      const { path, definition } = await room.show(name);
      vms = dirname(path);
      const [taken] = definition.hardware.disks;
      await gantry.must('disk', 'compare', join(folder, disk), join(path, taken?.file ?? ''));
      assert.equal(definition.hardware.memory.sizeBytes, (kind === 'vmx' ? 192 : 256) * miB);
      assert.deepEqual([...contents(room.shelf.path), ...contents(here)], before, name);
      await room.drop(name);
    }
    assert.deepEqual(
      readdirSync(vms).filter((name) => name.includes(`${kind}-sent`)),
      [],
    );
    rmSync(here, { recursive: true });
  });

void test('an archive is imported by one operation; one that is blocked leaves nothing, and what was sent for it is not sent again', async () => {
  const { gantry } = room;
  const folder = room.beside('choosy');
  mkdirSync(folder);
  await gantry.must('disk', 'convert', room.beside('vmx.raw'), join(folder, 'small.vmdk'));
  writeFileSync(join(folder, 'choosy.vmx'), vmx.replace('Web Server.vmdk', 'small.vmdk'));
  writeFileSync(join(folder, 'choosy.vmss'), 'state');
  const here = mkdtempSync(join(tmpdir(), 'sent-'));
  const archive = join(here, 'choosy.tar.gz');
  pack('tar.gz', archive, folder);
  const { items } = await gantry.client().call('host.list', { query: {} });
  const host = items[0]?.name ?? '';
  const words = ['vm', 'import', archive, '--upload', '--name', 'choosy', '--host', host];
  const uploads = (): Promise<readonly HostUpload[]> =>
    gantry.json<readonly HostUpload[]>('host', 'uploads', host);
  const first = await gantry.run([...words, '--taken-addresses', 'new']);
  assert.match(first.err, /saved state \S+choosy\.vmss, 5 B: a saved state fits no other product/);
  assert.match(first.err, /what was sent is kept on the host for a day/);
  const [kept, ...others] = await uploads();
  assert.deepEqual([kept?.receivedBytes, others], [kept?.sizeBytes, []]);
  const names = (): string[] => readdirSync(dirname(kept?.file ?? ''));
  assert.deepEqual(
    names().filter((name) => name.startsWith('choosy')),
    [],
  );
  const again = ['--taken-addresses', 'new', '--saved-state', 'discard', '--debug'];
  const second = await gantry.run([...words, ...again]);
  assert.equal(second.code, 0, second.err);
  assert.doesNotMatch(second.err, /PATCH/);
  assert.match(second.out, /vm choosy was imported/);
  assert.deepEqual(await uploads(), []);
  assert.deepEqual(
    names().filter((name) => name.includes('choosy')),
    ['choosy'],
  );
  const operations = await gantry.json<readonly Operation[]>(
    'operation',
    'list',
    '--filter',
    'action = vm.import-archive',
  );
  const mine = operations.filter(({ result }) => result?.['name'] === 'choosy');
  assert.equal(mine.length, 1);
  assert.deepEqual(
    mine[0]?.steps.map(({ name, state }) => [name, state]),
    [
      ['unpack', 'done'],
      ['import', 'done'],
      ['tidy', 'done'],
    ],
  );
  await room.drop('choosy');
  rmSync(here, { recursive: true });
});

void test('an import that lacks a disk, or leads out of the folders for vms, changes nothing', async () => {
  const vms = (await room.gantry.json<readonly Vm[]>('vm', 'list')).length;
  const missing = room.beside('missing.vmx');
  writeFileSync(missing, vmx.replace('"Web Server.vmdk"', '"gone.vmdk"'));
  const one = await room.gantry.run(['vm', 'import', missing]);
  assert.match(one.err, /the disk scsi0:0, gone\.vmdk, is not on this host/);
  assert.match(one.err, /hint: put it beside the configuration/);
  const outside = room.beside('outside.vmx');
  writeFileSync(outside, vmx.replace('"Web Server.vmdk"', '"/etc/shadow"'));
  assert.match((await room.gantry.run(['vm', 'import', outside])).err, /is not on this host/);
  const two = await room.gantry.run(['vm', 'import', '/etc/hostname']);
  assert.match(two.err, /outside of the folders that vms may use/);
  const three = await room.gantry.run(['vm', 'import', room.beside('Web Server.vmdk')]);
  assert.notEqual(three.code, 0);
  assert.equal((await room.gantry.json<readonly Vm[]>('vm', 'list')).length, vms);
});

void test('VM-68 DISK-14 DISK-40 FMT-12 a linked disk is recognised, and a vm with one is not started until the drive has been copied into a virtual disk, and boots from that', async (t) => {
  if (withoutLoopDrives !== false) return t.skip(withoutLoopDrives);
  // The file of Virtual Server that points to a drive: of a type that the specification of VHD reserves.
  const pointer = room.beside('pointer.vhd');
  await room.gantry.must('disk', 'create', pointer, '1M', '--format', 'vhd', '--type', 'fixed');
  const bytes = readFileSync(pointer);
  const footer = bytes.subarray(bytes.length - 512);
  footer.writeUInt32BE(5, 60);
  footer.writeUInt32BE(0, 64);
  footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
  writeFileSync(pointer, bytes);
  const told = await room.gantry.run(['disk', 'info', pointer]);
  assert.match(told.err, /as of a linked disk, which points to a physical drive/);
  assert.match(told.err, /hint: convert the drive itself, on the host that has it: attach it as a/);
  using drive = new LoopDrive(room.beside('drive.img'));
  await room.gantry.must('vm', 'create', 'p2v', '--memory', '192M');
  await room.gantry.must('vm', 'attach-disk', 'p2v', '--linked', drive.device, '--bus', 'sata');
  const place = 'sata0:1';
  const [linked] = (await room.show('p2v')).definition.hardware.disks;
  assert.deepEqual([linked?.kind, linked?.file], ['linked', drive.device]);
  const { code, err } = await room.gantry.run(['vm', 'start', 'p2v']);
  assert.notEqual(code, 0);
  assert.match(err, /p2v has a linked disk at sata0:1, which serves only for conversion/);
  assert.match(err, /hint: convert it with: \S*gantry vm convert-disk/);
  const actions = await room.gantry.json<readonly AllowedAction[]>('vm', 'actions', 'p2v');
  const start = actions.find(({ action }) => action === 'turn-on');
  assert.match(start?.reason ?? '', /linked disk/);
  const check = await room.gantry.run(['vm', 'check', 'p2v']);
  assert.match(check.out, /the linked disk at sata0:1 serves only for conversion/);
  await room.gantry.must('vm', 'convert-disk', 'p2v', place);
  const [disk] = (await room.show('p2v')).definition.hardware.disks;
  assert.deepEqual([disk?.kind, disk?.file], [undefined, 'p2v-sata0-1.qcow2']);
  await room.gantry.must('vm', 'start', 'p2v');
  await untilLogin('p2v');
  await room.gantry.must('vm', 'turn-off', 'p2v', '--yes');
});

void test('DISK-03 DISK-04 DISK-06 a place of a vm has a new disk, one that is there, a copy of a VMDK, or none', async () => {
  await room.gantry.must('vm', 'create', 'store', '--memory', '192M');
  const attach = (...words: string[]): Promise<string> =>
    room.gantry.must('vm', 'attach-disk', 'store', ...words);
  const vmdk = room.beside('Web Server.vmdk');
  const words = ['--import', vmdk, '--bus', 'sata', '--position', '1'];
  for (const more of [['--dry-run'], []]) {
    const { code, err } = await room.gantry.run(['vm', 'attach-disk', 'store', ...words, ...more]);
    assert.match(
      err,
      /warning: .*Web Server\.vmdk has an installed system: a vm that runs from it/,
    );
    assert.equal(code, 0, err);
  }
  const { host } = await room.show('store');
  const told = await room.gantry.must('host', 'disk', host, vmdk);
  assert.match(told, /^holds +an installed system$/m);
  await attach('--new', '16M', '--fixed', '--bus', 'sata', '--position', '2');
  const image = room.beside('drive.img');
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
  const { path, definition } = await room.show('store');
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
  await room.gantry.must('disk', 'compare', vmdk, join(path, 'store-sata0-1.qcow2'));
  const { size, blocks } = statSync(join(path, 'store-sata0-2.raw'));
  assert.deepEqual([size, blocks * 512 >= size], [16 * 1024 ** 2, true]);
  await room.gantry.must('vm', 'start', 'store');
  await room.gantry.must('vm', 'turn-off', 'store', '--yes');
  await room.gantry.must('vm', 'detach-disk', 'store', 'sata0:2');
  const left = (await room.show('store')).definition.hardware.disks.map(({ position }) => position);
  assert.deepEqual(left, [1, 3]);
  for (const [file, why] of [
    [join(path, 'store-sata0-1.qcow2'), /is a disk of a vm here/],
    ['/etc/hostname', /outside of the folders that vms may use/],
  ] as const) {
    const refused = await room.gantry.run(['vm', 'attach-disk', 'store', '--import', file]);
    assert.match(refused.err, why);
  }
});
