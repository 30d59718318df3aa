import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { isFault } from '#lib';
import { guestCatalogue, profiles, vmCreateSchema, type Profile, type VmCreate } from '#api';
import { makeDefinition, type ChosenImage, type Made } from './make-definition.ts';

const giB = 1024 ** 3;

function make(
  create: Partial<VmCreate>,
  image?: ChosenImage,
  existingSizeBytes?: number,
  profile?: Profile,
): Made {
  let next = 0;
  return makeDefinition({
    id: randomUUID(),
    create: vmCreateSchema.parse({ name: 'web-1', ...create }),
    profile,
    image,
    existingSizeBytes,
    makeMac: () => {
      next += 1;
      return `52:00:00:00:00:0${next}`;
    },
  });
}

test('a name is enough: the modern profile, no disk, one adapter on the user network', () => {
  const { definition, disks } = make({});
  assert.equal(definition.hardware.profile, 'modern');
  assert.deepEqual(definition.hardware.disks, []);
  assert.deepEqual(disks, []);
  assert.equal(definition.hardware.adapters[0]?.attachment.kind, 'user');
});

test('name, memory, new disk and network in one: the disk is attached and will be made', () => {
  const { definition, disks } = make({
    memoryBytes: 2 * giB,
    processors: 2,
    network: 'none',
    disk: { kind: 'new', sizeBytes: 10 * giB, format: 'raw' },
  });
  assert.equal(definition.hardware.memory.sizeBytes, 2 * giB);
  assert.equal(definition.hardware.processor.count, 2);
  assert.deepEqual(definition.hardware.adapters, []);
  assert.deepEqual(disks, [{ kind: 'new', file: 'web-1.raw', format: 'raw', sizeBytes: 10 * giB }]);
  assert.equal(definition.hardware.disks[0]?.file, 'web-1.raw');
});

test('DISK-58 a new disk of a classic vm goes to IDE, of a modern one to virtio', () => {
  const disk = { kind: 'new', sizeBytes: giB, format: 'qcow2' } as const;
  const busOf = (create: Partial<VmCreate>): string | undefined =>
    make({ disk, ...create }).definition.hardware.disks[0]?.bus;
  assert.equal(busOf({}), 'virtio');
  assert.equal(busOf({ guestOs: 'debian' }), 'virtio');
  assert.equal(busOf({ guestOs: 'windows-2000-server' }), 'ide');
  assert.equal(busOf({ guestOs: 'netware' }), 'ide');
});

test('the file name of a disk is chosen freely', () => {
  const { disks } = make({
    disk: { kind: 'new', sizeBytes: giB, format: 'qcow2', file: 'os.img' },
  });
  assert.equal(disks[0]?.file, 'os.img');
});

test('DISK-06 DISK-10 a new disk is dynamic unless it is to be fixed, which the format raw can be; then it keeps what the guest discards', () => {
  const kindOf = (disk: VmCreate['disk']): unknown => {
    const { definition, disks } = make(disk === undefined ? {} : { disk });
    return [disks[0]?.kind === 'new' && disks[0].allocation, definition.hardware.disks[0]?.discard];
  };
  assert.deepEqual(kindOf({ kind: 'new', sizeBytes: giB, format: 'raw' }), [undefined, true]);
  const fixed = { kind: 'new', sizeBytes: giB, allocation: 'fixed' } as const;
  assert.deepEqual(kindOf({ ...fixed, format: 'raw' }), ['fixed', false]);
  assert.throws(
    () => kindOf({ ...fixed, format: 'qcow2' }),
    (error) => isFault(error, 'invalid') && error.hint === 'choose the format raw',
  );
});

test('every guest of the catalogue gives a definition that holds together', () => {
  for (const { id, profile, adapter, clock } of guestCatalogue) {
    const { definition } = make({
      guestOs: id,
      disk: { kind: 'new', sizeBytes: giB, format: 'qcow2' },
    });
    assert.equal(definition.hardware.profile, profile, id);
    assert.equal(definition.hardware.adapters[0]?.model, adapter, id);
    assert.equal(definition.hardware.clock.base, clock, id);
    assert.equal(definition.guestOs, id);
  }
});

test('HW-56 the profile arm gives a machine of aarch64 with virtio devices for every guest', () => {
  const beginning = '1970-01-01T00:00:00.000Z';
  const profile: Profile = {
    ...profiles.arm,
    kind: 'profile',
    name: 'arm',
    adapterModel: null,
    builtIn: true,
    version: 1,
    createdAt: beginning,
    updatedAt: beginning,
  };
  for (const { id } of guestCatalogue) {
    const create: Partial<VmCreate> = {
      guestOs: id,
      disk: { kind: 'new', sizeBytes: giB, format: 'qcow2' },
    };
    const { hardware } = make(create, undefined, undefined, profile).definition;
    assert.equal(hardware.machine, 'virt');
    assert.equal(hardware.firmware.type, 'uefi');
    assert.equal(hardware.adapters[0]?.model, 'virtio', id);
    assert.equal(hardware.disks[0]?.bus, 'virtio', id);
    assert.equal(hardware.scsiController, 'virtio-scsi', id);
  }
});

test('an old guest starts from IDE, a current Windows from SATA, a current Linux from virtio', () => {
  const bus = (guestOs: string): string | undefined =>
    make({ guestOs, disk: { kind: 'new', sizeBytes: giB, format: 'qcow2' } }).definition.hardware
      .disks[0]?.bus;
  assert.equal(bus('windows-nt-4-sp6a'), 'ide');
  assert.equal(bus('windows-11'), 'sata');
  assert.equal(bus('debian'), 'virtio');
});

const image: ChosenImage = {
  name: 'starter',
  path: '/images/starter.raw',
  format: 'raw',
  sizeBytes: giB,
  guestOs: 'gantry-starter',
  builtFrom: 'starter',
};

test('a disk from an image is as large as the image or larger, and the guest is what the image holds', () => {
  const { definition, disks } = make({ disk: { kind: 'image', image: 'starter' } }, image);
  assert.equal(definition.guestOs, 'gantry-starter');
  assert.deepEqual(disks, [
    {
      kind: 'image',
      file: 'web-1.qcow2',
      format: 'qcow2',
      sizeBytes: giB,
      imagePath: '/images/starter.raw',
      imageFormat: 'raw',
    },
  ]);
  const larger = make({ disk: { kind: 'image', image: 'starter', sizeBytes: 5 * giB } }, image);
  assert.equal(larger.definition.hardware.disks[0]?.sizeBytes, 5 * giB);
  assert.throws(
    () => make({ disk: { kind: 'image', image: 'starter', sizeBytes: 1 } }, image),
    (error) => isFault(error, 'invalid'),
  );
});

test('an existing disk is attached where it lies and not made', () => {
  const disk = { kind: 'existing', file: '/disks/old.qcow2', format: 'qcow2' } as const;
  const { definition, disks } = make({ disk }, undefined, 7 * giB);
  assert.deepEqual(disks, []);
  assert.equal(definition.hardware.disks[0]?.sizeBytes, 7 * giB);
});

test('port forwards lead from the host into the guest', () => {
  const { definition } = make({ forwards: [{ protocol: 'tcp', hostPort: 2222, guestPort: 22 }] });
  const [adapter] = definition.hardware.adapters;
  assert.ok(adapter?.attachment.kind === 'user');
  assert.deepEqual(adapter.attachment.forwards, [
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22 },
  ]);
});

test('the merge patch comes last, and what it says is checked like everything else', () => {
  const { definition } = make({
    definition: { description: 'front', hardware: { memory: { sizeBytes: giB } }, tags: ['a'] },
  });
  assert.equal(definition.description, 'front');
  assert.equal(definition.hardware.memory.sizeBytes, giB);
  assert.deepEqual(definition.tags, ['a']);
  assert.throws(() => make({ definition: { hardware: { turbo: true } } }), /turbo/);
  assert.throws(() => make({ definition: { name: 'another' } }), /another/);
});

test('disks that a definition names in the folder of the vm are made, those elsewhere are not', () => {
  const disk = (position: number, file: string): Record<string, string | number> => ({
    bus: 'virtio',
    position,
    file,
    format: 'qcow2',
    sizeBytes: giB,
  });
  const { disks } = make({
    definition: { hardware: { disks: [disk(0, 'own.qcow2'), disk(1, '/shared/other.qcow2')] } },
  });
  assert.deepEqual(disks, [{ kind: 'new', file: 'own.qcow2', format: 'qcow2', sizeBytes: giB }]);
});

test('a new vm has never run, whatever its definition brings along', () => {
  const { definition } = make({
    definition: { settings: { shutdown: { quit: { wasRunning: true } } } },
  });
  assert.equal(definition.settings.shutdown.quit.wasRunning, false);
});
