/**
 * Shared folders of a running machine: plugged in, taken out, and which of them the guest has mounted.
 *
 * Invariant: what the guest has mounted is QEMU's own account of it, not the guest's.
 */
import { shareDevice, shareId } from '../command-line/shares.ts';
import type { MachineSpec, SharedFolder } from '../command-line/spec.ts';
import { detachDevice } from '../hot-plug/devices.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';

/** The link of its export must lead to the folder. Errors: those of QEMU; nothing is left behind. */
export async function attachShare(
  client: QmpClient,
  machine: Pick<MachineSpec, 'chipset'>,
  folder: SharedFolder,
  options?: CommandOptions,
): Promise<void> {
  await qmp.deviceAdd(client, shareDevice(machine, folder), options);
}

/** Errors: `refused` when the guest does not let go, `timeout` when it does not answer. */
export async function detachShare(
  client: QmpClient,
  { slot }: Pick<SharedFolder, 'slot'>,
  options?: CommandOptions,
): Promise<void> {
  await detachDevice(client, shareId(slot), options);
}

/** hw/9pfs/9p.c: a mount stands against a migration, and with it against saving. */
const mountPattern =
  /^Migration is disabled when VirtFS export path '.*' is mounted in the guest using mount_tag '([^']*)'$/s;

/** Names of the shared folders that the guest has mounted. */
export async function mountedShares(
  client: QmpClient,
  options?: CommandOptions,
): Promise<ReadonlySet<string>> {
  const blockers = await qmp.queryMigrateBlockers(client, options);
  return new Set(blockers.flatMap((text) => mountPattern.exec(text)?.[1] ?? []));
}
