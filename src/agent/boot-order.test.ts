/** From which of its devices a real machine boots: each has a program that says its letter on COM1. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { plainPort } from '#api';
import type { BootDevice, VmDefinition } from '#api';
import { hostStore, openDisk } from '#disk';
import { createIso } from '#images';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

const programBytes = 4096;

/** Begins over what writers of CDs and partitions put in, says the letter, and halts. */
function makeProgram(letter: string): Buffer {
  const program = Buffer.alloc(programBytes);
  // jmp 40h; at 40h: mov dx, 3f8h; mov al, letter; out dx, al; hlt; jmp to the hlt.
  program.write('eb3e', 0, 'hex');
  program.write(`baf803b0${Buffer.from(letter).toString('hex')}eef4ebfd`, 0x40, 'hex');
  program.writeUInt16LE(0xaa55, 510);
  return program;
}

interface SerialText {
  /** The letter of the device that it booted from. */
  readonly text: string;
  readonly until: (pattern: RegExp) => Promise<string>;
}

describe('the boot order of a real machine', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let id = '';
  let version = 1;
  let definition: VmDefinition;

  before(async () => {
    agent = await QemuAgent.start();
    definition = await makeDefinition();
    id = await agent.create(definition);
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  async function makeDefinition(): Promise<VmDefinition> {
    const place = (name: string, program: Buffer, sizeBytes = program.length): string => {
      const file = join(agent.shelf, name);
      writeFileSync(file, program);
      truncateSync(file, sizeBytes);
      chmodSync(file, 0o666);
      return file;
    };
    const netboot = join(agent.shelf, 'netboot');
    mkdirSync(netboot, { mode: 0o755 });
    const cd = join(agent.shelf, 'cd.iso');
    const boot = { biosPath: 'boot.img', efiPath: 'boot.img' };
    const files = [{ path: 'boot.img', data: makeProgram('C') }];
    await createIso({ path: cd, label: 'BOOT', files, boot });
    chmodSync(cd, 0o644);
    const disk = place('disk.raw', makeProgram('D'), miB);
    return bareDefinition({
      machine: 'pc',
      memory: { sizeBytes: 64 * miB, maxBytes: null },
      floppy: {
        medium: { kind: 'file', file: place('floppy.img', makeProgram('F'), 1_474_560) },
        readOnly: true,
      },
      opticalDrives: [
        { bus: 'ide', controller: 1, position: 0, medium: { kind: 'file', file: cd } },
      ],
      disks: [{ ...testDisk(disk), bus: 'ide', format: 'raw', sizeBytes: miB }],
      adapters: [
        {
          slot: 0,
          model: 'virtio',
          mac: '52:47:59:00:00:39',
          macMode: 'static',
          link: 'up',
          optional: false,
          ...plainPort,
          attachment: {
            kind: 'user',
            restrict: true,
            forwards: [],
            bootFile: place('netboot/program', makeProgram('N')),
          },
        },
      ],
    });
  }

  /** The letter of the device that it boots from, with this order. */
  async function boot(bootOrder: BootDevice[]): Promise<string> {
    const { hardware } = definition;
    version += 1;
    await agent.host.call('machine.configure', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definition: {
        ...definition,
        hardware: { ...hardware, firmware: { ...hardware.firmware, bootOrder } },
      },
      definitionVersion: version,
    });
    await using started = await start();
    return started.text;
  }

  /** Started, and what it has said once it said a letter. */
  async function start(bootOnce?: BootDevice): Promise<AsyncDisposable & SerialText> {
    await agent.act(id, 'hold', bootOnce === undefined ? {} : { bootOnce });
    const serial = await SerialSession.open(agent, id, 'serial1');
    await agent.act(id, 'release');
    await serial.until(/[CDFN]$/, 60_000);
    return {
      text: serial.text.slice(-1),
      until: (pattern) => serial.until(pattern, 60_000),
      [Symbol.asyncDispose]: async () => {
        serial.close();
        await agent.act(id, 'turn-off');
      },
    };
  }

  test('HW-39 it boots from floppy, CD, disk or network, whichever is first in its order', async () => {
    assert.equal(await boot(['floppy', 'cd', 'disk', 'network']), 'F');
    assert.equal(await boot(['cd', 'floppy', 'disk', 'network']), 'C');
    assert.equal(await boot(['disk', 'network', 'floppy']), 'D');
    assert.equal(await boot(['network', 'disk', 'cd']), 'N');
  });

  /** Says what the last sector holds, writes that over the one before it, and says `!`. */
  function sectorProgram(sectors: number): Buffer {
    const number = (value: number): string => value.toString(16).padStart(2, '0');
    const place = (sector: number): string => `bb007eb9${number(sector)}4fba0001`;
    return Buffer.from(
      `31c08ed88ec0${place(sectors)}b80102cd13be007ebaf803ac84c07403eeebf8` +
        `${place(sectors - 1)}b80103cd137206b021baf803eef4ebfd`,
      'hex',
    );
  }

  const programAt = 0x3e;
  test('FMT-15 a floppy image of 1 474 560 bytes is created, written, run and read, one of 720 KB is run, and one of 2.88 MB is refused by the drive of 1.44 MB', async (t) => {
    const shelf = (name: string): string => join(agent.shelf, name);
    const store = hostStore([agent.shelf]);
    const created = shelf('new.vfd');
    await agent.host.call('host.disk.work', {
      id: crypto.randomUUID(),
      again: false,
      work: { verb: 'create-floppy', file: created, label: 'NEW' },
    });
    assert.equal(statSync(created).size, 1_474_560);
    writeFileSync(shelf('small.vfd'), Buffer.alloc(737_280));
    writeFileSync(shelf('large.vfd'), Buffer.alloc(2_949_120));
    const runFloppy = async (name: string, sectors: number): Promise<string> => {
      const path = shelf(name);
      const sizeBytes = statSync(path).size;
      {
        await using disk = await openDisk({ path, format: 'raw', access: 'write', store });
        assert.equal(disk.sizeBytes, sizeBytes);
        const first = Buffer.alloc(512);
        await disk.read(first, 0);
        first.write('eb3c90', 0, 'hex');
        sectorProgram(sectors).copy(first, programAt);
        first.writeUInt16LE(0xaa55, 510);
        await disk.write(first, 0);
        const last = Buffer.alloc(512);
        last.write(`end of ${sizeBytes}\0`);
        await disk.write(last, sizeBytes - 512);
        await disk.flush();
      }
      chmodSync(path, 0o666);
      const { hardware } = definition;
      const floppy = { medium: { kind: 'file' as const, file: path }, readOnly: false };
      const firmware = { ...hardware.firmware, bootOrder: ['floppy' as const] };
      version += 1;
      await agent.host.call('machine.configure', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        definition: { ...definition, hardware: { ...hardware, floppy, firmware } },
        definitionVersion: version,
      });
      await agent.act(id, 'hold');
      const serial = await SerialSession.open(agent, id, 'serial1');
      await agent.act(id, 'release');
      await serial.until(/!$/, 60_000);
      serial.close();
      await agent.act(id, 'turn-off');
      await using disk = await openDisk({ path, format: 'raw', store });
      const written = Buffer.alloc(512);
      await disk.read(written, sizeBytes - 1024);
      assert.ok(written.toString('latin1').startsWith(`end of ${sizeBytes}`));
      return serial.text;
    };
    assert.match(await runFloppy('new.vfd', 18), /end of 1474560!$/);
    assert.match(await runFloppy('small.vfd', 9), /end of 737280!$/);
    await t.test('the drive of 1.44 MB', async () => {
      await assert.rejects(
        runFloppy('large.vfd', 36),
        (error) =>
          isFault(error) &&
          /large\.vfd .* has 2\.8 MiB, and the drive is one of 1\.44 MB/.test(error.message),
      );
    });
  });

  test('HW-08 a device for one start goes before the order, until the machine is reset', async () => {
    assert.equal(await boot(['disk', 'cd']), 'D');
    await using started = await start('cd');
    assert.equal(started.text, 'C');
    await agent.act(id, 'reset');
    await started.until(/C[^]*D$/);
  });
});
