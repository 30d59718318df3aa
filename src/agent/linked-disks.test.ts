/** Linked disks with a drive of a real host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DiskSource } from '#api';
import { isFault, miB } from '#lib';
import { LoopDrive, withoutLoopDrives } from './testing/loop-drive.ts';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const sizeBytes = 48 * miB;

describe('linked disks', { skip: withoutQemu || withoutLoopDrives }, () => {
  let agent: QemuAgent;
  let drive: LoopDrive;

  before(async () => {
    agent = await QemuAgent.start();
    drive = LoopDrive.make(agent.shelf, sizeBytes, randomBytes(5 * miB));
  });

  after(async () => {
    drive?.[Symbol.dispose]();
    await agent?.[Symbol.asyncDispose]();
  });

  const bytesOf = async (device: string): Promise<number> =>
    (await agent.host.call('host.drive', { device })).sizeBytes;
  const linked = (): ReturnType<typeof testDisk> => ({
    ...testDisk(drive.device),
    kind: 'linked',
    format: 'raw',
    sizeBytes,
    readOnly: true,
  });

  test('DISK-13 a linked disk is an entire drive; a partition, a file and nothing are refused', async (t) => {
    assert.equal(await bytesOf(drive.device), sizeBytes);
    for (const [device, code] of [
      [drive.file, 'invalid'],
      ['/dev/null', 'invalid'],
      ['/dev/no-such-drive', 'not-found'],
    ] as const)
      await assert.rejects(bytesOf(device), (error) => isFault(error, code), device);
    const partition = drive.partition();
    if (partition === undefined) return t.diagnostic('this kernel makes no partitions of it');
    await assert.rejects(
      bytesOf(partition),
      (error) => isFault(error, 'invalid') && error.message.includes('is a partition'),
    );
  });

  test('VM-68 DISK-14 a vm does not start while a linked disk is attached, and starts without it', async () => {
    const id = await agent.create(bareDefinition({ disks: [] }));
    const disk = linked();
    const { live } = await agent.host.call('machine.disk.attach', {
      id,
      generation: 0,
      cause: byTester,
      disk,
    });
    assert.equal(live, false);
    const check = await agent.host.call('machine.check', { id, action: 'turn-on', request: {} });
    assert.deepEqual(
      check.reasons.map(({ code }) => code),
      ['linked-disk'],
    );
    for (const action of ['turn-on', 'hold'] as const)
      await assert.rejects(
        agent.act(id, action),
        (error) => isFault(error, 'refused') && error.message.includes('only for conversion'),
      );
    await agent.host.call('machine.disk.detach', { id, generation: 0, cause: byTester, disk });
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
  });

  for (const [format, allocation] of [
    ['qcow2', 'dynamic'],
    ['raw', 'fixed'],
  ] as const) {
    test(`DISK-40 a drive is copied into a ${allocation} virtual disk, ${format}`, async () => {
      const id = await agent.create(bareDefinition({ disks: [linked()] }));
      const file = `copy.${format}`;
      const source: DiskSource = {
        kind: 'drive',
        file,
        format,
        sizeBytes,
        device: drive.device,
        allocation,
      };
      const create = (): Promise<unknown> =>
        agent.host.call('machine.disk.create', { id, generation: 0, cause: byTester, source });
      const holder = await open(drive.device, constants.O_RDONLY | constants.O_EXCL);
      try {
        await assert.rejects(
          create(),
          (error) => isFault(error, 'refused') && error.message.includes('it is in use'),
        );
      } finally {
        await holder.close();
      }
      await create();
      const path = join(agent.folder(id), file);
      const compared = spawnSync(
        'qemu-img',
        ['compare', '-f', 'raw', '-F', format, drive.device, path],
        { encoding: 'utf8' },
      );
      assert.equal(compared.status, 0, compared.stdout + compared.stderr);
      const stored = statSync(path).blocks * 512;
      if (allocation === 'fixed') assert.ok(stored >= sizeBytes, `${stored} bytes`);
      else assert.ok(stored < 8 * miB, `${stored} bytes`);
    });
  }
});
