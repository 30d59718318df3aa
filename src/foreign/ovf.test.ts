import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, isFault } from '#lib';
import {
  parseConfiguration,
  parseManifest,
  parseSignature,
  writeManifest,
  writeOvf,
  writeSignature,
  type ForeignMachine,
  type WritableMachine,
} from './mod.ts';
import { virtualBoxOvfText, vmwareOvfText } from './testing.ts';

const parse = (text: string): ForeignMachine => parseConfiguration(Buffer.from(text), 'a.ovf');
const refuses = (text: string, code: 'invalid' | 'unsupported', words: RegExp): void => {
  assert.throws(
    () => parse(text),
    (error) => isFault(error, code) && words.test((error.cause as Fault).message),
  );
};

test('OVF of VMware: devices at their controllers, the size that is the default, and what has no place here is told', () => {
  const { lost, kept, ...machine } = parse(vmwareOvfText);
  assert.deepEqual(machine, {
    product: 'VMware',
    format: 'ovf',
    name: 'shop & more',
    description: 'first line\nsecond line',
    guestOs: 'ubuntu64Guest',
    memoryBytes: 768 * 1024 * 1024,
    processors: 4,
    coresPerSocket: 2,
    firmware: 'uefi',
    secureBoot: true,
    uuid: null,
    chassisSerial: null,
    assetTag: null,
    boardSerial: null,
    scsiModel: 'pvscsi',
    disks: [{ bus: 'scsi', controller: 0, position: 0, files: ['shop-disk1.vmdk'], undoFiles: [] }],
    drives: [
      { bus: 'ide', controller: 1, position: 0, medium: { kind: 'file', file: 'tools.iso' } },
    ],
    floppy: undefined,
    adapters: [
      { model: 'vmxnet3', mac: null, macOrigin: 'static', network: 'VM Network' },
      { model: 'vlance', mac: '00:50:56:00:00:07', macOrigin: 'static', network: null },
    ],
    serialPorts: [{ kind: 'none' }],
    parallelPort: null,
    bootOrder: null,
    onHostStart: null,
    onHostStop: null,
    acceleration3d: false,
    savedState: [],
    sound: 'hda',
    usb: '3',
    clock: 'utc',
    tpm: false,
  });
  assert.deepEqual(
    lost.map(({ setting, value }) => [setting, value]),
    [
      ['17 Hard disk 2', '20 x byte * 2^30'],
      ['licence', 'you agree'],
      ['property hostname', 'shop'],
      ['property secret', ''],
      ['1 Some card', 'vmware.pcipassthrough'],
      ['cpuHotAddEnabled', 'true'],
    ],
  );
  assert.deepEqual(kept, { cpuHotAddEnabled: 'true' });
});

test('OVF 2.0 of VirtualBox: storage and network items, its own firmware and identity', () => {
  const machine = parse(virtualBoxOvfText);
  const { product, name, guestOs, memoryBytes, processors, firmware, uuid, sound } = machine;
  assert.deepEqual(
    { product, name, guestOs, memoryBytes, processors, firmware, uuid, sound },
    {
      product: 'VirtualBox',
      name: 'box',
      guestOs: 'Debian_64',
      memoryBytes: 1024 ** 3,
      processors: 2,
      firmware: 'uefi',
      uuid: '564d0102-0304-0506-0708-090a0b0c0d0e',
      sound: 'ac97',
    },
  );
  const [disk] = machine.disks;
  assert.deepEqual(
    [disk?.bus, disk?.controller, disk?.position, disk?.files],
    ['sata', 0, 0, ['box-disk001.vmdk']],
  );
  assert.deepEqual(machine.adapters, [
    { model: 'e1000', mac: null, macOrigin: 'static', network: 'NAT' },
  ]);
});

test('what is no package with one vm whose files lie there is refused, with what is to be done', () => {
  const swap = (from: string, to: string): string => {
    assert.ok(vmwareOvfText.includes(from), from);
    return vmwareOvfText.replace(from, to);
  };
  const href = 'ovf:href="shop-disk1.vmdk"';
  refuses(swap(href, 'ovf:href="https://far.example/a.vmdk"'), 'unsupported', /another machine/);
  refuses(swap(href, `${href} ovf:compression="gzip"`), 'unsupported', /packed with gzip/);
  refuses(swap(href, `${href} ovf:chunkSize="2147483648"`), 'unsupported', /several pieces/);
  refuses(swap('ovf:fileRef="file1"', 'ovf:fileRef="file9"'), 'invalid', /no file file9/);
  refuses(swap('ovf:/disk/vmdisk2', 'ovf:/disk/vmdisk9'), 'invalid', /no disk vmdisk9/);
  refuses(
    swap('ovf:diskId="vmdisk1"', 'ovf:diskId="vmdisk1" ovf:parentRef="vmdisk2"'),
    'unsupported',
    /changes to another/,
  );
  const second = '<VirtualSystem ovf:id="other"><Info>x</Info></VirtualSystem>';
  refuses(swap('</Envelope>', `${second}</Envelope>`), 'unsupported', /2 vms in it: shop, other/);
  refuses(
    swap('<VirtualSystem ovf:id="shop">', '<Nothing>').replace('</VirtualSystem>', '</Nothing>'),
    'invalid',
    /no vm/,
  );
});

const machine: WritableMachine = {
  name: 'shop "one" & two',
  description: 'first line\nsecond <line>',
  guestOs: 'debian',
  memoryBytes: 384 * 1024 * 1024,
  processors: 4,
  coresPerSocket: 2,
  firmware: 'uefi',
  secureBoot: true,
  uuid: null,
  chassisSerial: null,
  assetTag: null,
  boardSerial: null,
  scsiModel: 'lsilogic',
  disks: [
    { bus: 'scsi', controller: 0, position: 0, files: ['shop-1.vmdk'], undoFiles: [] },
    { bus: 'sata', controller: 0, position: 3, files: ['shop-2.vmdk'], undoFiles: [] },
    { bus: 'scsi', controller: 1, position: 2, files: ['shop-3.vmdk'], undoFiles: [] },
  ],
  drives: [{ bus: 'ide', controller: 1, position: 0, medium: null }],
  floppy: { medium: null },
  adapters: [
    { model: 'vlance', mac: '00:50:56:00:00:07', macOrigin: 'static', network: 'inside' },
    { model: 'e1000', mac: null, macOrigin: 'static', network: null },
  ],
  serialPorts: [{ kind: 'none' }, { kind: 'none' }],
  parallelPort: { kind: 'none' },
  bootOrder: null,
  onHostStart: null,
  onHostStop: null,
  acceleration3d: false,
  sound: 'sb16',
  usb: '2.0',
  clock: 'utc',
  tpm: false,
  kept: { cpuHotAddEnabled: 'true' },
};

test('what is written as OVF is read again as what was given', () => {
  const bytes = writeOvf(machine, new Map([['shop-1.vmdk', 5 * 1024 ** 3]]));
  const { product, format, lost, savedState, ...read } = parseConfiguration(bytes, 'a.ovf');
  assert.deepEqual([product, format, savedState], ['VMware', 'ovf', []]);
  assert.deepEqual(read, machine);
  assert.deepEqual(
    lost.map(({ setting }) => setting),
    ['cpuHotAddEnabled'],
  );
  assert.match(bytes.toString(), /ovf:fileRef="file1" ovf:capacity="5368709120"/);
});

test('manifests and their signatures are read as they are written, and nothing else is taken for one', () => {
  const digests = [
    ['web (1).ovf', { algorithm: 'sha256', hex: 'ab'.repeat(32) }],
    ['web-disk1.vmdk', { algorithm: 'sha1', hex: 'cd'.repeat(20) }],
  ] as const;
  const text = writeManifest(digests);
  assert.deepEqual([...parseManifest(text)], digests);
  assert.deepEqual(
    [...parseManifest('SHA256 (a) = ' + 'AB'.repeat(32) + '\r\n')],
    [['a', { algorithm: 'sha256', hex: 'ab'.repeat(32) }]],
  );
  for (const wrong of ['', 'SHA256(a)= 12', `MD5(a)= ${'ab'.repeat(16)}`, 'hello'])
    assert.throws(() => parseManifest(wrong), Fault);
  const many = Array.from({ length: 1001 }, (_, index) => [`${index}`, digests[0][1]] as const);
  assert.throws(
    () => parseManifest(writeManifest(many)),
    (error) => isFault(error, 'too-large'),
  );
  const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  const signed = {
    algorithm: 'sha512',
    signature: Buffer.from('0102ff', 'hex'),
    certificates: [certificate],
  } as const;
  assert.deepEqual(parseSignature(writeSignature('web.mf', signed)), signed);
  assert.throws(() => parseSignature('SHA256(web.mf)= 0102'), Fault);
});

test('any text with a root of OVF is read or refused with a fault', () => {
  const parts = vmwareOvfText.split(/(?=<)/);
  fc.assert(
    fc.property(
      fc.array(fc.nat(parts.length - 1), { maxLength: 6 }),
      fc.nat(parts.length - 1),
      (gone, at) => {
        const left = parts.filter((_, index) => !gone.includes(index));
        left.splice(at, 0, parts[at] ?? '');
        try {
          parse(left.join(''));
        } catch (error) {
          assert.ok(error instanceof Fault, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});
