/**
 * The other end of a hand-over: a process that was started with the same machine, `stateFrom: 'incoming'`, whose disks are
 * there and empty. It lets them be written over NBD and waits for the memory.
 *
 * Invariant: nothing runs here before `cont`. A process whose guest does not come is of no more use.
 */
import { readOpenDisk } from '../layers/nodes.ts';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { awaitMigration } from '../state/progress.ts';

export interface AwaitedGuest {
  /** Disks that are written, by the name under which they are served. */
  readonly disks: readonly { readonly diskId: string; readonly exportName: string }[];
  /** Paths for sockets, at most 107 bytes, in a folder that QEMU may write to. */
  readonly disksSocketPath: string;
  readonly memorySocketPath: string;
  readonly signal: AbortSignal;
}

/** Resolves when both sockets can be connected to. */
export async function awaitGuest(client: QmpClient, awaited: AwaitedGuest): Promise<void> {
  const { disks, disksSocketPath: socketPath, memorySocketPath, signal } = awaited;
  if (disks.length > 0) {
    const maxConnections = disks.length;
    await qmp.nbdServerStart(client, { socketPath, maxConnections }, { signal });
    for (const { diskId, exportName } of disks) {
      const { rootNode: nodeName } = await readOpenDisk(client, diskId, { signal });
      await qmp.blockExportAdd(client, { nodeName, exportName }, { signal });
    }
  }
  await qmp.migrateIncoming(client, `unix:${memorySocketPath}`, { signal });
}

/** All of it has come; it stands still until `cont`. Errors: `internal` with QEMU's words, `unavailable` where it gave up. */
export async function takeGuest(
  client: QmpClient,
  { disks }: Pick<AwaitedGuest, 'disks'>,
  signal: AbortSignal,
): Promise<void> {
  await awaitMigration(client, signal, { longestPauseMs: 5 });
  if (disks.length > 0) await qmp.nbdServerStop(client, { signal });
}
