/** The graphics adapter as QEMU has it and as a program on the bare machine finds it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault, miB } from '#lib';
import { startQemu, TemporaryFolder, withoutQemu } from '../testing/real-qemu.ts';
import { buildCommandLine } from './build.ts';
import { checkMachine } from './check.ts';
import type { DisplayModel, MachineSpec } from './spec.ts';

const golden = join(import.meta.dirname, '../../../test/golden/qemu');
const bare = JSON.parse(readFileSync(join(golden, 'classic-bare.json'), 'utf8')) as MachineSpec;

function displayArguments(change: Partial<MachineSpec>): readonly string[] {
  return buildCommandLine({ ...bare, ...change }).filter((argument) =>
    /board-display|egl-headless/.test(argument),
  );
}

/** Without a word where the machine can be built. */
function complaint(change: Partial<MachineSpec>): string {
  try {
    checkMachine({ ...bare, ...change });
    return '';
  } catch (error) {
    assert.ok(isFault(error, 'invalid'));
    return error.message;
  }
}

/**
 * A boot sector that asks the video BIOS (int 10h, AX=4F00h and 4F01h for mode 111h: VBE core functions
 * standard 2.0, 4.3 and 4.4), switches the hardware cursor of a Cirrus on (sequencer register 12h), and
 * says what it found on COM1.
 */
const askVideoBios = Buffer.from(
  '31c08ed88ec08ed0bc0070fc66c706008056424532b8004fbf0080cd10a3007fb8014fb91101bf0082cd10a10082a3027f' +
    'a10480a3047fa11280a3067fbac403b80612efb81201efb012ee42eca2087fbe007fb90900bafd03eca82074fbbaf803' +
    'aceee2f1f4ebfd',
  'hex',
);

interface Seen {
  /** 4Fh: the function is there and succeeded. */
  readonly status: number;
  /** Bit 7: with a linear frame buffer, new in 2.0. */
  readonly modeAttributes: number;
  readonly version: number;
  readonly memoryMiB: number;
  readonly cursorRegister: number;
}

async function seeFromInside(display: DisplayModel, videoMemoryBytes: number): Promise<Seen> {
  await using folder = await TemporaryFolder.make();
  const sector = Buffer.alloc(512 * 64);
  askVideoBios.copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  writeFileSync(folder.file('disk'), sector);
  const spec: MachineSpec = {
    ...bare,
    acceleration: 'tcg',
    display,
    videoMemoryBytes,
    start: 'hold',
    monitorSocketPath: folder.file('qmp'),
    serialPorts: [{ position: 0, target: { kind: 'socket', path: folder.file('com1') } }],
    disks: [
      {
        id: 'disk',
        attach: { bus: 'ide', channel: 0, position: 0 },
        image: { source: { kind: 'file', path: folder.file('disk') }, format: 'raw' },
        access: 'read-write',
        cache: 'none',
        discard: 'ignore',
      },
    ],
    boot: { order: ['disk'] },
  };
  await using qemu = await startQemu(buildCommandLine(spec), spec.monitorSocketPath);
  const port = connect(folder.file('com1'));
  await once(port, 'connect');
  await qemu.qmp.execute('cont');
  let said = Buffer.alloc(0);
  for await (const chunk of port) {
    said = Buffer.concat([said, chunk as Buffer]);
    if (said.length >= 9) break;
  }
  return {
    status: said.readUInt16LE(0),
    modeAttributes: said.readUInt16LE(2),
    version: said.readUInt16LE(4),
    memoryMiB: said.readUInt16LE(6) / 16,
    cursorRegister: said.readUInt8(8),
  };
}

for (const [display, sizeMiB, seenMiB] of [
  ['cirrus', 4, 4],
  ['standard', 4, 4],
  ['standard', 32, 32],
  // What virtio may take of its host is beside the memory of its VGA half.
  ['virtio', 64, 8],
] as const) {
  const title = `HW-20 ${display} with ${sizeMiB} MiB is an SVGA adapter with VESA 2.0 modes`;
  void test(title, { skip: withoutQemu }, async () => {
    const seen = await seeFromInside(display, sizeMiB * miB);
    assert.equal(seen.status, 0x4f);
    assert.ok(seen.version >= 0x200, `VBE ${seen.version.toString(16)}`);
    assert.equal(seen.modeAttributes & 0x81, 0x81, 'mode 111h is there, with a linear buffer');
    assert.equal(seen.memoryMiB, seenMiB);
    if (display === 'cirrus') assert.equal(seen.cursorRegister, 1, 'a hardware cursor');
  });
}

void test('HW-20 each adapter is given its memory by the property that it has', () => {
  const device = (display: DisplayModel, sizeMiB: number): unknown =>
    JSON.parse(displayArguments({ display, videoMemoryBytes: sizeMiB * miB })[0] ?? '{}');
  assert.partialDeepStrictEqual(device('cirrus', 4), { driver: 'cirrus-vga', vgamem_mb: 4 });
  assert.partialDeepStrictEqual(device('standard', 64), { driver: 'VGA', vgamem_mb: 64 });
  const virtio = { driver: 'virtio-vga', max_hostmem: 64 * miB };
  assert.partialDeepStrictEqual(device('virtio', 64), virtio);
  for (const [display, sizeMiB] of [
    ['cirrus', 32],
    ['cirrus', 16],
    ['standard', 24],
    ['standard', 512],
    ['virtio', 0.5],
  ] as const)
    assert.match(complaint({ display, videoMemoryBytes: sizeMiB * miB }), /videoMemoryBytes/);
});

void test('HW-22 the graphics processor of the host draws where that is asked for, and for virtio alone', () => {
  const [window, device] = displayArguments({
    display: 'virtio',
    renderNodePath: '/dev/dri/renderD128',
  });
  assert.equal(window, 'egl-headless,rendernode=/dev/dri/renderD128');
  assert.match(device ?? '', /"driver":"virtio-vga-gl"/);
  assert.deepEqual(
    displayArguments({ display: 'virtio' }).filter((argument) => /gl/.test(argument)),
    [],
  );
  for (const display of ['cirrus', 'standard'] as const)
    assert.match(complaint({ display, renderNodePath: '/dev/dri/renderD128' }), /virtio/);
  assert.match(complaint({ display: 'virtio', renderNodePath: '/dev/sda' }), /render node/);
});
