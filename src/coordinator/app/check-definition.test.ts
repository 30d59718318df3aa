import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hardwareSchema,
  profiles,
  vmDefinitionSchema,
  type Disk,
  type Hardware,
  type VmDefinition,
  plainPort,
} from '#api';
import { giB, isFault, miB } from '#lib';
import { checkDefinition, parseDefinition } from './check-definition.ts';

function make(hardware: Partial<Hardware> = {}, more: Partial<VmDefinition> = {}): VmDefinition {
  return vmDefinitionSchema.parse({
    id: '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f',
    name: 'web-1',
    hardware: { ...profiles.modern.hardware, ...hardware },
    ...more,
  });
}

const disk = {
  bus: 'virtio',
  controller: 0,
  position: 0,
  file: 'a.qcow2',
  format: 'qcow2',
  sizeBytes: 1024,
  readOnly: false,
  shared: false,
  discard: true,
  cache: 'writeback',
  serial: '',
} as const;
const adapter = {
  slot: 0,
  model: 'virtio',
  mac: '52:00:00:00:00:01',
  macMode: 'static',
  link: 'up',
  attachment: { kind: 'none' },
  optional: false,
  ...plainPort,
} as const;

const share = { slot: 0, name: 'docs', hostPath: '/srv/docs', readOnly: true } as const;

test('a vm without any disk and without any network is right', () => {
  assert.deepEqual(checkDefinition(make({ disks: [], adapters: [] })), []);
});

const { processor, memory, firmware } = profiles.modern.hardware;
const wrong: readonly (readonly [string, VmDefinition, string])[] = [
  [
    'two disks at one place',
    make({ disks: [disk, { ...disk, file: 'b.qcow2' }] }),
    'hardware/disks/1',
  ],
  [
    'a disk where the CD drive is',
    make({ disks: [{ ...disk, bus: 'sata' }] }),
    'hardware/opticalDrives/0',
  ],
  [
    'one file as two disks',
    make({ disks: [disk, { ...disk, position: 1 }] }),
    'hardware/disks/1/file',
  ],
  [
    'a controller that the bus does not have',
    make({ disks: [{ ...disk, controller: 1 }] }),
    'hardware/disks/0/controller',
  ],
  [
    'a position that the bus does not have',
    make({ disks: [{ ...disk, bus: 'ide', position: 2 }] }),
    'hardware/disks/0/position',
  ],
  [
    'a CD drive on virtio',
    make({ opticalDrives: [{ bus: 'virtio', controller: 0, position: 0, medium: null }] }),
    'hardware/opticalDrives/0/bus',
  ],
  [
    'two adapters in one slot',
    make({ adapters: [adapter, { ...adapter, mac: '52:00:00:00:00:02' }] }),
    'hardware/adapters/1/slot',
  ],
  [
    'one address twice',
    make({ adapters: [adapter, { ...adapter, slot: 1 }] }),
    'hardware/adapters/1/mac',
  ],
  [
    'a limit in a user-mode network',
    make({
      adapters: [
        {
          ...adapter,
          attachment: { kind: 'user', restrict: false, bootFile: null, forwards: [] },
          bandwidth: { inboundBitsPerSecond: 1e6, outboundBitsPerSecond: null },
        },
      ],
    }),
    'hardware/adapters/0/bandwidth',
  ],
  [
    'two shared folders in one slot',
    make({ sharedFolders: [share, { ...share, name: 'other' }] }),
    'hardware/sharedFolders/1/slot',
  ],
  [
    'two shared folders of one name',
    make({ sharedFolders: [share, { ...share, slot: 1 }] }),
    'hardware/sharedFolders/1/name',
  ],
  ['a USB tablet without USB', make({ usb: 'none', tablet: true }), 'hardware/tablet'],
  [
    'secure boot with a BIOS',
    make({ firmware: { ...firmware, secureBoot: true } }),
    'hardware/firmware/secureBoot',
  ],
  ['a guest that nobody knows', make({}, { guestOs: 'cp-m' }), 'guestOs'],
  [
    'fewer processors at most than there are',
    make({ processor: { ...processor, count: 4, maxCount: 2 } }),
    'hardware/processor/maxCount',
  ],
  [
    'sockets that are not full',
    make({ processor: { ...processor, count: 3, coresPerSocket: 2 } }),
    'hardware/processor/coresPerSocket',
  ],
  [
    'less memory at most than there is',
    make({ memory: { ...memory, maxBytes: memory.sizeBytes / 2 } }),
    'hardware/memory/maxBytes',
  ],
  [
    'a reserve above the maximum',
    make({}, { resources: { cpuWeight: 100, cpuReservePercent: 60, cpuMaximumPercent: 50 } }),
    'resources/cpuReservePercent',
  ],
  [
    'more memory than a Cirrus has',
    make({ graphics: { adapter: 'cirrus', videoMemoryBytes: 16 * miB, acceleration3d: false } }),
    'hardware/graphics/videoMemoryBytes',
  ],
  [
    'video memory that is no power of two',
    make({ graphics: { adapter: 'std', videoMemoryBytes: 24 * miB, acceleration3d: false } }),
    'hardware/graphics/videoMemoryBytes',
  ],
];
for (const [what, definition, path] of wrong)
  test(`VM-71 ${what} is refused with the path ${path}`, () => {
    assert.deepEqual(
      checkDefinition(definition).map((issue) => issue.path),
      [path],
    );
    assert.throws(
      () => parseDefinition(definition, 'web-1'),
      (error) =>
        isFault(error, 'invalid') &&
        (error.facts['issues'] as { path: string }[])[0]?.path === path,
    );
  });

test('a shared disk is raw, and past the cache of its host', () => {
  const shared = { ...disk, shared: true, format: 'raw', cache: 'none' } as const;
  const wrongOf = (change: Partial<Disk>): readonly string[] =>
    checkDefinition(make({ disks: [{ ...shared, ...change }] })).map(
      ({ path, problem }) => `${path} ${problem}`,
    );
  assert.deepEqual(wrongOf({}), []);
  assert.match(
    wrongOf({ format: 'qcow2' }).join(),
    /^hardware\/disks\/0\/format a shared disk is raw/,
  );
  for (const cache of ['writeback', 'writethrough', 'unsafe'] as const)
    assert.match(wrongOf({ cache }).join(), /^hardware\/disks\/0\/cache .* the cache none/);
});

test('a disk of another product is attached read-only where it is only read, and has undo disks else', () => {
  const undoDisks = { enabled: true, onTurnOff: 'keep' } as const;
  const wrongOf = (change: Partial<Disk>, settings: object = {}): string => {
    const parsed = vmDefinitionSchema.parse({ ...make(), settings });
    return checkDefinition(make({ disks: [{ ...disk, ...change }] }, { settings: parsed.settings }))
      .map(({ path, problem }) => `${path} ${problem}`)
      .join();
  };
  assert.equal(wrongOf({ format: 'vhd' }), '');
  assert.match(
    wrongOf({ format: 'vdi' }),
    /^hardware\/disks\/0\/format vdi is a format that is only/,
  );
  assert.equal(wrongOf({ format: 'vdi', readOnly: true }), '');
  assert.equal(wrongOf({ format: 'vhd' }, { undoDisks }), '');
});

test('DISK-55 a VHD on IDE has at most 127 GB, a larger one is advised to use SCSI, and other formats have no bound there', () => {
  const wrongOf = (change: Partial<Disk>) =>
    checkDefinition(make({ disks: [{ ...disk, bus: 'ide', ...change }] })).map(
      ({ path, problem }) => `${path} ${problem}`,
    );
  const vhd = { format: 'vhd', sizeBytes: 127 * giB } as const;
  assert.deepEqual(wrongOf(vhd), []);
  const larger = { ...vhd, sizeBytes: 127 * giB + 512 };
  assert.match(
    wrongOf(larger).join(),
    /^hardware\/disks\/0\/bus a VHD on IDE .* 127 GiB, .*: use scsi$/,
  );
  assert.deepEqual(wrongOf({ ...larger, bus: 'scsi' }), []);
  for (const format of ['qcow2', 'raw', 'vhdx', 'vmdk'] as const)
    assert.deepEqual(wrongOf({ ...larger, format }), [], format);
});

test('what was wrong before already is not held against another change', () => {
  const before = make({}, { guestOs: 'cp-m' });
  assert.equal(parseDefinition({ ...before, description: 'x' }, 'web-1', before).description, 'x');
  assert.throws(() => parseDefinition({ ...before, guestOs: 'cp-m-86' }, 'web-1', before));
});

test('a field that nobody knows is refused with its path', () => {
  const value = structuredClone(make()) as unknown as { hardware: Record<string, unknown> };
  value.hardware['turbo'] = true;
  assert.throws(
    () => parseDefinition(value, 'web-1'),
    (error) => isFault(error, 'invalid') && /turbo/.test(error.message),
  );
});

for (const name of ['firewire', 'ieee1394'])
  test(`HW-26 a definition that asks for ${name} is refused, and told that FireWire is not offered`, () => {
    const asking = { ...make(), hardware: { ...make().hardware, [name]: true } };
    assert.throws(
      () => parseDefinition(asking, 'web-1'),
      (error) =>
        isFault(error, 'invalid') &&
        error.message.includes(`hardware/${name}: FireWire (IEEE 1394) is not offered`),
    );
  });

const lackedByVirt: readonly (readonly [path: string, hardware: Partial<Hardware>])[] = [
  ['firmware/type', { firmware: { ...profiles.arm.hardware.firmware, type: 'bios' } }],
  ['firmware/secureBoot', { firmware: { ...profiles.arm.hardware.firmware, secureBoot: true } }],
  ['processor/maxCount', { processor: { ...profiles.arm.hardware.processor, maxCount: 2 } }],
  [
    'processor/hideHypervisor',
    { processor: { ...profiles.arm.hardware.processor, hideHypervisor: true } },
  ],
  ['floppy', { floppy: { medium: null, readOnly: false } }],
  ['parallelPort', { parallelPort: { kind: 'file', file: 'lpt1.out' } }],
  ['serialPorts/1', { serialPorts: [{ kind: 'console' }, { kind: 'console' }] }],
  ['usb', { usb: '2.0' }],
  [
    'opticalDrives/0/bus',
    { opticalDrives: [{ bus: 'ide', controller: 0, position: 0, medium: null }] },
  ],
  [
    'opticalDrives/0/bus',
    { opticalDrives: [{ bus: 'sata', controller: 0, position: 0, medium: null }] },
  ],
  ['graphics/adapter', { graphics: { ...profiles.arm.hardware.graphics, adapter: 'std' } }],
  [
    'graphics/acceleration3d',
    { graphics: { ...profiles.arm.hardware.graphics, acceleration3d: true } },
  ],
  ['sound', { sound: 'sb16' }],
];

test('HW-56 what the board of another architecture does not have is refused with its path and the reason', () => {
  assert.deepEqual(checkDefinition(make(profiles.arm.hardware)), []);
  for (const [path, hardware] of lackedByVirt) {
    const issues = checkDefinition(make({ ...profiles.arm.hardware, ...hardware }));
    assert.deepEqual(
      issues.map((issue) => issue.path),
      [`hardware/${path}`],
    );
    assert.match(issues[0]?.problem ?? '', /^the machine type virt has /);
  }
});

test('HW-22 three-dimensional acceleration is off by default, experimental, and for virtio alone', () => {
  for (const { hardware } of Object.values(profiles))
    assert.equal(hardware.graphics.acceleration3d, false);
  const { acceleration3d } = hardwareSchema.shape.graphics.shape;
  assert.equal(acceleration3d.parse(undefined), false);
  assert.match(acceleration3d.description ?? '', /experimental/);
  const withAdapter = (adapter: 'std' | 'virtio'): VmDefinition =>
    make({ graphics: { adapter, videoMemoryBytes: 16 * miB, acceleration3d: true } });
  assert.deepEqual(checkDefinition(withAdapter('virtio')), []);
  assert.deepEqual(
    checkDefinition(withAdapter('std')).map(({ path }) => path),
    ['hardware/graphics/acceleration3d'],
  );
});
