/** Raw devices with a drive of a real host: what is told and what is refused. A guest that has one: served-disks.test.ts. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk } from '#api';
import { isFault, miB } from '#lib';
import { stableName } from './storage/drive-facts.ts';
import { LoopDrive, withoutLoopDrives } from './testing/loop-drive.ts';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const sizeBytes = 48 * miB;

describe('raw devices', { skip: withoutQemu || withoutLoopDrives }, () => {
  let agent: QemuAgent;
  let drive: LoopDrive;
  let identity: string;

  before(async () => {
    agent = await QemuAgent.start();
    drive = LoopDrive.make(agent.shelf, sizeBytes);
    identity = (await agent.host.call('host.drive', { device: drive.device })).identity;
  });
  after(async () => {
    drive?.[Symbol.dispose]();
    await agent?.[Symbol.asyncDispose]();
  });

  const rawDevice = (change: Partial<Disk> = {}): Disk => ({
    ...testDisk(drive.device),
    kind: 'device',
    format: 'raw',
    sizeBytes,
    cache: 'none',
    drive: identity,
    ...change,
  });
  const create = (disk: Disk): Promise<string> =>
    agent.create(bareDefinition({ disks: [disk] }, { settings: { acceleration: 'tcg' } }));
  const said = async (id: string): Promise<[string, string][]> => {
    const check = await agent.host.call('machine.check', { id, action: 'turn-on', request: {} });
    return check.reasons.map(({ code, text }) => [code, text]);
  };

  test('a drive tells its size, what it is known by, and what of the host uses it', async () => {
    const look = () => agent.host.call('host.drive', { device: drive.device });
    assert.deepEqual(await look(), {
      sizeBytes,
      path: drive.device,
      identity: `file ${drive.file}`,
      usedBy: null,
      readOnly: false,
    });
    const folder = join(agent.shelf, 'by-id');
    execFileSync('mkdir', [folder]);
    for (const name of ['usb-Stick', 'wwn-0x5', 'wwn-0x4-part1'])
      execFileSync('ln', [
        '-s',
        name.endsWith('part1') ? '/dev/null' : drive.device,
        join(folder, name),
      ]);
    assert.equal(await stableName(drive.device, drive.device, folder), join(folder, 'wwn-0x5'));
    const chosen = join(folder, 'usb-Stick');
    assert.equal(await stableName(chosen, drive.device, folder), chosen);
    assert.equal(await stableName(drive.device, '/dev/none', folder), drive.device);
  });

  test('a drive that the host uses, another one than was attached, or none, is not started with', async () => {
    const id = await create(rawDevice());
    assert.deepEqual(await said(id), []);
    {
      await using holder = await open(drive.device, constants.O_RDONLY | constants.O_EXCL);
      assert.ok(holder.fd > 0);
      assert.deepEqual(
        (await said(id)).map(([code]) => code),
        ['device-in-use'],
      );
    }
    execFileSync('mkfs.ext4', ['-q', '-F', drive.device]);
    const mountPoint = join(agent.shelf, 'mounted');
    execFileSync('mkdir', [mountPoint]);
    execFileSync('mount', [drive.device, mountPoint]);
    try {
      const [reason] = await said(id);
      assert.deepEqual(reason, [
        'device-in-use',
        `the host itself uses the raw device virtio0:0 (${drive.device}): ${basename(drive.device)} is mounted at ${mountPoint}`,
      ]);
    } finally {
      execFileSync('umount', [mountPoint]);
    }
    for (const [change, code] of [
      [{ drive: 'wwn naa.5000c500a1b2c3d4' }, 'device-changed'],
      [{ sizeBytes: 2 * sizeBytes }, 'device-changed'],
      [{ file: '/dev/no-such-drive' }, 'device-missing'],
      [{ file: '/dev/null' }, 'device-missing'],
      [{ file: drive.file }, 'device-missing'],
    ] as const)
      assert.deepEqual(
        (await said(await create(rawDevice(change)))).map(([one]) => one),
        [code],
      );
  });

  test('a raw device has no layers and is not compacted', async () => {
    const id = await create(rawDevice());
    const call = { id, generation: 0, cause: byTester };
    const snapshot = {
      id: crypto.randomUUID(),
      name: 'before',
      description: '',
      author: null,
      memory: false,
      quiesce: false,
      exclude: [] as string[],
    };
    const take = (exclude: string[]): Promise<unknown> =>
      agent.host.call('machine.snapshot.take', { ...call, snapshot: { ...snapshot, exclude } });
    await assert.rejects(
      take([]),
      (error) => isFault(error, 'refused') && /virtio0:0 .* is a raw device/.test(error.message),
    );
    await take(['virtio0:0']);
    await assert.rejects(
      agent.host.call('machine.disk.compact', {
        ...call,
        place: 'virtio0:0',
        freeBlocks: 'keep',
        fixed: 'refuse',
      }),
      (error) => isFault(error, 'refused') && error.message.includes('it is a raw device'),
    );
  });
});
