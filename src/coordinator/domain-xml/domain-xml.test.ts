import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema, type Hardware } from '#api';
import { createInventory } from '../inventory/memory-inventory.ts';
import { holdClock } from '../inventory/testing/clock.ts';
import { hostData, idOf, vmData, Writer } from '../inventory/testing/documents.ts';
import { blockDevicesOf } from './domain-devices.ts';
import { writeDomainXml } from './domain-xml.ts';

function xmlOf(hardware: Partial<Hardware>, description = '', id?: number): string {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  const definition = vmDefinitionSchema.parse({
    id: idOf('web'),
    name: 'web',
    description,
    hardware: { ...profiles.modern.hardware, ...hardware },
  });
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('vm', idOf('web'), vmData('web', { definition }));
  const vm = inventory.vm(idOf('web'));
  assert.ok(vm);
  return writeDomainXml(vm, {
    name: vm.name,
    id,
    type: 'kvm',
    blockDevices: blockDevicesOf(vm, (reference) => `/images/${reference}.iso`),
    networkName: (network) => `name of ${network}`,
    theirNetworkName: (there) => `${there}@h1`,
    screenPort: id === undefined ? null : 5907,
  });
}

const disk = {
  controller: 0,
  position: 0,
  format: 'qcow2',
  sizeBytes: 1,
  readOnly: false,
  shared: false,
  discard: true,
  cache: 'writeback',
  serial: '',
} as const;

test('the same definition gives the same text; only the id and the port of the screen come and go', () => {
  assert.equal(xmlOf({}), xmlOf({}));
  const running = xmlOf({}, '', 7);
  assert.equal(running.replace(" id='7'", '').replace("port='5907'", "port='-1'"), xmlOf({}));
  assert.ok(xmlOf({}, '', 7).startsWith("<domain type='kvm' id='7'>"));
});

test('what people write is escaped, and what XML cannot carry is left out', () => {
  const text = xmlOf({}, `a <b> & 'c' "d"\u0007\ud800`);
  assert.ok(
    text.includes('<description>a &lt;b&gt; &amp; &apos;c&apos; &quot;d&quot;</description>'),
    text,
  );
});

test('a disk keeps its name when others come and go', () => {
  const targets = (hardware: Partial<Hardware>): string[] =>
    [...xmlOf(hardware).matchAll(/<target dev='(\w+)' bus/g)].map((match) => match[1] ?? '');
  const none = { opticalDrives: [], adapters: [] };
  const virtio = (position: number): Hardware['disks'][number] => ({
    ...disk,
    bus: 'virtio',
    position,
    file: `d${position}`,
  });
  assert.deepEqual(targets({ ...none, disks: [virtio(0), virtio(2)] }), ['vda', 'vdc']);
  assert.deepEqual(targets({ ...none, disks: [virtio(2)] }), ['vdc']);
  const ide = { ...disk, bus: 'ide', controller: 1, position: 1, file: 'd' } as const;
  assert.deepEqual(targets({ ...none, disks: [ide] }), ['hdd']);
  const sata = { bus: 'sata', controller: 0, position: 1, medium: null } as const;
  const scsi = { ...disk, bus: 'scsi', controller: 1, position: 0, file: 'd' } as const;
  assert.deepEqual(targets({ ...none, disks: [scsi], opticalDrives: [sata] }), ['sdae', 'sdb']);
});

test('files, media and networks are named as a host knows them', () => {
  const text = xmlOf({
    disks: [{ ...disk, bus: 'virtio', file: 'root.qcow2' }],
    opticalDrives: [
      { bus: 'sata', controller: 0, position: 0, medium: { kind: 'image', image: 'setup' } },
    ],
    adapters: [
      {
        ...profiles.modern.hardware.adapters?.[0],
        slot: 0,
        model: 'virtio',
        mac: '52:54:00:00:00:01',
        attachment: { kind: 'network', network: 'lan' },
      } as Hardware['adapters'][number],
    ],
  });
  assert.ok(text.includes("<source file='/vms/web/root.qcow2'/>"), text);
  assert.ok(text.includes("<source file='/images/setup.iso'/>"));
  assert.ok(text.includes("<source network='name of lan'/>"));
  assert.ok(text.includes("<mac address='52:54:00:00:00:01'/>"));
});
