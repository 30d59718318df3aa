import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '#lib';
import { bootIndexes } from './boot.ts';
import { buildCommandLine } from './build.ts';
import { clockAt } from './board.ts';
import { checkMachine } from './check.ts';
import { escapeOption, formatOptions } from './options.ts';
import type { MachineSpec } from './spec.ts';
import type { Adapter, SerialPort } from './spec-ports.ts';
import type { Attachment, Disk, Image, OpticalDrive } from './spec-storage.ts';

const folder = join(import.meta.dirname, '../../../test/golden/qemu');
const bare = JSON.parse(readFileSync(join(folder, 'classic-bare.json'), 'utf8')) as MachineSpec;

function disk(id: string, attach: Attachment, change: Partial<Disk> = {}): Disk {
  const image: Image = { source: { kind: 'file', path: '/vm/a' }, format: 'raw' };
  return { id, attach, image, access: 'read-write', cache: 'none', discard: 'ignore', ...change };
}

function adapter(id: string, position: number, change: Partial<Adapter> = {}): Adapter {
  const mac = `52:54:00:00:00:${String(position).padStart(2, '0')}`;
  return {
    id,
    position,
    model: 'virtio',
    mac,
    network: { kind: 'none' },
    bootRom: 'absent',
    ...change,
  };
}

const ide = (channel: number, position: number): Attachment => ({ bus: 'ide', channel, position });
const scsi = (controller: number, target: number): Attachment => ({
  bus: 'scsi',
  controller,
  target,
});
const serial = (position: number): SerialPort => ({ position, target: { kind: 'none' } });

/** The settings that are named when this is wrong. */
function complaints(change: Partial<MachineSpec>): readonly string[] {
  try {
    checkMachine({ ...bare, ...change });
    return [];
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'invalid');
    assert.equal(error.reasons.length, (error.facts['settings'] as string[]).length);
    return error.facts['settings'] as string[];
  }
}

void test('HW-56 what the virt board does not have of a PC is named', () => {
  const arm = JSON.parse(readFileSync(join(folder, 'arm.json'), 'utf8')) as MachineSpec;
  const lacking: readonly (readonly [string, Partial<MachineSpec>])[] = [
    ['firmware', { firmware: { kind: 'bios' } }],
    ['floppyDrive', { floppyDrive: { id: 'a', access: 'read-only' } }],
    ['parallelPort', { parallelPort: { kind: 'file', path: '/vm/lpt' } }],
    ['serialPorts', { serialPorts: [serial(0), serial(1)] }],
    ['display', { display: 'standard' }],
    ['renderNodePath', { renderNodePath: '/dev/dri/renderD128' }],
    ['sound', { sound: 'sb16' }],
    ['usbControllers', { usbControllers: ['usb3', 'usb2'] }],
    ['disks', { disks: [...arm.disks, disk('e', { bus: 'sata', port: 0 })] }],
    ['disks[2].attach', { disks: [...arm.disks, disk('e', ide(0, 0))] }],
    ['processor.count', { processor: { ...arm.processor, count: 1 } }],
    ['hypervisorSignature', { hypervisorSignature: 'hidden' }],
    ['generationId', { generationId: arm.uuid }],
  ];
  assert.deepEqual(complaints(arm), []);
  for (const [setting, change] of lacking) {
    assert.deepEqual(complaints({ ...arm, ...change }), [setting]);
  }
});

void test('HW-09 IDE takes four drives in any mix and no fifth', () => {
  const places = [ide(0, 0), ide(0, 1), ide(1, 0), ide(1, 1)];
  const disks = places.slice(0, 2).map((attach, nth) => disk(`d${nth}`, attach));
  const opticalDrives: OpticalDrive[] = places
    .slice(2)
    .map((attach, nth) => ({ id: `cd${nth}`, attach }));
  assert.deepEqual(complaints({ disks, opticalDrives }), []);
  assert.deepEqual(complaints({ disks: [...disks, disk('x', ide(1, 1))], opticalDrives }), [
    'opticalDrives[1].attach',
  ]);
  assert.deepEqual(complaints({ disks: [disk('x', ide(2, 0))] }), ['disks[0].attach']);
  assert.deepEqual(complaints({ disks: [disk('x', ide(0, 2))] }), ['disks[0].attach']);
  assert.deepEqual(complaints({ chipset: 'q35', disks: [disk('x', ide(0, 0))] }), [
    'disks[0].attach',
  ]);
});

void test('HW-10 classic SCSI takes four buses with seven disks each', () => {
  const controllers = [0, 1, 2, 3].map((position) => ({ position, model: 'lsi53c895a' }) as const);
  const disks = controllers.flatMap(({ position }) =>
    Array.from({ length: 7 }, (_, target) =>
      disk(`d${position}-${target}`, scsi(position, target)),
    ),
  );
  assert.deepEqual(complaints({ scsiControllers: controllers, disks }), []);
  const eighth = [...disks, disk('x', scsi(0, 7))];
  assert.deepEqual(complaints({ scsiControllers: controllers, disks: eighth }), [
    'disks[28].attach',
  ]);
  const fifth = [...controllers, { position: 4, model: 'lsi53c895a' } as const];
  assert.deepEqual(complaints({ scsiControllers: fifth }), ['scsiControllers']);
  assert.deepEqual(complaints({ disks: [disk('x', scsi(0, 0))] }), ['disks[0].attach']);
});

void test('HW-11 virtio-scsi lifts the limit of seven', () => {
  const scsiControllers = [{ position: 0, model: 'virtio-scsi' } as const];
  const disks = Array.from({ length: 256 }, (_, target) => disk(`d${target}`, scsi(0, target)));
  assert.deepEqual(complaints({ scsiControllers, disks }), []);
  const beyond = [disk('x', scsi(0, 256))];
  assert.deepEqual(complaints({ scsiControllers, disks: beyond }), ['disks[0].attach']);
});

void test('NET-12 HW-18 a vm has up to four classic adapters, more of the modern ones, or none', () => {
  assert.deepEqual(complaints({ adapters: [] }), []);
  for (const model of ['pcnet', 'tulip', 'rtl8139', 'e1000'] as const) {
    const four = [0, 1, 2, 3].map((nth) => adapter(`n${nth}`, nth, { model }));
    assert.deepEqual(complaints({ adapters: four }), []);
    const fifth = [...four, adapter('n4', 4, { model })];
    assert.deepEqual(complaints({ adapters: fifth }), ['adapters[4].position']);
  }
  const sixteen = Array.from({ length: 16 }, (_, nth) => adapter(`n${nth}`, nth));
  assert.deepEqual(complaints({ adapters: sixteen }), []);
});

void test('HW-15 there are two serial ports', () => {
  assert.deepEqual(complaints({ serialPorts: [serial(0), serial(1)] }), []);
  assert.deepEqual(complaints({ serialPorts: [serial(2)] }), ['serialPorts[0].position']);
  assert.deepEqual(complaints({ serialPorts: [serial(0), serial(0)] }), [
    'serialPorts[1].position',
  ]);
});

const wrong: readonly (readonly [setting: string, change: Partial<MachineSpec>])[] = [
  ['name', { name: 'a\nb' }],
  ['name', { name: '' }],
  ['uuid', { uuid: '6F1D0C1E-7A6B-4F0E-9D6A-0A4C5B1E2D3F' }],
  ['chipsetVersion', { chipsetVersion: '7.2,usb=on' }],
  ['processor.model', { processor: { ...bare.processor, model: 'host,kvm=off' } }],
  ['processor.count', { processor: { ...bare.processor, count: 2 } }],
  ['processor', { processor: { count: 1, sockets: 16, cores: 16, threads: 2, model: 'host' } }],
  [
    'processor.features.vmx=on,x',
    { processor: { ...bare.processor, features: { 'vmx=on,x': 'on' } } },
  ],
  ['memory.sizeBytes', { memory: { sizeBytes: 1_000_000 } }],
  ['memory.sizeBytes', { memory: { sizeBytes: 0 } }],
  ['memory.maxBytes', { memory: { sizeBytes: 2 ** 30, maxBytes: 2 ** 30, slots: 4 } }],
  ['memory.maxBytes', { memory: { sizeBytes: 2 ** 30, maxBytes: 2 ** 31 } }],
  [
    'memory.modules[0].sizeBytes',
    {
      memory: {
        sizeBytes: 2 ** 30,
        maxBytes: 2 ** 32,
        slots: 1,
        modules: [{ slot: 0, sizeBytes: 2 ** 20 }],
      },
    },
  ],
  [
    'memory.modules[0].slot',
    {
      memory: {
        sizeBytes: 2 ** 30,
        maxBytes: 2 ** 32,
        slots: 1,
        modules: [{ slot: 1, sizeBytes: 2 ** 27 }],
      },
    },
  ],
  [
    'memory.modules',
    {
      memory: {
        sizeBytes: 2 ** 30,
        maxBytes: 2 ** 31,
        slots: 1,
        modules: [{ slot: 0, sizeBytes: 2 ** 31 }],
      },
    },
  ],
  ['clock.start', { clock: { kind: 'at', start: '2026-03-01' } }],
  ['boot.order', { boot: { order: ['none'] } }],
  ['boot.once', { boot: { order: [], once: 'none' } }],
  ['tablet', { tablet: 'usb3' }],
  ['usbControllers', { usbControllers: ['usb1', 'usb1'] }],
  ['monitorSocketPath', { monitorSocketPath: `/${'x'.repeat(107)}` }],
  ['vnc.socketPath', { vnc: { socketPath: 'relative' } }],
  ['identity.boardSerial', { identity: { boardSerial: 'a\u0000b' } }],
  [
    'firmwareEntries[0].name',
    { firmwareEntries: [{ name: 'etc/x', content: { kind: 'text', text: '' } }] },
  ],
  ['disks[0].id', { disks: [disk('board-x', ide(0, 0))] }],
  ['disks[0].id', { disks: [disk('a,b', ide(0, 0))] }],
  ['disks[0].serial', { disks: [disk('a', ide(0, 0), { serial: 'x'.repeat(21) })] }],
  ['disks[0].access', { disks: [disk('a', ide(0, 0), { access: 'read-only' })] }],
  ['adapters[0].mac', { adapters: [adapter('a', 0, { mac: '53:54:00:00:00:01' })] }],
  ['adapters[0].bootRom', { adapters: [adapter('a', 0, { model: 'tulip', bootRom: 'present' })] }],
  [
    'adapters[0].network.interfaceName',
    {
      adapters: [
        adapter('a', 0, { network: { kind: 'tap', interfaceName: '../x', vhost: 'off' } }),
      ],
    },
  ],
  [
    'adapters[0].network.forwards[0]',
    {
      adapters: [
        adapter('a', 0, {
          network: {
            kind: 'user',
            reach: 'outside',
            forwards: [{ protocol: 'tcp', hostAddress: '::', hostPort: 1, guestPort: 1 }],
          },
        }),
      ],
    },
  ],
  [
    'serialPorts[0].target.path',
    { serialPorts: [{ position: 0, target: { kind: 'socket', path: 'x' } }] },
  ],
  ['vnc.socketPath', { vnc: { socketPath: '/vm/monitor.sock' } }],
];

for (const [setting, change] of wrong) {
  void test(`${setting} is named when it is wrong: ${JSON.stringify(change).slice(0, 60)}`, () => {
    assert.deepEqual(complaints(change), [setting]);
  });
}

void test('VM-71 everything that is wrong is reported at once', () => {
  const settings = complaints({ name: '', uuid: 'x', memory: { sizeBytes: 1 } });
  assert.deepEqual(settings, ['name', 'uuid', 'memory.sizeBytes']);
});

void test('secure boot needs the chip set that can protect it', () => {
  const firmware = {
    kind: 'uefi',
    codePath: '/a',
    varsPath: '/b',
    secureBoot: 'required',
  } as const;
  assert.deepEqual(complaints({ firmware }), ['firmware.secureBoot']);
  assert.deepEqual(complaints({ firmware, chipset: 'q35' }), []);
});

/** The argument that describes a device. */
function deviceOf(spec: MachineSpec, id: string): string | undefined {
  return buildCommandLine(spec).find((argument) => argument.includes(`"id":"${id}"`));
}

void test('a device keeps its address when others come and go', () => {
  for (const chipset of ['pc', 'q35'] as const) {
    const kept = [adapter('kept', 5), disk('kept-disk', { bus: 'virtio', position: 9 })] as const;
    const alone: MachineSpec = { ...bare, chipset, adapters: [kept[0]], disks: [kept[1]] };
    const crowd: MachineSpec = {
      ...alone,
      scsiControllers: [{ position: 0, model: 'virtio-scsi' }],
      adapters: [adapter('n0', 0), adapter('n3', 3), kept[0], adapter('n15', 15)],
      disks: [
        disk('d0', { bus: 'virtio', position: 0 }),
        kept[1],
        disk('d23', { bus: 'virtio', position: 23 }),
      ],
      display: 'virtio',
      balloon: 'virtio',
      usbControllers: ['usb1', 'usb2', 'usb3'],
    };
    for (const id of ['kept', 'kept-disk']) assert.equal(deviceOf(alone, id), deviceOf(crowd, id));
    // The guest counts bridges in the order of slots: those of the smaller machine come first.
    const bridgesOf = (spec: MachineSpec): readonly string[] =>
      buildCommandLine(spec).filter((argument) => /pcie-root-port|pci-bridge/.test(argument));
    const few = bridgesOf(alone);
    assert.deepEqual(bridgesOf(crowd).slice(0, few.length), few);
  }
});

void test('no two places on the buses are the same', () => {
  for (const chipset of ['pc', 'q35'] as const) {
    const spec: MachineSpec = {
      ...bare,
      chipset,
      scsiControllers: [0, 1, 2, 3].map((position) => ({ position, model: 'virtio-scsi' })),
      adapters: Array.from({ length: 16 }, (_, nth) => adapter(`n${nth}`, nth)),
      disks: [
        ...Array.from({ length: 24 }, (_, position) =>
          disk(`d${position}`, { bus: 'virtio', position }),
        ),
        disk('sata', { bus: 'sata', port: 0 }),
      ],
      display: 'standard',
      sound: 'hda',
      balloon: 'virtio',
      randomSource: 'virtio',
      usbControllers: ['usb1', 'usb2', 'usb3'],
      guestChannel: { socketPath: '/vm/agent' },
    };
    const places = buildCommandLine(spec)
      .filter((argument) => argument.startsWith('{') && argument.includes('"addr"'))
      .map((argument) => {
        const { bus, addr } = JSON.parse(argument) as { bus: string; addr: string };
        return `${bus} ${addr}`;
      });
    assert.ok(places.length > 45);
    assert.equal(new Set(places).size, places.length);
  }
});

void test('the one-time boot device comes first and leaves the others where they are', () => {
  const spec: MachineSpec = {
    ...bare,
    disks: [disk('a', ide(0, 0)), disk('b', ide(0, 1)), disk('c', ide(1, 0))],
    boot: { order: ['a', 'b'], once: 'c' },
  };
  assert.deepEqual(
    [...bootIndexes(spec)],
    [
      ['a', 1],
      ['b', 2],
      ['c', 0],
    ],
  );
  assert.deepEqual(
    [...bootIndexes(spec, 'after')],
    [
      ['a', 1],
      ['b', 2],
    ],
  );
});

void test('HW-49 a clock that was set keeps its offset', () => {
  const noon = Date.UTC(2026, 2, 1, 12);
  assert.deepEqual(clockAt(noon, -3600), { kind: 'at', start: '2026-03-01T11:00:00' });
});

void test('commas within values are doubled', () => {
  assert.equal(escapeOption('a,b,,c'), 'a,,b,,,,c');
  assert.equal(formatOptions('x,y', { a: 'b,c', none: undefined, n: 1 }), 'x,,y,a=b,,c,n=1');
});
