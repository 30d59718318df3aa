/** What is written is read again as what was given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration, writeVmc, writeVmx, type WritableMachine } from './mod.ts';
import { inUtf16, vmcText } from './testing.ts';

const machine: WritableMachine = {
  name: 'shop "one" | two',
  description: 'first line\nsecond <line> & more',
  guestOs: 'winXPPro',
  memoryBytes: 384 * 1024 * 1024,
  processors: 1,
  coresPerSocket: null,
  firmware: 'bios',
  secureBoot: false,
  uuid: '564d0102-0304-0506-0708-090a0b0c0d0e',
  chassisSerial: null,
  assetTag: 'A-1',
  boardSerial: null,
  scsiModel: 'lsilogic',
  disks: [
    { bus: 'ide', controller: 0, position: 0, files: ['shop-1.vmdk'], undoFiles: [] },
    { bus: 'scsi', controller: 1, position: 3, files: ['shop-2.vmdk'], undoFiles: [] },
  ],
  drives: [
    { bus: 'ide', controller: 1, position: 0, medium: { kind: 'file', file: 'tools.iso' } },
    { bus: 'ide', controller: 1, position: 1, medium: null },
  ],
  floppy: { medium: { kind: 'file', file: 'boot.flp' } },
  adapters: [
    { model: 'vlance', mac: '00:50:56:00:00:07', macOrigin: 'static', network: 'bridged' },
    { model: 'e1000', mac: '00:0c:29:aa:bb:cc', macOrigin: 'generated', network: 'VM Network' },
  ],
  serialPorts: [
    { kind: 'file', file: 'com1.txt' },
    { kind: 'pipe', name: '\\\\.\\pipe\\two' },
  ],
  parallelPort: { kind: 'file', file: 'print.txt' },
  bootOrder: ['cd', 'disk', 'network'],
  onHostStart: null,
  onHostStop: null,
  acceleration3d: false,
  sound: 'sb16',
  usb: '2.0',
  clock: 'utc',
  tpm: false,
  kept: { 'novel.thing': 'of |22 theirs', 'guestinfo.role': 'front' },
};

test('VMX: the limit of a disk in operations is written and read again as ESXi has it', () => {
  const [first, ...others] = machine.disks;
  assert.ok(first !== undefined);
  const disks = [{ ...first, operationsPerSecond: 500 }, ...others];
  const bytes = writeVmx({ ...machine, disks }, 7);
  assert.match(bytes.toString(), /^sched\.ide0:0\.throughputCap = "500"$/m);
  assert.deepEqual(parseConfiguration(bytes, 'a.vmx').disks, disks);
});

test('FMT-20 a VMX is read and written, with disks, adapters and their address types, CD, floppy, serial and parallel ports, sound, USB and display name', () => {
  const bytes = writeVmx(machine, 4);
  const { product, format, lost, savedState, ...read } = parseConfiguration(bytes, 'a.vmx');
  assert.deepEqual([product, format, savedState], ['VMware', 'vmx', []]);
  assert.deepEqual(read, machine);
  assert.deepEqual(lost.map(({ setting }) => setting).sort(), Object.keys(machine.kept).sort());
  const text = bytes.toString();
  for (const line of [
    'displayName = "shop |22one|22 |7C two"',
    'ide0:0.fileName = "shop-1.vmdk"',
    'ethernet0.addressType = "static"',
    'ethernet0.address = "00:50:56:00:00:07"',
    'ethernet1.addressType = "generated"',
    'ethernet1.generatedAddress = "00:0c:29:aa:bb:cc"',
    'ide1:0.deviceType = "cdrom-image"',
    'floppy0.fileName = "boot.flp"',
    'serial0.fileType = "file"',
    'parallel0.fileName = "print.txt"',
    'sound.virtualDev = "sb16"',
    'ehci.present = "TRUE"',
  ])
    assert.ok(text.split('\n').includes(line), `${line} in:\n${text}`);
});

test('FMT-08 a VMC is read from Virtual Server 2005, R2 and Virtual PC 2004 in UTF-8 and UTF-16, and written for those products', () => {
  const written = {
    ...machine,
    name: null,
    usb: null,
    clock: 'localtime',
    scsiModel: 'lsilogic',
  } as const;
  const ofVmc = {
    ...written,
    adapters: machine.adapters.map((one) => ({ ...one, model: 'tulip' })),
    kept: { 'settings/novel/thing[2]/part': 'a < b' },
  };
  for (const [name, product] of [
    ['Microsoft Virtual Server 2005', 'Virtual Server'],
    ['Microsoft Virtual Server 2005 R2', 'Virtual Server'],
    ['Microsoft Virtual PC 2004', 'Virtual PC'],
  ] as const) {
    const theirs = vmcText().replace(
      '<hardware>',
      `<properties><modifier><name type="string">${name}</name></modifier></properties><hardware>`,
    );
    for (const bytes of [Buffer.from(theirs.replace('UTF-16', 'UTF-8')), inUtf16(theirs)]) {
      const { product: found, disks, adapters } = parseConfiguration(bytes, 'old.vmc');
      assert.deepEqual([found, disks.length, adapters[0]?.mac], [product, 1, '00:03:ff:11:22:33']);
    }
    const bytes = writeVmc(ofVmc, name);
    assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xfe], 'UTF-16 with its mark');
    const {
      product: found,
      format,
      lost: _lost,
      savedState,
      ...read
    } = parseConfiguration(bytes, 'a.vmc');
    assert.deepEqual([found, format, savedState], [product, 'vmc', []]);
    const disks = ofVmc.disks.map((disk) => ({ ...disk, files: [disk.files[0], disk.files[0]] }));
    assert.deepEqual(read, { ...ofVmc, disks });
  }
});
