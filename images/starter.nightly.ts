import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildImage, type BuiltImage } from './image.ts';
import { diskArguments, Machine, testCache, type DiskBus } from './testing/machine.ts';

/** OVMF as Debian builds it has no driver for the old SCSI controllers. */
const buses = {
  bios: ['virtio', 'ide', 'sata', 'lsi', 'am53c974', 'virtio-scsi', 'nvme', 'usb'],
  uefi: ['virtio', 'ide', 'sata', 'virtio-scsi', 'nvme', 'usb'],
} as const satisfies Record<string, readonly DiskBus[]>;

const cards = [
  'virtio-net-pci',
  'e1000',
  'e1000e',
  'pcnet',
  'tulip',
  'rtl8139',
  'vmxnet3',
] as const;
const screens = ['std', 'cirrus', 'virtio', 'qxl', 'vmware'] as const;

describe('the starter appliance on all hardware', () => {
  let starter: BuiltImage;
  let live: BuiltImage;
  let folder: string;
  before(async () => {
    starter = await buildImage({ kind: 'starter', cacheDir: testCache });
    live = await buildImage({ kind: 'starter-iso', cacheDir: testCache });
    folder = await mkdtemp(join(tmpdir(), 'gni-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  for (const firmware of ['bios', 'uefi'] as const) {
    for (const bus of buses[firmware]) {
      test(`starts by ${firmware} from a disk on ${bus}, and mounts /data`, async () => {
        const args = diskArguments(starter.path, bus);
        await using machine = await Machine.start({ firmware, args });
        await machine.login();
        await machine.until('grep -q /data /proc/mounts');
      });
    }
    for (const board of ['pc', 'q35']) {
      test(`HW-40 starts by ${firmware} from CD on ${board}`, async () => {
        const args = ['-M', board, '-cdrom', live.path];
        await using machine = await Machine.start({ firmware, args });
        await machine.login();
      });
    }
  }

  for (const card of cards) {
    test(`gets an address on ${card}, and serves its page through a port forward`, async () => {
      const network = `user,id=net0,hostfwd=tcp:127.0.0.1:0-:80`;
      const device = ['-netdev', network, '-device', `${card},netdev=net0`];
      const args = [...diskArguments(starter.path, 'virtio'), ...device];
      await using machine = await Machine.start({ args });
      await machine.login();
      await machine.until('ip -4 address show dev eth0 | grep -q 10.0.2.15');
      const info = await machine.qmp('human-monitor-command', { 'command-line': 'info usernet' });
      const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(String(info))?.[1];
      const page = await fetch(`http://127.0.0.1:${port}/cgi-bin/index.cgi`);
      assert.match(await page.text(), /^vm: unknown$/m);
    });
  }

  for (const screen of screens) {
    for (const firmware of ['bios', 'uefi'] as const) {
      test(`shows its login on a ${screen} screen by ${firmware}`, async () => {
        const args = [...diskArguments(starter.path, 'virtio'), '-vga', screen];
        await using machine = await Machine.start({ firmware, args });
        await machine.login();
        await machine.until('grep -q ready /run/gantry/start.log');
        assert.ok((await machine.countLitPixels()) > 1500);
      });
    }
  }

  test('restarts five times over, its kernel at one place and the other in turn', async () => {
    const args = diskArguments(starter.path, 'virtio');
    await using machine = await Machine.start({ args });
    const places: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      await machine.login();
      places.push(await machine.run("awk '/Kernel code/ { print $1 }' /proc/iomem"));
      if (round < 5) machine.serial.write('reboot\n');
    }
    assert.equal(new Set(places).size, 2);
    for (let round = 2; round < places.length; round += 1) {
      assert.equal(places[round], places[round - 2]);
    }
  });

  for (const memoryMiB of [128, 160, 1024, 5120]) {
    test(`starts by bios with ${memoryMiB} MiB of memory`, async () => {
      const args = diskArguments(starter.path, 'virtio');
      await using machine = await Machine.start({ memoryMiB, args });
      await machine.login();
    });
  }
  for (const memoryMiB of [256, 1024, 5120]) {
    test(`starts by uefi with ${memoryMiB} MiB of memory`, async () => {
      const args = diskArguments(starter.path, 'virtio');
      await using machine = await Machine.start({ firmware: 'uefi', memoryMiB, args });
      await machine.login();
    });
  }

  test('has logins on a second serial port', async () => {
    const port = join(folder, 'second');
    const second = ['-serial', `file:${port}`];
    await using machine = await Machine.start({
      args: [...diskArguments(starter.path, 'virtio'), ...second],
    });
    await machine.login();
    assert.match(await machine.run('ps | grep "[t]tyS1"'), /getty/);
  });
});
