import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, isFault } from '#lib';
import { fileKindOf, parseConfiguration, type ForeignMachine } from './mod.ts';
import { inUtf16, vmcText, vmxText } from './testing.ts';

const parse = (text: string): ForeignMachine => parseConfiguration(Buffer.from(text), 'file');
const lostOf = ({ lost }: ForeignMachine): string[] => lost.map(({ setting }) => setting);

test('VMX: what it says of the machine is read, with escapes, in any case of letters', () => {
  const machine = parse(vmxText);
  assert.deepEqual(
    { ...machine, lost: [], kept: {} },
    {
      product: 'VMware',
      format: 'vmx',
      name: 'web "one"',
      description: 'first line\nsecond line',
      guestOs: 'debian11-64',
      memoryBytes: 768 * 1024 * 1024,
      processors: 4,
      coresPerSocket: 2,
      firmware: 'uefi',
      secureBoot: true,
      uuid: '564d0102-0304-0506-0708-090a0b0c0d0e',
      chassisSerial: null,
      assetTag: null,
      boardSerial: null,
      scsiModel: 'pvscsi',
      disks: [
        { bus: 'scsi', controller: 0, position: 0, files: ['web.vmdk'], undoFiles: [] },
        { bus: 'scsi', controller: 0, position: 1, files: ['data.vmdk'], undoFiles: [] },
      ],
      drives: [
        {
          bus: 'ide',
          controller: 1,
          position: 0,
          medium: { kind: 'file', file: 'C:\\isos\\tools.iso' },
        },
        { bus: 'ide', controller: 1, position: 1, medium: null },
      ],
      floppy: undefined,
      adapters: [
        {
          model: 'vmxnet3',
          mac: '00:0c:29:aa:bb:cc',
          macOrigin: 'generated',
          network: 'VM Network',
        },
        { model: 'e1000', mac: '00:50:56:00:00:07', macOrigin: 'static', network: null },
      ],
      serialPorts: [{ kind: 'pipe', name: '\\\\.\\pipe\\com_1' }],
      parallelPort: null,
      bootOrder: null,
      onHostStart: null,
      onHostStop: null,
      acceleration3d: false,
      savedState: ['web.vmss'],
      sound: 'hda',
      usb: '2.0',
      clock: 'localtime',
      tpm: false,
      lost: [],
      kept: {},
    },
  );
});

test('VMX: without a word the clock of the guest shows the local time of its host, which on ESXi is UTC', () => {
  const clockOf = (...lines: string[]): string =>
    parse(['displayName = "one"', ...lines].join('\n')).clock;
  assert.equal(clockOf(), 'localtime');
  assert.equal(clockOf('rtc.diffFromUTC = "0"'), 'utc');
  assert.equal(clockOf('sched.cpu.shares = "normal"'), 'utc');
  assert.equal(clockOf('sched.cpu.shares = "normal"', 'rtc.diffFromUTC = "3600"'), 'localtime');
});

test('VMX: limits of disks are taken where they are operations in a second, and told where they are not', () => {
  const read = (...lines: string[]) => {
    const disk = ['scsi0:0.present = "TRUE"', 'scsi0:0.fileName = "a.vmdk"'];
    const of = lines.map((line) => `sched.scsi0:0.${line}`);
    const { disks, lost, kept } = parse(['displayName = "one"', ...disk, ...of].join('\n'));
    assert.deepEqual(kept, {});
    return [disks[0]?.operationsPerSecond, ...lost.map(({ setting }) => setting)];
  };
  assert.deepEqual(read('shares = "normal"', 'throughputCap = "off"'), [undefined]);
  assert.deepEqual(read('throughputCap = "500"'), [500]);
  assert.deepEqual(read('throughputCap = "80IOps"', 'bandwidthCap = "off"'), [80]);
  for (const text of ['-1', ''])
    assert.deepEqual(read(`throughputCap = "${text}"`), [undefined], text);
  for (const text of ['0', '1.5', '10KIOps', '9999999999999999', 'fast'])
    assert.deepEqual(
      read(`throughputCap = "${text}"`),
      [undefined, 'sched.scsi0:0.throughputCap'],
      text,
    );
  assert.deepEqual(read('shares = "high"', 'bandwidthCap = "10MBps"'), [
    undefined,
    'sched.scsi0:0.shares',
    'sched.scsi0:0.bandwidthCap',
  ]);
});

test('VMX: what it says beyond that is in the list, and kept by its own name', () => {
  const machine = parse(vmxText);
  assert.deepEqual(lostOf(machine).sort(), [
    'firewire',
    'guestinfo.role',
    'scsi0:1.mode',
    'scsi0:3',
    'usb:1',
  ]);
  assert.deepEqual(machine.kept, { 'guestinfo.role': 'front' });
  const devices = machine.lost.filter(({ device }) => device !== null);
  assert.deepEqual(
    new Map(devices.map(({ setting, device }) => [setting, device])),
    new Map([
      ['scsi0:3', 'physical-scsi'],
      ['firewire', 'firewire'],
      ['usb:1', 'usb-device'],
    ]),
  );
});

for (const [encoding, bytes] of [
  ['UTF-8', Buffer.from(vmcText().replace('UTF-16', 'UTF-8'))],
  ['UTF-16', inUtf16(vmcText())],
  ['UTF-16 without a mark', Buffer.from(vmcText(), 'utf16le')],
] as const) {
  test(`VMC in ${encoding}: what it says is read, and the rest is in the list`, () => {
    const machine = parseConfiguration(bytes, 'old.vmc');
    assert.deepEqual(
      { ...machine, lost: [], kept: {} },
      {
        product: 'Virtual PC',
        format: 'vmc',
        name: null,
        description: '',
        guestOs: null,
        memoryBytes: 256 * 1024 * 1024,
        processors: 1,
        coresPerSocket: null,
        firmware: 'bios',
        secureBoot: false,
        uuid: '0d0e0f10-1112-1314-1516-171819202122',
        chassisSerial: 'C-1',
        assetTag: 'A-1',
        boardSerial: '1234-5678',
        scsiModel: null,
        disks: [
          {
            bus: 'ide',
            controller: 0,
            position: 0,
            files: ['.\\old.vhd', 'C:\\Virtual Machines\\old.vhd'],
            undoFiles: ['C:\\Virtual Machines\\old.vud'],
          },
        ],
        drives: [
          { bus: 'ide', controller: 1, position: 0, medium: { kind: 'device', device: 'D:\\' } },
        ],
        floppy: { medium: null },
        adapters: [
          {
            model: 'tulip',
            mac: '00:03:ff:11:22:33',
            macOrigin: 'static',
            network: 'Internal & more',
          },
        ],
        serialPorts: [{ kind: 'device', device: 'COM1' }],
        parallelPort: null,
        bootOrder: null,
        onHostStart: null,
        onHostStop: null,
        acceleration3d: false,
        savedState: [],
        sound: 'sb16',
        usb: null,
        clock: 'localtime',
        tpm: false,
        lost: [],
        kept: {},
      },
    );
    assert.deepEqual(lostOf(machine).sort(), ['settings/novel/thing', 'settings/undo_drives']);
    assert.deepEqual(machine.kept, { 'settings/novel/thing': 'kept' });
  });
}

test('a SCSI disk makes it a machine of Virtual Server', () => {
  const scsi = `<scsi_controller id="1"><location id="3"><drive_type>1</drive_type>
<pathname><relative>data.vhd</relative></pathname></location></scsi_controller>`;
  const machine = parse(vmcText({ ide: '', scsi }));
  assert.equal(machine.product, 'Virtual Server');
  assert.deepEqual(machine.disks, [
    { bus: 'scsi', controller: 1, position: 3, files: ['data.vhd'], undoFiles: [] },
  ]);
});

test('DISK-64 every suffix of Virtual Server is known, and the two misprints are taken for what was meant', () => {
  const kinds = ['vmc', 'vhd', 'vud', 'vsv', 'vfd', 'vnc'].map(
    (suffix) => fileKindOf(`Machine One.${suffix.toUpperCase()}`)?.kind,
  );
  assert.deepEqual(kinds, ['configuration', 'disk', 'undo', 'saved-state', 'floppy', 'network']);
  assert.equal(fileKindOf('a.vmd')?.kind, 'configuration');
  assert.equal(fileKindOf('a.vuo')?.kind, 'undo');
  assert.equal(fileKindOf('a.txt'), undefined);
});

const refuses = (bytes: Uint8Array, code: Fault['code']): void =>
  assert.throws(
    () => parseConfiguration(bytes, 'file'),
    (error) => isFault(error, code),
  );

test('what is no configuration is refused, and so is what grows by being read', () => {
  refuses(Buffer.from('hello'), 'unsupported');
  refuses(Buffer.alloc(5 * 1024 * 1024), 'too-large');
  refuses(Buffer.from([0, 1, 2, 3]), 'invalid');
  const entities = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><preferences>&b;</preferences>`;
  refuses(Buffer.from(entities), 'invalid');
  refuses(Buffer.from('<preferences><a></preferences>'), 'invalid');
  refuses(Buffer.from(`<preferences>${'<a>'.repeat(100)}`), 'too-large');
  refuses(Buffer.from(`<preferences>${'<a/>'.repeat(60_000)}</preferences>`), 'too-large');
  refuses(Buffer.from('memsize = "64"\nthis is no setting\n'), 'invalid');
});

test('whatever the bytes are, the answer is a machine within its bounds or a fault', () => {
  const seeds = [Buffer.from(vmxText), Buffer.from(vmcText()), inUtf16(vmcText())];
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 12 }),
    drop: fc.nat(40),
  });
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([seed, changes]) =>
      changes.reduce<Buffer>((bytes, { at, bytes: put, drop }) => {
        const place = Math.floor(at * bytes.length);
        return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + drop)]);
      }, seed),
    );
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 2000 })), (bytes) => {
      try {
        const { lost, memoryBytes, disks } = parseConfiguration(bytes, 'file');
        assert.ok(lost.length <= 500);
        assert.ok(memoryBytes === null || Number.isSafeInteger(memoryBytes));
        for (const { controller, position } of disks)
          assert.ok(Number.isSafeInteger(controller) && Number.isSafeInteger(position));
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
      }
    }),
    { numRuns: 1500 },
  );
});
