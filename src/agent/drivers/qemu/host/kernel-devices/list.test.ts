/** Devices read from a tree like sysfs, also from one in which something else stands than the kernel writes. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { hostDevicesSchema } from '#api';
import { namesIn } from './device-ids.ts';
import { listDevices } from './list.ts';
import { bridgeOf, expressOf } from './pci.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sysfs-'));
});
after(() => rm(root, { recursive: true }));

async function put(
  folder: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

async function link(from: string, to: string): Promise<void> {
  const place = join(root, from);
  await mkdir(dirname(place), { recursive: true });
  await mkdir(join(root, to), { recursive: true });
  await symlink(relative(dirname(place), join(root, to)), place);
}

/** A header, and the capability of PCI Express with a link. */
function configOf(type: number, express?: { readonly type: number }): Buffer {
  const config = Buffer.alloc(256);
  config[0x0e] = type;
  if (express === undefined) return config;
  config[0x06] = 0x10;
  config[0x34] = 0x40;
  config.set([0x01, 0x60], 0x40);
  config.set([0x10, 0x00], 0x60);
  config.writeUInt16LE(express.type << 4, 0x62);
  config.writeUInt32LE((5 << 24) | (16 << 4) | 4, 0x6c);
  config.writeUInt16LE((8 << 4) | 3, 0x72);
  return config;
}

void test('devices are told as the kernel has them, each by its place', async () => {
  const bridge = 'devices/pci0000:00/0000:00:1c.0';
  const card = `${bridge}/0000:01:00.0`;
  await put(bridge, {
    vendor: '0x8086\n',
    device: '0xa110\n',
    class: '0x060400\n',
    config: configOf(1, { type: 4 }),
  });
  await put(card, {
    vendor: '0x8086\n',
    device: '0x1521\n',
    class: '0x020000\n',
    numa_node: '-1\n',
    sriov_totalvfs: '7\n',
    config: configOf(0),
  });
  for (const [name, path] of [
    ['0000:00:1c.0', bridge],
    ['0000:01:00.0', card],
  ] as const)
    await link(`bus/pci/devices/${name}`, path);
  await link(`${card}/driver`, 'bus/pci/drivers/igb');
  await link(`${card}/virtfn0`, `${bridge}/0000:01:10.0`);
  await link(`${card}/iommu_group`, 'kernel/iommu_groups/12');
  await link('kernel/iommu_groups/12/devices/0000:01:00.0', card);
  await put(`${card}/net/eth9`, {
    address: '52:54:00:00:00:01\n',
    operstate: 'up\n',
    speed: '1000\n',
  });
  await link('class/net/eth9', `${card}/net/eth9`);
  await put('devices/virtual/net/gbr7', { address: '52:54:00:00:00:02\n' });
  await link('class/net/gbr7', 'devices/virtual/net/gbr7');
  const usb = `${bridge}/usb1/1-2`;
  await put(usb, {
    busnum: '1\n',
    devnum: '4\n',
    idVendor: '0627\n',
    idProduct: '0001\n',
    manufacturer: 'QEMU\n',
    product: 'a\u0007 tablet  \n',
  });
  await put(`${usb}/1-2:1.0`, {
    bInterfaceNumber: '00\n',
    bInterfaceClass: '03\n',
    bInterfaceSubClass: '0a\n',
    bInterfaceProtocol: '01\n',
  });
  await link('bus/usb/devices/1-2', usb);
  await link('bus/usb/devices/1-2:1.0', `${usb}/1-2:1.0`);
  const host = `${bridge}/ata1/host0`;
  const lun = `${host}/target0:0:0/0:0:0:0`;
  await put(host, { 'scsi_host/host0/unique_id': '1\n' });
  await put(lun, { type: '0\n', vendor: 'ATA     \n', model: 'A DISK\n' });
  await put(`${lun}/block/sda`, {
    size: '2048\n',
    removable: '0\n',
    'queue/logical_block_size': '4096\n',
  });
  await link(`${lun}/block/sda/device`, lun);
  for (const name of ['host0', 'target0:0:0', '0:0:0:0'])
    await link(
      `bus/scsi/devices/${name}`,
      name === 'host0' ? host : name === '0:0:0:0' ? lun : dirname(lun),
    );
  await link('class/scsi_generic/sg0', `${lun}/scsi_generic/sg0`);
  await link('block/sda', `${lun}/block/sda`);
  await put('devices/virtual/block/loop0', { size: '8\n' });
  await link('block/loop0', 'devices/virtual/block/loop0');

  const told = await listDevices(root);
  assert.ok(hostDevicesSchema.safeParse(told).success);
  assert.equal(told.complete, true);
  const one = (kind: string, at = 0) => told.devices.filter((device) => device.kind === kind)[at];
  assert.deepEqual(
    told.devices.map(({ kind }) => kind),
    [
      'pci',
      'pci',
      'usb-device',
      'usb-interface',
      'net',
      'scsi',
      'scsi-host',
      'scsi-target',
      'scsi-generic',
      'storage',
    ],
  );
  const {
    vendorName: _vendor,
    productName: _product,
    ...plain
  } = one('pci', 1) as Extract<(typeof told.devices)[number], { kind: 'pci' }>;
  const address = { domain: 0, bus: 1, slot: 0, function: 0 };
  assert.deepEqual(plain, {
    kind: 'pci',
    path: '/sys/devices/pci0000:00/0000:00:1c.0/0000:01:00.0',
    driver: 'igb',
    address,
    class: 0x020000,
    vendor: 0x8086,
    product: 0x1521,
    bridge: null,
    physicalFunction: null,
    virtualFunctions: { most: 7, addresses: [{ ...address, slot: 0x10 }] },
    iommuGroup: { number: 12, addresses: [address] },
    numaNode: null,
    express: null,
  });
  const first = one('pci') as typeof plain;
  assert.deepEqual(
    [first.bridge, first.express],
    ['pci', { link: { port: 5, maxSpeed: 4, maxWidth: 16, speed: 3, width: 8 } }],
  );
  const tablet = one('usb-device') as Extract<
    (typeof told.devices)[number],
    { kind: 'usb-device' }
  >;
  assert.deepEqual([tablet.bus, tablet.device, tablet.vendor, tablet.product], [1, 4, 0x0627, 1]);
  assert.doesNotMatch(tablet.productName ?? '', /[^ -~]| $/);
  assert.deepEqual(one('scsi-host'), {
    kind: 'scsi-host',
    path: `/sys/${host}`,
    number: 0,
    uniqueId: 1,
  });
  assert.deepEqual(one('storage'), {
    kind: 'storage',
    name: 'sda',
    path: `/sys/${lun}/block/sda`,
    type: 'disk',
    bus: 'ata',
    vendor: 'ATA',
    model: 'A DISK',
    serial: null,
    removable: false,
    sizeBytes: 1024 ** 2,
    blockBytes: 4096,
  });
});

void test('what is none of what the kernel writes is left out, and bounded', async () => {
  const wild = 'devices/wild';
  await put(wild, { vendor: 'x'.repeat(100_000), device: '0x1\n', class: '-1' });
  await link('bus/pci/devices/0000:02:00.0', wild);
  await link('bus/pci/devices/../../odd', wild).catch(() => undefined);
  await put('devices/net0', { address: '<b>', operstate: 'y'.repeat(9999) });
  await link('class/net/net0', 'devices/net0');
  await put('devices/net1', {
    address: '52:54:00:00:00:03',
    operstate: 'y'.repeat(9999),
    speed: '9'.repeat(40),
  });
  await link('class/net/net1', 'devices/net1');
  const { devices } = await listDevices(root);
  assert.ok(devices.every(({ path }) => path !== `/sys/${wild}` && path !== '/sys/devices/net0'));
  const net = devices.find((one) => one.kind === 'net' && one.name === 'net1');
  assert.ok(net?.kind === 'net' && net.state.length === 200 && net.speedMbps === null);
  assert.deepEqual(await listDevices(join(root, 'nothing')), { devices: [], complete: true });
});

void test('a configuration space that is short, or leads in a circle, tells nothing of PCI Express', () => {
  const circle = configOf(0, { type: 0 });
  circle.set([0x01, 0x40], 0x40);
  for (const config of [
    Buffer.alloc(0),
    Buffer.alloc(64, 0xff),
    circle,
    configOf(0, { type: 0 }).subarray(0, 0x70),
  ])
    assert.equal(expressOf(config), null);
  assert.deepEqual(expressOf(configOf(0, { type: 9 })), { link: null });
  assert.deepEqual(expressOf(Buffer.alloc(257)), { link: null });
  assert.equal(bridgeOf(Buffer.alloc(0)), null);
});

void test('names come from the list of the distribution, products under their own vendor', () => {
  const list =
    '# c\n8086  Intel Corporation\n\t1521  I350\n\t\t8086 0001  sub\n1af4  Red Hat, Inc.\n\t1521  other\nC 02  Network\n\t1521  class\n';
  const names = namesIn(list, [{ vendor: 0x8086, product: 0x1521 }]);
  assert.deepEqual(names({ vendor: 0x8086, product: 0x1521 }), {
    vendor: 'Intel Corporation',
    product: 'I350',
  });
  assert.deepEqual(names({ vendor: 0x8086, product: 2 }), {
    vendor: 'Intel Corporation',
    product: null,
  });
  assert.deepEqual(names({ vendor: 9, product: 2 }), { vendor: null, product: null });
});
