import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adapterSchema,
  hardwareSchema,
  placeName,
  profiles,
  type Hardware,
  type ExportTarget,
  type VmHandOut,
} from '#api';
import { giB, miB } from '#lib';
import { makeDefinition } from '../../testing/fake-agent.ts';
import { exportMachine, type Exported } from './export-machine.ts';
import { exportProfiles } from './export-profiles.ts';
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
    exportProfiles[as],
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
