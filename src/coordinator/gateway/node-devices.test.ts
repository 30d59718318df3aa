/** What is made of what a libvirtd tells of its devices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDevice } from './node-devices.ts';

const card = `<device>
  <name>net_eth0_52_54_00_00_00_01</name>
  <path>/sys/devices/pci0000:00/0000:00:03.0/net/eth0</path>
  <parent>pci_0000_00_03_0</parent>
  <capability type='net'>
    <interface>eth0</interface>
    <capability type='80203'/>
  </capability>
</device>`;

void test('a device is called after its host, and so is its parent; the rest is as its libvirtd tells it', () => {
  const [device] = readDevice(card, '@h1');
  assert.deepEqual(
    [device?.name, device?.parent, device?.kinds],
    ['net_eth0_52_54_00_00_00_01@h1', 'pci_0000_00_03_0@h1', ['net']],
  );
  assert.equal(device?.xml.replaceAll('@h1', ''), card);
  assert.equal(device.xml.split('@h1').length, 3);
});

void test('kinds inside of kinds count, and words that are none of libvirt do not', () => {
  const text = `<device><name>a</name><capability type='pci'><capability type='mdev_types'/><capability type='virt_functions'/></capability></device>`;
  assert.deepEqual(readDevice(text, '')[0]?.kinds, ['pci', 'mdev_types']);
  assert.equal(readDevice(text, '')[0]?.parent, null);
});

void test('what is no description of a device is none', () => {
  for (const text of ['', '<device>', '<device/>', '<device><name/></device>', '\u0000', 'x'])
    assert.deepEqual(readDevice(text, ''), [], text);
});
