import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adapterSchema,
  exportTargets,
  hardwareSchema,
  placeName,
  profiles,
  type Hardware,
  type ExportTarget,
  type VmHandOut,
} from '#api';
import { writeHyperV } from '#foreign';
import { formatBytes, giB, miB } from '#lib';
import { makeDefinition } from '../../testing/fake-agent.ts';
import { exportMachine, type Exported } from './export-machine.ts';
import { exportProfileFor } from './export-profiles.ts';
import { newDisk } from './make-definition.ts';

const disk = (
  bus: 'ide' | 'scsi' | 'sata',
  controller: number,
  position: number,
  sizeBytes = giB,
) =>
  newDisk(
    { bus, controller, position },
    `${bus}${controller}-${position}.qcow2`,
    'qcow2',
    sizeBytes,
  );

const adapters = (count: number): Hardware['adapters'] =>
  Array.from({ length: count }, (_, slot) =>
    adapterSchema.parse({
      slot,
      model: 'tulip',
      mac: `00:03:ff:00:00:0${slot}`,
      macMode: 'static',
      attachment: { kind: 'none' },
    }),
  );

const exporting = (
  as: ExportTarget,
  change: Partial<Hardware>,
  choices: Partial<VmHandOut> = {},
): Exported & { readonly of: (effect: string) => string } => {
  const definition = makeDefinition('shop');
  const hardware = { ...profiles.classic.hardware, ...change };
  const exported = exportMachine(
    { definition: { ...definition, hardware }, networkName: (id) => id, isSaved: false },
    exportProfileFor(as, hardware),
    { savedState: undefined, moveToIde: false, ...choices },
  );
  const of = (effect: string): string =>
    exported.notes.list
      .filter((one) => one.effect === effect)
      .map(({ text, remedy }) => `${text}; ${remedy}`)
      .join('\n');
  return { ...exported, of };
};

test('CMP-06 the profile of Virtual Server 2005 checks processors, memory, IDE and SCSI places with their sizes, adapters, floppy, ports, sound and USB', () => {
  const fits = exporting('virtual-server-2005', {
    memory: { sizeBytes: 3686 * miB, maxBytes: null },
    disks: [
      disk('ide', 0, 0, 127 * giB),
      disk('ide', 0, 1),
      disk('ide', 1, 1),
      ...[0, 1, 2, 3].flatMap((bus) =>
        [0, 1, 2, 3, 4, 5, 6].map((position) => disk('scsi', bus, position, 2040 * giB)),
      ),
    ],
    adapters: adapters(4),
    serialPorts: [
      { kind: 'file', file: 'one' },
      { kind: 'file', file: 'two' },
    ],
    parallelPort: { kind: 'file', file: 'print' },
  });
  assert.equal(fits.of('blocking'), '');
  assert.deepEqual(
    [fits.machine.disks.length, fits.machine.floppy, fits.machine.serialPorts.length],
    [31, { medium: null }, 2],
  );
  assert.deepEqual(fits.machine.parallelPort, { kind: 'file', file: 'print' });
  const exceeds = exporting('virtual-server-2005', {
    processor: { ...profiles.classic.hardware.processor, count: 2 },
    memory: { sizeBytes: 3687 * miB, maxBytes: null },
    disks: [
      disk('ide', 0, 0, 128 * giB),
      disk('scsi', 0, 7),
      disk('scsi', 3, 0, 2041 * giB),
      disk('sata', 0, 0),
    ],
    adapters: adapters(5),
    sound: 'sb16',
    usb: '2.0',
  });
  const blocked = exceeds.of('blocking');
  for (const words of [
    /at most 1 processors, the vm has 2/,
    /at most 3\.6 GiB memory, the vm has 3\.6/,
    /takes at most 127 GiB on ide, the disk ide0:0 has 128 GiB/,
    /has no place scsi0:7/,
    /takes at most 2(\.0)? TiB on scsi, the disk scsi3:0 has|takes at most 2040 GiB on scsi/,
    /has no place sata0:0/,
    /at most 4 network adapters, the vm has 5/,
  ])
    assert.match(blocked, words);
  assert.match(exceeds.of('dropped'), /sound card sb16: Virtual Server 2005 has none/);
  assert.match(
    exceeds.of('dropped'),
    /USB controller 2\.0: Virtual Server 2005 has no USB, so nothing is passed through/,
  );
  assert.deepEqual([exceeds.machine.sound, exceeds.machine.usb], [null, null]);
  const more = {
    ...profiles.classic.hardware,
    serialPorts: Array.from({ length: 3 }, () => ({ kind: 'none' })),
  };
  assert.equal(
    hardwareSchema.safeParse(more).success,
    false,
    'no vm has three serial ports, or two floppies',
  );
});

/** What each product takes at most: its documents, not the table of profiles. */
const limits: Readonly<
  Record<
    ExportTarget,
    {
      readonly processors: number;
      readonly memoryBytes: number;
      readonly adapters: number;
      readonly ide: number;
      readonly scsi: number;
      readonly positions: number;
      readonly sound: boolean;
      readonly uefi: boolean;
    }
  >
> = {
  'virtual-pc-2004': {
    processors: 1,
    memoryBytes: 3686 * miB,
    adapters: 4,
    ide: 127,
    scsi: 0,
    positions: 0,
    sound: true,
    uefi: false,
  },
  'virtual-server-2005': {
    processors: 1,
    memoryBytes: 3686 * miB,
    adapters: 4,
    ide: 127,
    scsi: 2040,
    positions: 7,
    sound: false,
    uefi: false,
  },
  ovf: {
    processors: 128,
    memoryBytes: 6 * 1024 * giB,
    adapters: 10,
    ide: 2040,
    scsi: 62 * 1024,
    positions: 16,
    sound: true,
    uefi: true,
  },
  'vmware-workstation': {
    processors: 8,
    memoryBytes: 64 * giB,
    adapters: 10,
    ide: 2040,
    scsi: 2040,
    positions: 16,
    sound: true,
    uefi: true,
  },
  'vmware-player': {
    processors: 8,
    memoryBytes: 64 * giB,
    adapters: 10,
    ide: 2040,
    scsi: 2040,
    positions: 16,
    sound: true,
    uefi: true,
  },
  'vmware-server': {
    processors: 2,
    memoryBytes: 3600 * miB,
    adapters: 4,
    ide: 950,
    scsi: 950,
    positions: 15,
    sound: true,
    uefi: false,
  },
  'vmware-esx': {
    processors: 8,
    memoryBytes: 255 * giB,
    adapters: 10,
    ide: 2040,
    scsi: 2040,
    positions: 16,
    sound: false,
    uefi: false,
  },
  'hyper-v': {
    processors: 64,
    memoryBytes: 1024 * giB,
    adapters: 12,
    ide: 65_536,
    scsi: 65_536,
    positions: 64,
    sound: false,
    uefi: true,
  },
  libvirt: {
    processors: 255,
    memoryBytes: 16_384 * giB,
    adapters: 32,
    ide: Infinity,
    scsi: Infinity,
    positions: 24,
    sound: true,
    uefi: true,
  },
};

for (const as of exportTargets)
  test(`a vm is checked against what ${as} has at most: processors, memory, adapters, places, sizes, sound and firmware`, () => {
    const {
      processors,
      memoryBytes,
      adapters: count,
      ide,
      scsi,
      positions,
      sound,
      uefi,
    } = limits[as];
    const board = (more: number): Partial<Hardware> => ({
      processor: { ...profiles.classic.hardware.processor, count: processors + more },
      memory: { sizeBytes: memoryBytes + more * miB, maxBytes: null },
      adapters: Array.from({ length: count + more }, (_, slot) => ({
        ...adapters(1)[0],
        slot,
      })) as Hardware['adapters'],
    });
    const size = (gigabytes: number): number => Math.min(gigabytes, 60_000_000) * giB;
    const onScsi = (position: number, gigabytes: number) =>
      disk('scsi', 0, position, size(gigabytes));
    const fits = exporting(as, {
      ...board(0),
      disks: [disk('ide', 0, 0, size(ide)), ...(scsi === 0 ? [] : [onScsi(positions - 1, scsi)])],
    });
    assert.equal(fits.of('blocking'), '');
    const over = exporting(as, {
      ...board(1),
      disks: [
        ...(ide === Infinity ? [] : [disk('ide', 0, 0, size(ide + 1))]),
        onScsi(positions, 1),
        ...(scsi === 0 || scsi === Infinity ? [] : [onScsi(0, scsi + 1)]),
      ],
      sound: 'hda',
    });
    const blocked = over.of('blocking');
    const { name } = exportProfileFor(as, profiles.classic.hardware);
    for (const words of [
      `${name} has at most ${processors} processors, the vm has ${processors + 1}`,
      `${name} has at most ${formatBytes(memoryBytes)} memory`,
      `${name} has at most ${count} network adapters, the vm has ${count + 1}`,
      `${name} has no place scsi0:${positions}`,
      ...(ide === Infinity ? [] : [`${name} takes at most ${formatBytes(size(ide))} on ide`]),
      ...(scsi === 0 || scsi === Infinity
        ? []
        : [`${name} takes at most ${formatBytes(size(scsi))} on scsi`]),
    ])
      assert.ok(blocked.includes(words), `${words}\nin:\n${blocked}`);
    assert.equal(over.of('dropped').includes('sound card'), !sound);
    const { firmware } = profiles.classic.hardware;
    const efi = exporting(as, {
      disks: [],
      opticalDrives: [],
      floppy: null,
      firmware: { ...firmware, type: 'uefi' },
    });
    assert.equal(efi.of('blocking').includes('has no UEFI'), !uefi);
  });

test('a vm with UEFI becomes one of generation 2 in Hyper-V, which has neither IDE nor floppy drives; all is read again from the script', () => {
  const { firmware, processor } = profiles.classic.hardware;
  const drive = { bus: 'scsi', controller: 0, position: 1, medium: null } as const;
  const efi = { firmware: { ...firmware, type: 'uefi', secureBoot: true } } as const;
  const old = exporting('hyper-v', { ...efi, disks: [disk('ide', 0, 0)], opticalDrives: [drive] });
  assert.match(old.of('blocking'), /Hyper-V \(generation 2\) has no place ide0:0/);
  const made = exporting('hyper-v', {
    ...efi,
    processor: { ...processor, count: 2 },
    disks: [disk('scsi', 0, 0), disk('scsi', 2, 3)],
    opticalDrives: [drive],
    adapters: adapters(1),
  });
  assert.equal(made.of('blocking'), '');
  assert.match(made.of('dropped'), /floppy drive: Hyper-V \(generation 2\) has none/);
  const script = writeHyperV({ ...made.machine, name: "the 'old' shop" }).toString('utf8');
  for (const line of [
    "$vm = New-VM -Name 'the ''old'' shop' -Generation 2 -NoVHD -Path $PSScriptRoot -MemoryStartupBytes",
    'Set-VMProcessor -VM $vm -Count 2',
    'Add-VMScsiController -VM $vm\r\nAdd-VMScsiController -VM $vm\r\nAdd-VMHardDiskDrive',
    "-ControllerType SCSI -ControllerNumber 0 -ControllerLocation 0 -Path (Join-Path $PSScriptRoot 'shop-scsi0-0.vhdx')",
    "-ControllerType SCSI -ControllerNumber 2 -ControllerLocation 3 -Path (Join-Path $PSScriptRoot 'shop-scsi2-3.vhdx')",
    'Add-VMDvdDrive -VM $vm -ControllerNumber 0 -ControllerLocation 1',
    "Add-VMNetworkAdapter -VM $vm -StaticMacAddress '0003ff000000'",
    'Set-VMFirmware -VM $vm -EnableSecureBoot On',
  ])
    assert.ok(script.includes(line), `${line}\nin:\n${script}`);
});

test('CMP-11 an export for Virtual PC fails the check with each disk on SCSI, which would be ignored there: the one the guest boots from, and those that may hold a page file', () => {
  const reasons = (change: Partial<Hardware>, choices: Partial<VmHandOut> = {}): string[] =>
    exporting('virtual-pc-2004', change, choices).of('blocking').split('\n').filter(Boolean);
  const boots = 'so the disk would be ignored: the guest boots from it';
  const pages = 'so the disk would be ignored: a page file or swap space on it would be missing';
  const remedy =
    'put it on IDE; or let the export do that where the guest has the driver (--move-to-ide)';
  const lacks = (place: string, why: string): string =>
    `Virtual PC 2004 has no place ${place}, ${why}; ${remedy}`;
  assert.deepEqual(reasons({ disks: [disk('ide', 0, 0), disk('ide', 0, 1)] }), []);
  assert.deepEqual(reasons({ disks: [disk('ide', 0, 0), disk('scsi', 1, 3)] }), [
    lacks('scsi1:3', pages),
  ]);
  const both = [disk('scsi', 0, 0), disk('scsi', 3, 6)];
  assert.deepEqual(reasons({ disks: both }), [lacks('scsi0:0', boots), lacks('scsi3:6', pages)]);
  const firmware = { ...profiles.classic.hardware.firmware, bootOrder: ['network' as const] };
  assert.deepEqual(reasons({ disks: both, firmware }), [
    lacks('scsi0:0', pages),
    lacks('scsi3:6', pages),
  ]);
  assert.equal(exporting('virtual-server-2005', { disks: both }).of('blocking'), '');
});

test('CMP-12 disks on SCSI are moved to free IDE positions once it is confirmed that the guest has the driver', () => {
  const disks = [disk('scsi', 0, 0), disk('scsi', 0, 1), disk('ide', 0, 1)];
  const asked = exporting('virtual-pc-2004', { disks });
  assert.match(
    asked.of('blocking'),
    /has no place scsi0:0.*the guest boots from it.*--move-to-ide/,
  );
  assert.match(asked.of('blocking'), /has no place scsi0:1.*a page file or swap space/);
  const moved = exporting('virtual-pc-2004', { disks }, { moveToIde: true });
  assert.equal(moved.of('blocking'), '');
  assert.deepEqual(
    moved.machine.disks.map((one) => placeName({ ...one, bus: 'ide' })),
    ['ide0:0', 'ide1:1', 'ide0:1'],
  );
  assert.match(
    moved.of('adapted'),
    /disk scsi0:0: it is at ide0:0, for which the guest has the driver/,
  );
  const full = exporting(
    'virtual-pc-2004',
    { disks: [...disks, disk('scsi', 0, 2)] },
    { moveToIde: true },
  );
  assert.match(full.of('blocking'), /scsi0:2.*there is no free IDE position/);
});

test('CMP-16 an export for Virtual PC demands exactly one CD drive at the secondary channel, position 0, where the classic profile has it', () => {
  const drive = (controller: number, position: number) =>
    ({ bus: 'ide', controller, position, medium: null }) as const;
  assert.deepEqual(profiles.classic.hardware.opticalDrives.map(placeName), ['ide1:0']);
  assert.equal(exporting('virtual-pc-2004', {}).of('blocking'), '');
  for (const [opticalDrives, has] of [
    [[], 'none'],
    [[drive(0, 1)], 'ide0:1'],
    [[drive(1, 0), drive(1, 1)], 'ide1:0, ide1:1'],
  ] as const) {
    const { of } = exporting('virtual-pc-2004', { opticalDrives: [...opticalDrives] });
    assert.match(
      of('blocking'),
      new RegExp(`demands exactly one CD drive, at ide1:0; the vm has ${has}`),
    );
  }
  assert.equal(
    exporting('virtual-server-2005', { opticalDrives: [drive(0, 1)] }).of('blocking'),
    '',
  );
});

test('limits of disks are told as left out where another product is to run the vm', () => {
  const limited = { ...disk('ide', 0, 0), limits: { reads: { perSecond: 9 } } };
  const exported = exporting('ovf', { disks: [limited, disk('scsi', 0, 0)] });
  assert.deepEqual(exported.of('dropped').match(/limits of the disk \S+:/g), [
    'limits of the disk ide0:0:',
  ]);
});

test('ESXi counts operations of a disk in a second, those above 32 KiB as several; what else limits it is told as left out', () => {
  const limits = {
    bytes: { perSecond: 4096 },
    operations: { perSecond: 500, burstPerSecond: 900 },
    operationSizeBytes: 32 * 1024,
  };
  const esx = exporting('vmware-esx', {
    disks: [
      { ...disk('scsi', 0, 0), limits },
      { ...disk('scsi', 0, 1), limits: { operations: { perSecond: 7 } } },
      disk('scsi', 0, 2),
    ],
  });
  const counted = esx.machine.disks.map(({ operationsPerSecond }) => operationsPerSecond);
  assert.deepEqual(counted, [500, 7, undefined]);
  assert.match(esx.of('carried'), /limits of the disk scsi0:0 500 operations per second/);
  assert.deepEqual(esx.of('dropped').match(/limits of the disk [^:]*:\d: [^:]*/g), [
    'limits of the disk scsi0:0: bytes, bursts',
  ]);
  assert.deepEqual(esx.of('adapted').match(/limits of the disk \S+: [^:]*/g), [
    'limits of the disk scsi0:1: large operations counted as one',
  ]);
  const elsewhere = exporting('vmware-workstation', { disks: [{ ...disk('scsi', 0, 0), limits }] });
  assert.equal(elsewhere.machine.disks[0]?.operationsPerSecond, undefined);
  assert.match(elsewhere.of('dropped'), /limits of the disk scsi0:0:/);
});
