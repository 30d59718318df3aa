/**
 * Definitions against golden command lines, one argument per line. `GANTRY_UPDATE_GOLDEN=1` writes them
 * anew; a reviewer reads the difference.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema, type VmDefinition } from '#api';
import { giB, miB } from '#lib';
import { buildCommandLine } from '#qemu';
import { newMachineFile, type MachineFile } from '../../../machine/record.ts';
import { runPlaces } from '../places.ts';
import {
  bootIds,
  guestFacts,
  makeMachineSpec,
  portKey,
  type Surroundings,
} from './machine-spec.ts';

const id = '11111111-2222-4333-8444-555555555555';

const around: Surroundings = {
  places: runPlaces('/run/gantry', id),
  acceleration: 'kvm',
  chipsetVersion: '7.2',
  firmware: { kind: 'bios' },
  tpm: undefined,
  renderNodePath: undefined,
  folderSharing: 'offered',
  sandbox: 'on',
  bootOnce: undefined,
  without: [],
  freePorts: new Map(),
  taps: new Map(),
  stateFrom: 'power-on',
  nowMs: Date.UTC(2026, 2, 1, 12),
  zoneMinutes: -60,
  hostName: 'carrier',
  productVersion: '1.2.3',
};

const serial = '0544-5904-3417-7151-3013-2390-69';

function define(
  profile: 'classic' | 'modern',
  hardware: object = {},
  rest: object = {},
): VmDefinition {
  return vmDefinitionSchema.parse({
    id,
    name: 'web-1',
    hardware: {
      ...profiles[profile].hardware,
      bios: {
        chassis: { assetTag: serial, serialNumber: serial },
        baseBoard: { serialNumber: serial },
      },
      ...hardware,
    },
    ...rest,
  });
}

function machine(definition: VmDefinition, change: Partial<MachineFile> = {}): MachineFile {
  const place = { folder: '/vms/web-1', file: '/vms/web-1/web-1.json' };
  return { ...newMachineFile(definition, 1, place, 0), ...change };
}

function argv(file: MachineFile, change: Partial<Surroundings> = {}): string[] {
  return buildCommandLine(makeMachineSpec(file, { ...around, ...change }));
}

function compareGolden(name: string, args: readonly string[]): void {
  const path = fileURLToPath(new URL(`golden/${name}.argv`, import.meta.url));
  const text = `${args.join('\n')}\n`;
  if (process.env['GANTRY_UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  assert.equal(text, readFileSync(path, 'utf8'));
}

const disk = (bus: string, position: number, more: object = {}) => ({
  bus,
  position,
  file: `${bus}${position}.qcow2`,
  format: 'qcow2',
  sizeBytes: giB,
  ...more,
});

test('the modern profile, with disks, network, forwards and host facts', () => {
  const definition = define(
    'modern',
    {
      disks: [disk('virtio', 0), disk('scsi', 1, { serial: 'DATA', cache: 'none' })],
      opticalDrives: [
        { bus: 'sata', position: 0, medium: { kind: 'file', file: '/images/a.iso' } },
      ],
      adapters: [
        {
          slot: 0,
          model: 'virtio',
          mac: '52:47:59:00:00:01',
          attachment: {
            kind: 'user',
            forwards: [
              { hostPort: 2222, guestPort: 22 },
              { hostPort: 0, guestPort: 80 },
            ],
          },
        },
      ],
      memory: { sizeBytes: 512 * miB, maxBytes: 2 * giB },
      processor: {
        ...profiles.modern.hardware.processor,
        count: 2,
        maxCount: 4,
        coresPerSocket: 2,
      },
    },
    { settings: { guestInformation: { shareHostFacts: true } } },
  );
  const freePorts = new Map([[portKey(0, 1), 34567]]);
  compareGolden('modern', argv(machine(definition), { freePorts }));
});

test('the classic profile as a machine of 2005', () => {
  const definition = define('classic', {
    disks: [disk('ide', 0), disk('scsi', 0)],
    floppy: { medium: { kind: 'file', file: 'boot.img' }, readOnly: true },
    adapters: [{ slot: 0, model: 'tulip', mac: '52:47:59:00:00:02', attachment: { kind: 'none' } }],
    serialPorts: [{ kind: 'console' }, { kind: 'file', file: 'com2.txt' }],
    parallelPort: { kind: 'file', file: 'lpt1.txt' },
    sound: 'sb16',
  });
  compareGolden('classic', argv(machine(definition), { acceleration: 'tcg' }));
});

test('DISK-15 raw devices are handed to the process open, by the numbers of their places', () => {
  const byId = '/dev/disk/by-id';
  const device = {
    kind: 'device',
    format: 'raw',
    cache: 'none',
    drive: 'wwn naa.5000c500a1b2c3d4',
  };
  const definition = define('modern', {
    disks: [
      disk('virtio', 0),
      disk('scsi', 3, { ...device, file: `${byId}/wwn-0x5000c500a1b2c3d4` }),
      disk('virtio', 2, { ...device, file: `${byId}/usb-Stick_1-0:0`, readOnly: true }),
    ],
  });
  compareGolden('raw-devices', argv(machine(definition)));
});

test('two hosts differ in paths and accelerator alone', () => {
  const file = machine(define('modern', { disks: [disk('virtio', 0)] }));
  const here = argv(file);
  const there = argv(file, {
    places: runPlaces('/run/user/1000/gantry', id),
    hostName: 'other',
    nowMs: 0,
  });
  const different = here.filter((argument, index) => argument !== there[index]);
  for (const argument of different) assert.match(argument, /\/run\/gantry\//);
});

test('devices keep their places when others come and go', () => {
  const one = argv(machine(define('modern', { disks: [disk('virtio', 3)] })));
  const two = argv(machine(define('modern', { disks: [disk('virtio', 0), disk('virtio', 3)] })));
  const device = one.find((argument) => argument.includes('"id":"disk-virtio0-3"'));
  assert.ok(
    device !== undefined && two.includes(device.replace(/"bootindex":\d+/, '"bootindex":2')),
  );
});

test('HW-39 HW-08 the boot order names devices by kind, in the order of their places', () => {
  const definition = define('modern', { disks: [disk('virtio', 0), disk('virtio', 1)] });
  const spec = makeMachineSpec(machine(definition), around);
  assert.deepEqual(spec.boot.order, ['disk-virtio0-0', 'disk-virtio0-1', 'cd-sata0-0']);
  const once = makeMachineSpec(machine(definition), { ...around, bootOnce: 'cd' });
  assert.equal(once.boot.once, 'cd-sata0-0');
  assert.deepEqual(bootIds(define('classic').hardware, 'floppy'), ['floppy']);
});

test('an adapter has its boot ROM only where something boots from the network', () => {
  const adapters = [
    { slot: 0, model: 'virtio', mac: '52:47:59:00:00:01', attachment: { kind: 'user' } },
  ];
  const firmware = { ...profiles.modern.hardware.firmware, bootOrder: ['disk'] };
  const file = machine(define('modern', { adapters, firmware }));
  assert.equal(makeMachineSpec(file, around).adapters[0]?.bootRom, 'absent');
  const once = makeMachineSpec(file, { ...around, bootOnce: 'network' });
  assert.equal(once.adapters[0]?.bootRom, 'present');
});

test('SEC-10 a guest reads of its host only what its setting allows', () => {
  const closed = define('modern');
  assert.deepEqual(guestFacts(closed, around), { name: 'web-1', uuid: id });
  const told = (args: readonly string[]): boolean =>
    args.some((argument) => /carrier|1\.2\.3/.test(argument));
  assert.ok(!told(argv(machine(closed))), 'neither the name of the host nor the product version');
  const open = define('modern', {}, { settings: { guestInformation: { shareHostFacts: true } } });
  assert.deepEqual(guestFacts(open, around), {
    name: 'web-1',
    uuid: id,
    host: 'carrier',
    product: '1.2.3',
  });
  assert.ok(told(argv(machine(open))));
});

test('the clock that a guest or an administrator set is kept, in universal and local time', () => {
  const clockOf = (file: MachineFile) => makeMachineSpec(file, around).clock;
  assert.deepEqual(clockOf(machine(define('modern'))), { kind: 'utc' });
  assert.deepEqual(clockOf(machine(define('classic'))), { kind: 'local' });
  const set = machine(define('modern'), { clockOffsetSeconds: -3600 });
  assert.deepEqual(clockOf(set), { kind: 'at', start: '2026-03-01T11:00:00' });
  const local = machine(define('classic'), { clockOffsetSeconds: 60 });
  assert.deepEqual(clockOf(local), { kind: 'at', start: '2026-03-01T13:01:00' });
});

test('a device that is done without is not in the machine', () => {
  const definition = define('modern', { serialPorts: [{ kind: 'device', device: '/dev/ttyS5' }] });
  const without = makeMachineSpec(machine(definition), { ...around, without: ['/dev/ttyS5'] });
  assert.deepEqual(without.serialPorts, [{ position: 0, target: { kind: 'none' } }]);
});

test('memory that was plugged in is no part of what the machine begins with', () => {
  const definition = define('modern', { memory: { sizeBytes: giB, maxBytes: 2 * giB } });
  const file = machine(definition, { pluggedMemory: [256 * miB, 256 * miB] });
  assert.equal(makeMachineSpec(file, around).memory.sizeBytes, 512 * miB);
});

/** The value after an option, of the first that is there. */
function valueOf(args: readonly string[], option: string): string {
  return args[args.indexOf(option) + 1] ?? '';
}

const devicesOf = (args: readonly string[], driver: string): string[] =>
  args.filter((argument) => argument.includes(`"driver":"${driver}"`));

test('HW-05 by default the guest sees a processor like the one of its host, or a named model', () => {
  const { processor } = profiles.modern.hardware;
  const cpu = (model: string | undefined, acceleration: 'kvm' | 'tcg' = 'kvm'): string => {
    const definition = define('modern', { processor: { ...processor, model } });
    return valueOf(argv(machine(definition), { acceleration }), '-cpu').split(',')[0] ?? '';
  };
  assert.equal(cpu(undefined), 'host');
  assert.equal(cpu(undefined, 'tcg'), 'max');
  for (const profile of ['classic', 'modern'] as const)
    assert.equal(profiles[profile].hardware.processor.model, 'host');
  assert.equal(cpu('Nehalem'), 'Nehalem');
  assert.equal(cpu('Nehalem', 'tcg'), 'Nehalem');
});

test('one 1.44 MB floppy drive with an image, with the drive of the host, empty, or none', () => {
  const floppyOf = (floppy: object | null): string[] =>
    devicesOf(argv(machine(define('classic', { floppy }))), 'floppy');
  const file = (medium: object | null): string =>
    argv(machine(define('classic', { floppy: { medium } }))).join('\n');
  for (const medium of [
    null,
    { kind: 'file', file: '/images/a.img' },
    { kind: 'device', device: '/dev/fd0' },
  ]) {
    const drives = floppyOf({ medium });
    assert.equal(drives.length, 1);
    assert.match(drives[0] ?? '', /"drive-type":"144"/);
    assert.equal(/"drive":/.test(drives[0] ?? ''), medium !== null);
  }
  assert.match(file({ kind: 'file', file: '/images/a.img' }), /"filename":"\/images\/a\.img"/);
  assert.match(file({ kind: 'device', device: '/dev/fd0' }), /"filename":"\/dev\/fd0"/);
  assert.deepEqual(floppyOf(null), []);
  assert.throws(() => define('classic', { floppy: [{ medium: null }, { medium: null }] }));
});

test('CD drives at every place of the buses, with an image, with a drive of the host, or empty', () => {
  const media = [
    null,
    { kind: 'file', file: '/images/a.iso' },
    { kind: 'device', device: '/dev/sr0' },
  ];
  const places = (bus: string, controllers: number, positions: number): object[] =>
    Array.from({ length: controllers * positions }, (_, index) => ({
      bus,
      controller: Math.floor(index / positions),
      position: index % positions,
      medium: media[index % media.length],
    }));
  const pc = argv(
    machine(
      define('classic', { opticalDrives: [...places('ide', 2, 2), ...places('scsi', 4, 7)] }),
    ),
  );
  assert.equal(devicesOf(pc, 'ide-cd').length, 4);
  assert.equal(devicesOf(pc, 'scsi-cd').length, 28);
  const q35 = argv(
    machine(
      define('modern', { opticalDrives: [...places('sata', 1, 6), ...places('scsi', 4, 7)] }),
    ),
  );
  assert.equal(devicesOf(q35, 'ide-cd').length, 6);
  assert.equal(devicesOf(q35, 'scsi-cd').length, 28);
  const drives = devicesOf(q35, 'ide-cd');
  assert.deepEqual(
    drives.map((drive) => /"drive":/.test(drive)),
    [false, true, true, false, true, true],
  );
  for (const path of ['/images/a.iso', '/dev/sr0'])
    assert.ok(q35.some((argument) => argument.includes(`"filename":"${path}"`)));
});

test('one parallel port, mapped to the port of the host or to a file', () => {
  const text = (parallelPort: object): string =>
    argv(machine(define('classic', { parallelPort }))).join('\n');
  const toFile = text({ kind: 'file', file: 'lpt1.txt' });
  assert.match(toFile, /^file,id=board-parallel-end,path=\/vms\/web-1\/lpt1\.txt/m);
  const toPort = text({ kind: 'device', device: '/dev/parport0' });
  assert.match(toPort, /^parallel,id=board-parallel-end,path=\/dev\/parport0/m);
  for (const one of [toFile, toPort])
    assert.equal(one.match(/"driver":"isa-parallel"/g)?.length, 1);
  assert.doesNotMatch(text({ kind: 'none' }), /parallel/);
  assert.throws(() => define('classic', { parallelPort: [{ kind: 'none' }, { kind: 'none' }] }));
});

test('the hypervisor is visible by default and is hidden where that is asked for', () => {
  const { processor } = profiles.modern.hardware;
  const cpu = (hideHypervisor: boolean | undefined, acceleration: 'kvm' | 'tcg'): string => {
    const definition = define('modern', { processor: { ...processor, hideHypervisor } });
    return valueOf(argv(machine(definition), { acceleration }), '-cpu');
  };
  assert.doesNotMatch(cpu(undefined, 'kvm'), /hypervisor=off|kvm=off/);
  assert.equal(cpu(true, 'kvm'), 'host,hypervisor=off,kvm=off');
  assert.equal(cpu(true, 'tcg'), 'max,hypervisor=off,tcg-cpuid=off');
});

test('host and additions speak without a network, over a socket file of this vm alone', () => {
  const other = '99999999-2222-4333-8444-555555555555';
  const definition = define('modern', { adapters: [] });
  const args = argv(machine(definition));
  const ends = args.filter((argument) => argument.includes('board-channel-end'));
  const path = runPlaces('/run/gantry', id).channel;
  assert.equal(ends[0], `socket,id=board-channel-end,path=${path},server=on,wait=off`);
  assert.match(ends[1] ?? '', /"driver":"virtserialport".*"name":"org\.qemu\.guest_agent\.0"/);
  assert.ok(!args.includes('-netdev') && !args.includes('-nic'));
  assert.doesNotMatch(args.join('\n'), /tcp:|host=|vsock/);
  assert.notEqual(runPlaces('/run/gantry', other).channel, path);
});
