/**
 * Limits of disks of a running machine. QEMU keeps them at the back end of the device (qapi/block-core.json,
 * block_set_io_throttle), so that they stay while the images below it change: layers, copies and moves.
 *
 * Invariant: what is so already is not set again: a limit that is set anew begins a new burst.
 */
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '#lib';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';

export interface DiskThrottle {
  /** Id of the disk. */
  readonly id: string;
  /** Empty: no limits. */
  readonly limits: qmp.Throttle;
}

/**
 * Gives each disk its limits, where it has others. Errors: QEMU's; `not-found` where no such disk is plugged in. Those before it
 * have theirs then.
 */
export async function limitDisks(
  client: QmpClient,
  disks: readonly DiskThrottle[],
  options?: CommandOptions,
): Promise<void> {
  if (disks.length === 0) return;
  const devices = await qmp.queryBlock(client, options);
  for (const { id, limits } of disks) {
    const { path, inserted } = devices.find(({ deviceId }) => deviceId === id) ?? {};
    if (path === undefined || inserted === undefined)
      throw new Fault('not-found', `the machine has no disk ${id}`);
    if (isDeepStrictEqual(inserted.throttle, limits)) continue;
    await qmp.blockSetIoThrottle(client, path, limits, options);
  }
}
