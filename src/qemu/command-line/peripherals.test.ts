/** Keyboard, pointer and USB as a real QEMU has them, asked through its monitor. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startQemu, TemporaryFolder, withoutQemu, type RealQemu } from '../testing/real-qemu.ts';
import { buildCommandLine } from './build.ts';
import { usbGenerations, type MachineSpec } from './spec.ts';

const golden = join(import.meta.dirname, '../../../test/golden/qemu');
const bare = JSON.parse(readFileSync(join(golden, 'classic-bare.json'), 'utf8')) as MachineSpec;

async function withMachine(
  change: Partial<MachineSpec>,
  look: (qemu: RealQemu) => Promise<void>,
): Promise<void> {
  await using folder = await TemporaryFolder.make();
  const monitorSocketPath = folder.file('qmp');
  const spec: MachineSpec = {
    ...bare,
    acceleration: 'tcg',
    start: 'hold',
    ...change,
    monitorSocketPath,
  };
  await using qemu = await startQemu(buildCommandLine(spec), monitorSocketPath);
  await look(qemu);
}

interface Pointer {
  readonly name: string;
  readonly absolute: boolean;
}

for (const chipset of ['pc', 'q35'] as const) {
  const title = `HW-24 on ${chipset} keyboard and mouse are PS/2, and a USB tablet points absolutely`;
  void test(title, { skip: withoutQemu }, async () => {
    await withMachine({ chipset }, async ({ qmp }) => {
      const mice = (await qmp.execute('query-mice')) as readonly Pointer[];
      assert.deepEqual(
        mice.map(({ name, absolute }) => [name, absolute]),
        [['QEMU PS/2 Mouse', false]],
      );
      const devices = String(
        await qmp.execute('human-monitor-command', { 'command-line': 'info qtree' }),
      );
      assert.match(devices, /dev: i8042/);
    });
    await withMachine({ chipset, usbControllers: ['usb2'], tablet: 'usb2' }, async ({ qmp }) => {
      const mice = (await qmp.execute('query-mice')) as readonly Pointer[];
      const names = new Map(mice.map(({ name, absolute }) => [name, absolute]));
      assert.equal(names.get('QEMU HID Tablet'), true);
      assert.equal(names.get('QEMU PS/2 Mouse'), false, 'the mouse stays');
    });
  });
}

/** Mb/s, as the specifications of USB 1.1, 2.0 and 3 name them. */
const speeds = { usb1: 12, usb2: 480, usb3: 5000 } as const;

for (const generation of usbGenerations) {
  const title = `HW-25 a device on a ${generation} controller shows at ${speeds[generation]} Mb/s`;
  void test(title, { skip: withoutQemu }, async () => {
    const usbControllers = [generation];
    await withMachine({ chipset: 'q35', usbControllers }, async ({ qmp }) => {
      await qmp.execute('blockdev-add', {
        driver: 'null-co',
        'node-name': 'stick-content',
        size: 1_048_576,
        'read-zeroes': true,
      });
      await qmp.execute('device_add', {
        driver: 'usb-storage',
        id: 'stick',
        bus: `board-${generation}.0`,
        drive: 'stick-content',
      });
      const shown = String(
        await qmp.execute('human-monitor-command', { 'command-line': 'info usb' }),
      );
      assert.match(shown, new RegExp(`Speed ${speeds[generation]} Mb/s`), shown);
    });
  });
}

void test('HW-25 controllers of all three generations can be chosen', () => {
  const args = buildCommandLine({ ...bare, usbControllers: [...usbGenerations] });
  const drivers = ['piix3-usb-uhci', 'ich9-usb-ehci1', 'qemu-xhci'];
  for (const driver of drivers)
    assert.ok(args.some((argument) => argument.includes(`"driver":"${driver}"`)));
});
