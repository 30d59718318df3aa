import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { placeName, unrepresentedDevices, type ForeignMachine, type VmImport } from '#api';
import { parseConfiguration } from '#foreign';
import type { Reason } from '#lib';
import { vmcText } from '../../../foreign/testing.ts';
import { foreignMachine } from '../../testing/foreign-machine.ts';
import { importDefinition, type Imported, type ImportOptions } from './import-definition.ts';
import { guestOf } from './import-guests.ts';
import { exportMachine } from './export-machine.ts';
import { exportProfiles } from './export-profiles.ts';
import { blockersOf, warningsOf } from './import-notes.ts';

const disk = (
  bus: ForeignMachine['disks'][number]['bus'],
  controller: number,
  position: number,
): ForeignMachine['disks'][number] => ({
  bus,
  controller,
  position,
  named: 'd.vmdk',
  path: `/srv/${bus}${controller}-${position}.vmdk`,
  format: 'vmdk',
  sizeBytes: 1024 ** 3,
  undo: null,
});

const machine: ForeignMachine = {
  ...foreignMachine('/srv/web.vmx'),
  product: 'VMware',
  format: 'vmx',
  name: 'web',
  description: 'text',
  guestOs: 'debian11-64',
  memoryBytes: 768 * 1024 ** 2,
  processors: 4,
  coresPerSocket: 2,
  chassisSerial: 'C-1',
  assetTag: 'has spaces in it',
  scsiModel: 'lsilogic',
  disks: [disk('scsi', 0, 0)],
  adapters: [
    { model: 'e1000', mac: '00:0c:29:aa:bb:cc', macOrigin: 'static', network: 'VM Network' },
  ],
  sound: 'hda',
  usb: '2.0',
};

type Choices = Partial<Omit<ImportOptions, 'id' | 'name' | 'format' | 'foreign' | 'makeMac'>>;

let macs = 0;
const importing = (
  change: Partial<ForeignMachine>,
  choices: Choices = {},
): Imported & { readonly warnings: readonly Reason[]; readonly blockers: readonly Reason[] } => {
  const imported = importDefinition({
    id: randomUUID(),
    name: 'web',
    format: 'qcow2',
    foreign: { ...machine, ...change },
    networks: [],
    adapters: 'all',
    origin: 'moved',
    takenAddresses: undefined,
    undo: undefined,
    savedState: undefined,
    snapshots: 'flatten',
    sound: 'keep',
    networkNames: new Map(),
    macOwners: new Map(),
    hasAcceleration3d: false,
    ...choices,
    makeMac: () => `52:47:59:00:00:${String((macs += 1)).padStart(2, '0')}`,
  });
  const { findings } = imported;
  return { ...imported, warnings: warningsOf(findings), blockers: blockersOf(findings) };
};

test('what has a counterpart is taken over, with disks that are converted into the vm’s folder', () => {
  const { definition, disks } = importing({});
  const { hardware } = definition;
  assert.equal(definition.guestOs, 'debian');
  assert.equal(definition.description, 'text');
  assert.equal(hardware.memory.sizeBytes, machine.memoryBytes);
  assert.deepEqual([hardware.processor.count, hardware.processor.coresPerSocket], [4, 2]);
  assert.equal(hardware.scsiController, 'lsi53c895a');
  assert.equal(hardware.bios.chassis.serialNumber, 'C-1');
  assert.equal(hardware.bios.chassis.assetTag, null, 'no serial number has spaces');
  assert.deepEqual(
    hardware.adapters.map(({ model, mac, macMode }) => [model, mac, macMode]),
    [['e1000', '00:0c:29:aa:bb:cc', 'static']],
  );
  assert.equal(hardware.clock.base, 'localtime');
  assert.deepEqual(disks, [
    {
      kind: 'foreign',
      file: 'web-scsi0-0.qcow2',
      format: 'qcow2',
      sizeBytes: 1024 ** 3,
      sourcePath: '/srv/scsi0-0.vmdk',
      sourceFormat: 'vmdk',
    },
  ]);
});

test('a limit of a disk counts as it did on ESXi, operations above 32 KiB as several', () => {
  const limited = { ...disk('scsi', 0, 0), operationsPerSecond: 500 };
  const { definition, findings } = importing({ disks: [limited, disk('scsi', 0, 1)] });
  const [first, second] = definition.hardware.disks;
  assert.deepEqual(first?.limits, { operations: { perSecond: 500 }, operationSizeBytes: 32_768 });
  assert.equal(second?.limits ?? null, null);
  assert.ok(
    findings.some(
      ({ text, effect }) =>
        effect === 'carried' && text === 'limit of the disk scsi0:0 500 operations per second',
    ),
  );
});

test('HW-27 each device that no vm can have is told by its entry in the list of them', () => {
  const lost = unrepresentedDevices.map(({ id }) => ({
    setting: `theirs-${id}`,
    value: 'TRUE',
    why: 'as it is',
    device: id,
  }));
  const { warnings } = importing({ lost });
  for (const { id, device, reason } of unrepresentedDevices) {
    const told = warnings.find(({ code }) => code === `unrepresented-${id}`);
    assert.equal(told?.text, `theirs-${id} TRUE: ${device} is not offered: ${reason}`);
  }
});

test('what becomes something else is told: controllers, adapters, places, addresses, guests', () => {
  const { definition, warnings } = importing(
    {
      guestOs: 'beos',
      scsiModel: 'buslogic',
      disks: [disk('scsi', 0, 12), disk('nvme', 0, 0), disk('sata', 0, 20)],
      drives: [{ bus: 'scsi', controller: 0, position: 0, medium: { named: 'x', path: null } }],
      adapters: [
        { model: 'vmxnet3', mac: '00:0c:29:aa:bb:cc', macOrigin: 'static', network: null },
      ],
    },
    { macOwners: new Map([['00:0c:29:aa:bb:cc', 'db']]), takenAddresses: 'new' },
  );
  const { disks, opticalDrives, adapters } = definition.hardware;
  assert.deepEqual(
    disks.map(({ bus, position }) => `${bus}${position}`),
    ['scsi0', 'sata0', 'sata1'],
  );
  assert.deepEqual(
    opticalDrives.map(({ bus, position }) => `${bus}${position}`),
    ['scsi1'],
  );
  assert.notEqual(adapters[0]?.mac, '00:0c:29:aa:bb:cc');
  assert.deepEqual(adapters[0]?.attachment, { kind: 'none' });
  const said = warnings.map(({ text }) => text).join('\n');
  for (const word of ['beos', 'buslogic', 'scsi0:12', 'nvme0:0', 'sata0:20', 'vmxnet3', '00:0c:29'])
    assert.ok(said.includes(word), `${word} in:\n${said}`);
});

test('words of a file cannot write lines of their own into what is told', () => {
  const { warnings } = importing({
    lost: [{ setting: 'a\nb', value: 'c\u001b[2Jd\u202e', why: 'so', device: null }],
  });
  const told = warnings.find(({ text }) => text.includes('c?[2Jd?'));
  assert.ok(told?.text.startsWith('a?b '), warnings.map(({ text }) => text).join('|'));
});

test('CMP-24 devices of a VMX without equivalent are named: FireWire is dropped, 3D acceleration kept only where the host has it, USB mapped to 1.1, 2.0 or 3', () => {
  const read = (lines: string): Partial<ForeignMachine> => {
    const { sound, usb, acceleration3d, lost } = parseConfiguration(
      Buffer.from(`config.version = "8"\n${lines}`),
      'web.vmx',
    );
    return { sound, usb, acceleration3d, lost: [...lost] };
  };
  const textsOf = ({ findings }: Imported, effect: string): string =>
    findings
      .filter((one) => one.effect === effect)
      .map(({ text }) => text)
      .join('\n');
  const fire = importing(read('firewire.present = "TRUE"\n'));
  assert.match(textsOf(fire, 'dropped'), /firewire TRUE: FireWire \(IEEE 1394\) is not offered/);
  const drawing = read('mks.enable3d = "TRUE"\n');
  const without = importing(drawing);
  assert.equal(without.definition.hardware.graphics.acceleration3d, false);
  assert.match(textsOf(without, 'dropped'), /3D acceleration: the host does not offer it/);
  const having = importing(drawing, { hasAcceleration3d: true });
  const { adapter, acceleration3d } = having.definition.hardware.graphics;
  assert.deepEqual([adapter, acceleration3d], ['virtio', true]);
  for (const [lines, version] of [
    ['', 'none'],
    ['usb.present = "TRUE"', '1.1'],
    ['usb.present = "TRUE"\nehci.present = "TRUE"', '2.0'],
    ['usb.present = "TRUE"\nehci.present = "TRUE"\nusb_xhci.present = "TRUE"', '3'],
  ] as const) {
    const { definition } = importing(read(`${lines}\n`));
    assert.equal(definition.hardware.usb, version);
  }
});

test('CMP-10 a sound card is imported, or left out as is chosen, and an export to Virtual Server removes it with the warning that plug and play would report errors there', () => {
  assert.equal(importing({ sound: 'sb16' }, { sound: 'remove' }).definition.hardware.sound, 'none');
  const { definition } = importing({ sound: 'sb16' });
  assert.equal(definition.hardware.sound, 'sb16');
  const { machine: theirs, notes } = exportMachine(
    { definition, networkName: (id) => id, isSaved: false },
    exportProfiles['virtual-server-2005'],
    { savedState: undefined, moveToIde: false },
  );
  assert.equal(theirs.sound, null);
  const told = notes.list.find(({ text }) => text.startsWith('sound card sb16'));
  assert.equal(told?.effect, 'dropped');
  assert.match(told?.text ?? '', /plug and play would report errors there/);
});

test('static addresses are kept, those that the product made are kept for a move and new for a copy', () => {
  const made = { model: 'e1000', macOrigin: 'generated', network: 'a' } as const;
  const adapters = [
    { ...made, mac: '00:0c:29:00:00:01' },
    { ...made, macOrigin: 'static' as const, mac: '00:50:56:00:00:02' },
  ];
  const given = (origin: 'moved' | 'copied'): readonly (readonly string[])[] =>
    importing({ adapters }, { origin }).definition.hardware.adapters.map(({ mac, macMode }) => [
      mac,
      macMode,
    ]);
  assert.deepEqual(given('moved'), [
    ['00:0c:29:00:00:01', 'dynamic'],
    ['00:50:56:00:00:02', 'static'],
  ]);
  const [first, second] = given('copied');
  assert.match(first?.join(' ') ?? '', /^52:47:59:\S+ dynamic$/);
  assert.deepEqual(second, ['00:50:56:00:00:02', 'static']);
});

for (const [format, text] of [
  [
    'VMX',
    `config.version = "8"
displayName = "full"
guestOS = "winXPPro"
memsize = "384"
numvcpus = "2"
bios.bootOrder = "ethernet0,cdrom,hdd"
ide0:0.present = "TRUE"
ide0:0.fileName = "a.vmdk"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-raw"
ide1:0.fileName = "auto detect"
scsi0.present = "TRUE"
scsi0:2.present = "TRUE"
scsi0:2.fileName = "b.vmdk"
floppy0.present = "TRUE"
serial0.present = "TRUE"
serial0.fileType = "file"
serial0.fileName = "C:\\logs\\com one.txt"
serial1.present = "TRUE"
serial1.fileType = "pipe"
serial1.fileName = "\\\\.\\pipe\\two"
parallel0.present = "TRUE"
parallel0.fileType = "file"
parallel0.fileName = "print.txt"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vlance"
ethernet0.addressType = "static"
ethernet0.address = "00:50:56:00:00:09"
autostart = "poweron"
autostop = "softpoweroff"
novel.thing = "kept"
`,
  ],
  [
    'VMC',
    vmcText({
      ide: `<ide_controller id="0"><location id="0"><drive_type>1</drive_type><pathname><relative>a.vhd</relative></pathname></location></ide_controller>
<ide_controller id="1"><location id="0"><drive_type>2</drive_type></location></ide_controller>`,
      scsi: `<scsi_controller id="0"><location id="2"><drive_type>1</drive_type><pathname><relative>b.vhd</relative></pathname></location></scsi_controller>`,
    })
      .replace('<ram_size type="integer">256', '<ram_size type="integer">384')
      .replace('</bios>', '<boot_order>ethernet,cd,hd</boot_order></bios>')
      .replace(
        /<serial_port id="0">.*<\/serial_port>/,
        `<serial_port id="0"><port_type>1</port_type><pathname><absolute>C:\\logs\\com one.txt</absolute></pathname></serial_port>
<serial_port id="1"><port_type>3</port_type><port_name>\\\\.\\pipe\\two</port_name></serial_port>
<parallel_port id="0"><port_type>1</port_type><pathname><absolute>print.txt</absolute></pathname></parallel_port>`,
      )
      .replace('0003FF112233', '005056000009')
      .replace(
        '<settings>',
        `<settings><guest_os>Windows XP</guest_os><startup><automatic><type>2</type></automatic></startup>
<shutdown><quit><action>2</action><was_running>true</was_running></quit></shutdown>`,
      ),
  ],
] as const)
  test(`CMP-03 what a ${format} says of guest, memory, processors, boot order, disks and places, drives, ports, adapters, start and stop is mapped, the rest kept`, () => {
    const { savedState: _state, ...parsed } = parseConfiguration(Buffer.from(text), 'full');
    const { definition, findings } = importing({
      ...parsed,
      name: 'full',
      serialPorts: [...parsed.serialPorts],
      bootOrder: parsed.bootOrder && [...parsed.bootOrder],
      disks: parsed.disks.map(({ bus, controller, position }) => disk(bus, controller, position)),
      drives: parsed.drives.map((drive) => ({ ...drive, medium: null })),
      floppy: parsed.floppy === undefined ? null : { medium: null },
      adapters: [...parsed.adapters],
      lost: [...parsed.lost],
    });
    const { guestOs, hardware, settings, extensions } = definition;
    assert.equal(guestOs, 'windows-xp');
    assert.equal(hardware.memory.sizeBytes, 384 * 1024 ** 2);
    assert.equal(hardware.processor.count, format === 'VMX' ? 2 : 1, 'Virtual PC has one');
    assert.deepEqual(hardware.firmware.bootOrder, ['network', 'cd', 'disk']);
    assert.deepEqual(hardware.disks.map(placeName), ['ide0:0', 'scsi0:2']);
    assert.deepEqual(hardware.opticalDrives.map(placeName), ['ide1:0']);
    assert.notEqual(hardware.floppy, null);
    assert.deepEqual(hardware.serialPorts, [
      { kind: 'file', file: 'com-one.txt' },
      { kind: 'console' },
    ]);
    assert.deepEqual(hardware.parallelPort, { kind: 'file', file: 'print.txt' });
    const [adapter] = hardware.adapters;
    const model = format === 'VMX' ? 'pcnet' : 'tulip';
    assert.deepEqual([adapter?.model, adapter?.mac], [model, '00:50:56:00:00:09']);
    assert.equal(settings.start.onHostStart, 'always');
    assert.equal(settings.shutdown.onHostStop, 'shutdown');
    const kept = format === 'VMX' ? { 'novel.thing': 'kept' } : { 'settings/novel/thing': 'kept' };
    assert.deepEqual(extensions, { [parsed.format]: kept });
    const told = findings.map((one) => one.text).join('\n');
    assert.match(told, /novel.thing kept: nothing here corresponds to it; it is kept/);
    assert.match(told, /serial port 2 .*two: a pipe of the other host; it is a serial console/);
  });

test('settings that nobody knows are kept among the extensions, by the name of their format', () => {
  const { definition } = importing({ kept: { 'guestinfo.role': 'front' } });
  assert.deepEqual(definition.extensions, { vmx: { 'guestinfo.role': 'front' } });
});

test('guests are known by the words of VMware and by plain names', () => {
  const words = {
    'debian11-64': 'debian',
    'ubuntu-64': 'ubuntu',
    winNetStandard: 'windows-server-2003-standard',
    'Windows Server 2003 Enterprise': 'windows-server-2003-enterprise',
    win2000Serv: 'windows-2000-server',
    winXPPro: 'windows-xp',
    'windows9-64': 'windows-10',
    windows9srv_64: 'windows-server-2016',
    'windows2019srvNext-64': 'windows-server-2022',
    'windows11-64': 'windows-11',
    'other5xlinux-64': 'linux',
    otherGuest: 'other',
    beos: undefined,
  };
  for (const [word, guest] of Object.entries(words)) assert.equal(guestOf(word), guest, word);
});

test('NET-50 several adapters on one network are warned of, and kept, left out but for one, or spread, as is asked', () => {
  const adapters = ['inside', 'inside', null, 'outside'].map((network) => ({
    model: 'e1000',
    mac: null,
    macOrigin: 'generated' as const,
    network,
  }));
  const plugged = (choice: Partial<Pick<VmImport, 'networks' | 'adapters'>>) => {
    const { definition, warnings } = importing({ adapters }, choice);
    return {
      on: definition.hardware.adapters.map(({ slot, attachment }) =>
        attachment.kind === 'network'
          ? `${slot} ${attachment.network}`
          : `${slot} ${attachment.kind}`,
      ),
      told: warnings.filter(({ text }) => text.startsWith('adapters ')),
    };
  };
  const kept = plugged({ networks: ['lab'] });
  assert.deepEqual(kept.on, ['0 lab', '1 lab', '2 none', '3 lab']);
  assert.deepEqual(
    kept.told.map(({ code, text }) => [code, text.split(':')[0]]),
    [['adapters-share-network', 'adapters 0, 1, 3 are all in network lab']],
  );
  assert.match(kept.told[0]?.remedy ?? '', /first-of-network.*name a network for each/);
  assert.equal(
    plugged({}).told[0]?.text.split(':')[0],
    'adapters 0, 1, 3 are all in the user-mode network',
  );
  const one = plugged({ networks: ['lab'], adapters: 'first-of-network' });
  assert.deepEqual(one.on, ['0 lab', '2 none']);
  assert.deepEqual(
    one.told.map(({ text }) => text),
    ['adapters 1, 3: left out, since adapter 0 is in network lab'],
  );
  const spread = plugged({ networks: ['lan', 'dmz', 'user'] });
  assert.deepEqual(spread, { on: ['0 lan', '1 dmz', '2 none', '3 user'], told: [] });
  assert.throws(() => plugged({ networks: ['a', 'b', 'c', 'd'] }), { code: 'invalid' });
});
