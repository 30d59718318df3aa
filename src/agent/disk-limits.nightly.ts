/** A guest that reads a limited disk as fast as it can: what it gets is measured and told, never asserted. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DiskLimits, VmDefinition } from '#api';
import { miB, present } from '#lib';
import { qmp } from '#qemu';
import { MovingGuest, otherVolume } from './testing/moving-guest.ts';
import { withoutQemu } from './testing/qemu-agent.ts';
import { whileAway } from './testing/while-away.ts';

const skip = withoutQemu === false && !existsSync(otherVolume) ? `no ${otherVolume}` : withoutQemu;

describe('a guest on a limited disk', { skip }, () => {
  let moving: MovingGuest;

  before(async () => {
    moving = await MovingGuest.boot();
  });
  after(async () => {
    await moving?.[Symbol.asyncDispose]();
  });

  async function definition(): Promise<VmDefinition> {
    const { machines } = await moving.agent.host.call('host.discover', {});
    return present(
      machines.find(({ report }) => report.id === moving.guest.id),
      'the guest',
    ).definition;
  }

  let definitionVersion = 100;
  async function limit(limits: DiskLimits | null): Promise<void> {
    const now = await definition();
    const disks = now.hardware.disks.map((disk) =>
      disk.position === 1 ? { ...disk, limits } : disk,
    );
    definitionVersion += 1;
    const wanted = { ...now, hardware: { ...now.hardware, disks } };
    const { report } = await moving.guest.call('machine.configure', {
      definition: wanted,
      definitionVersion,
    });
    assert.deepEqual(report.pending, []);
  }

  /** MiB per second, past the guest's own cache. */
  async function read(count: number, blocks: string): Promise<string> {
    const { guest } = moving;
    const begun = Number(await guest.run('cut -d" " -f1 /proc/uptime'));
    await guest.run(`dd if=/dev/vdb of=/dev/null ${blocks} iflag=direct 2>/dev/null`);
    const ended = Number(await guest.run('cut -d" " -f1 /proc/uptime'));
    return `${(count / (ended - begun)).toFixed(1)} in ${(ended - begun).toFixed(1)} s`;
  }

  test('is held to it while it runs, also after the disk has moved, and not once it is taken away', async (t) => {
    const large = 'bs=1M count=16';
    const small = 'bs=4k count=400';
    const tell = async (when: string): Promise<void> => {
      t.diagnostic(
        `${when}: MiB/s ${await read(16, large)}, 4 KiB reads/s ${await read(400, small)}`,
      );
    };
    await moving.guest.run('dd if=/dev/zero of=/dev/vdb bs=1M count=16 conv=fsync 2>/dev/null');
    await tell('without limits');
    await limit({ readBytes: { perSecond: 4 * miB }, reads: { perSecond: 100 } });
    await tell('4 MiB/s and 100 reads/s');
    await moving.move(join(moving.elsewhere, 'data.qcow2'));
    await tell('the same after a move');
    const throttle = await whileAway(moving.agent, moving.guest.id, async (client) => {
      const devices = await qmp.queryBlock(client);
      return devices.find(({ deviceId }) => deviceId === 'disk-virtio0-1')?.inserted?.throttle;
    });
    assert.deepEqual(throttle, {
      rates: { bps_rd: { perSecond: 4 * miB }, iops_rd: { perSecond: 100 } },
    });
    await moving.guest.attend();
    await limit({
      readBytes: { perSecond: 4 * miB, burstPerSecond: 16 * miB, burstSeconds: 1 },
    });
    await tell('4 MiB/s with a burst of 16 MiB/s for 1 s');
    await limit(null);
    await tell('without limits again');
    assert.equal(moving.guest.report().state, 'running');
  });
});
