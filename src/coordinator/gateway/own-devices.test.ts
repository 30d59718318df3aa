/** How devices of hosts with an agent are described; what a libvirtd says of such is compared in test/interop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostDevice } from '#api';
import { readDevice } from './node-devices.ts';
import { describeDevices } from './own-devices.ts';

const address = { domain: 0, bus: 1, slot: 0, function: 0 };
const root = '/sys/devices/pci0000:00/0000:01:00.0';
const ids = { vendor: 0x1b36, vendorName: "R&D 'Ltd'", product: 0xd, productName: null };

const devices: readonly HostDevice[] = [
  {
    kind: 'pci',
    path: root,
    driver: 'xhci_hcd',
    address,
    class: 0x0c0330,
    ...ids,
    bridge: 'pci',
    physicalFunction: { ...address, function: 7 },
    virtualFunctions: { most: 2, addresses: [address] },
    iommuGroup: { number: 3, addresses: [address] },
    numaNode: 0,
    express: { link: { port: 0, maxSpeed: 4, maxWidth: 16, speed: 1, width: 8 } },
  },
  {
    kind: 'usb-device',
    name: '1-1',
    path: `${root}/usb1/1-1`,
    driver: 'usb',
    bus: 1,
    device: 12,
    ...ids,
  },
  {
    kind: 'usb-interface',
    name: '1-1:1.0',
    path: `${root}/usb1/1-1/1-1:1.0`,
    driver: null,
    number: 0,
    class: 8,
    subclass: 6,
    protocol: 80,
  },
  { kind: 'scsi-host', path: `${root}/usb1/1-1/1-1:1.0/host2`, number: 2, uniqueId: null },
  {
    kind: 'scsi',
    path: `${root}/usb1/1-1/1-1:1.0/host2/target2:0:0/2:0:0:1`,
    driver: 'sd',
    host: 2,
    bus: 0,
    target: 0,
    lun: 1,
    type: 0,
  },
  {
    kind: 'storage',
    name: 'sdb',
    path: `${root}/usb1/1-1/1-1:1.0/host2/target2:0:0/2:0:0:1/block/sdb`,
    type: 'disk',
    bus: 'usb',
    vendor: 'V',
    model: null,
    serial: null,
    removable: true,
    sizeBytes: 1024,
    blockBytes: 512,
  },
  {
    kind: 'net',
    name: 'wlan0',
    path: '/sys/devices/virtual/net/wlan0',
    mac: '52:54:00:00:00:01',
    state: 'up',
    speedMbps: 1000,
    isWireless: true,
  },
];

void test('devices hang on those whose place in sysfs theirs is in, and have the names and kinds of libvirt', () => {
  const told = describeDevices(devices).flatMap((text) => readDevice(text, ''));
  assert.deepEqual(
    told.map(({ name, parent, kinds }) => [name, parent, kinds[0]]),
    [
      ['pci_0000_01_00_0', 'computer', 'pci'],
      ['usb_1_1', 'pci_0000_01_00_0', 'usb_device'],
      ['usb_1_1_1_0', 'usb_1_1', 'usb'],
      ['scsi_host2', 'usb_1_1_1_0', 'scsi_host'],
      ['scsi_2_0_0_1', 'scsi_host2', 'scsi'],
      ['block_sdb', 'scsi_2_0_0_1', 'storage'],
      ['net_wlan0_52_54_00_00_00_01', 'computer', 'net'],
    ],
  );
});

void test('what a device says of itself is told in the words of libvirt, and cannot leave its place', () => {
  const [pci = '', usb = '', , , , drive = '', net = ''] = describeDevices(devices);
  for (const part of [
    '<class>0x0c0330</class>',
    "<product id='0x000d'/>",
    "<vendor id='0x1b36'>R&amp;D &apos;Ltd&apos;</vendor>",
    "<capability type='phys_function'>\n      <address domain='0x0000' bus='0x01' slot='0x00' function='0x7'/>",
    "<capability type='virt_functions' maxCount='2'>",
    "<capability type='pci-bridge'/>",
    "<iommuGroup number='3'>",
    "<numa node='0'/>",
    "<link validity='cap' port='0' speed='16' width='16'/>",
    "<link validity='sta' speed='2.5' width='8'/>",
  ])
    assert.ok(pci.includes(part), `${part} in ${pci}`);
  assert.match(usb, /<devnode type='dev'>\/dev\/bus\/usb\/001\/012<\/devnode>/);
  assert.match(drive, /<bus>usb<\/bus>[^]*<media_available>1<[^]*<num_blocks>2</);
  assert.match(net, /<link speed='1000' state='up'\/>\n *<capability type='80211'\/>/);
});
