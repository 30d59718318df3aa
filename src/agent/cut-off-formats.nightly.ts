/** Guests on system disks in QCOW2, raw, VHD, VHDX and VMDK, made by another program: booted, cut off, booted again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk } from '#api';
import { giB } from '#lib';
import { QemuAgent, testDisk, withoutQemu } from './testing/qemu-agent.ts';
import { serverOf } from './testing/served-guest.ts';
import { WrittenGuest } from './testing/written-guest.ts';

/** The system disk has its data there a moment after somebody can log in. */
const mounted = 'while ! grep -q " /data " /proc/mounts; do sleep 0.2; done';

interface Kind {
  readonly format: Disk['format'];
  /** What qemu-img calls it. */
  readonly driver: string;
  readonly options?: string;
}

const kinds: readonly Kind[] = [
  { format: 'qcow2', driver: 'qcow2' },
  { format: 'qcow2', driver: 'qcow2', options: 'compat=0.10' },
  { format: 'raw', driver: 'raw' },
  { format: 'vhd', driver: 'vpc', options: 'subformat=fixed,force_size=on' },
  { format: 'vhd', driver: 'vpc', options: 'subformat=dynamic,force_size=on' },
  { format: 'vhdx', driver: 'vhdx', options: 'subformat=fixed' },
  { format: 'vhdx', driver: 'vhdx', options: 'subformat=dynamic' },
  { format: 'vmdk', driver: 'vmdk', options: 'subformat=monolithicSparse' },
  { format: 'vmdk', driver: 'vmdk', options: 'subformat=monolithicFlat' },
  { format: 'vmdk', driver: 'vmdk', options: 'subformat=twoGbMaxExtentSparse' },
  { format: 'vmdk', driver: 'vmdk', options: 'subformat=twoGbMaxExtentFlat' },
  { format: 'vmdk', driver: 'vmdk', options: 'subformat=streamOptimized' },
];

describe('guests on disks of each format', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  for (const { format, driver, options } of kinds)
    test(`a guest boots from a disk in ${format}${options === undefined ? '' : ` (${options})`}, writes, is cut off, and finds what it had synced when it boots again`, async () => {
      const guest = new WrittenGuest(agent);
      const file = `system.${format}`;
      const system = { bus: 'virtio', position: 0, file, format, sizeBytes: giB } as const;
      const disks = [system, { ...testDisk('data.qcow2'), position: 1 }];
      await guest.create({}, { disks });
      const folder = agent.folder(guest.id);
      const path = join(folder, file);
      const how = options === undefined ? [] : ['-o', options];
      const from = join(folder, 'disk.qcow2');
      execFileSync('qemu-img', ['convert', '-O', driver, ...how, from, path]);

      await guest.boot();
      await guest.run(`${mounted}; echo kept > /data/mark; sync`);
      guest.close();
      const server = serverOf(guest.id);
      assert.equal(server === undefined, ['qcow2', 'raw'].includes(format), 'who opens it');
      process.kill(agent.pid(guest.id) ?? 0, 'SIGKILL');
      if (server !== undefined) process.kill(server, 'SIGKILL');
      await agent.until(guest.id, 'off');

      await guest.boot();
      assert.equal(await guest.run(`${mounted}; cat /data/mark`), 'kept');
      guest.close();
      await agent.act(guest.id, 'turn-off');
      await guest.call('machine.destroy', { keep: [] });
    });
});
