/**
 * A guest goes on in another process: its disks are copied there while it writes, then its memory follows while it works, and for
 * the last of both it stands still (QEMU, docs/interop/live-block-operations.rst; docs/devel/migration.rst).
 *
 *   mirrors -> all are equal -> memory -> guest stands still -> mirrors end -> rest of memory -> it can go on over there
 *
 * Invariant: nothing of this process is given up. Until somebody ends it, `takeBack` lets the guest go on here, with all that it
 * wrote: both sides have the same then, and whoever asks knows that it does not run there.
 *
 * An emulated guest stands still for all of its memory: emulation does not tell reliably what was changed meanwhile
 * (state/snapshot.ts).
 */
import { isFault } from '#lib';
import { laterNodes } from '../command-line/storage.ts';
import type { Disk } from '../command-line/spec-storage.ts';
import { addNodes, quietly } from '../hot-plug/devices.ts';
import { BlockJob } from '../layers/jobs.ts';
import { freeNodeName, readOpenDisk, servedImage } from '../layers/nodes.ts';
import { closeImage } from '../layers/put-on-top.ts';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { awaitMigration } from '../state/progress.ts';
import { resume } from '../state/stream.ts';

export interface HandedDisk {
  readonly disk: Pick<Disk, 'id' | 'discard' | 'cache'>;
  /** Where the other process serves the disk, and as what. */
  readonly socketPath: string;
  readonly exportName: string;
  /** `top`: what lies below its top is over there already. */
  readonly sync: 'full' | 'top';
}

export interface HandOver {
  readonly disks: readonly HandedDisk[];
  /** Where the other process waits for the memory. */
  readonly memorySocketPath: string;
  readonly acceleration: 'kvm' | 'tcg';
  /** How long the guest may stand still for the last of its memory. */
  readonly downtimeMs: number;
  /** The most that it takes, bytes per second, 0: no limit; asked again while it is under way. */
  readonly limit: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: HandOverProgress) => void;
  /** Ends all that leads to the other process: QEMU ends no copy while it waits for somebody to take what it writes. */
  readonly letGo: () => Promise<void>;
}

export interface HandOverProgress {
  readonly what: 'disks' | 'memory';
  /** From 0 to 1, of the disks or of the memory. */
  readonly part: number;
  readonly sentBytes: number;
}

export interface HandedOver {
  readonly sentBytes: number;
  /** Since when the guest stands still, by `performance.now()`. */
  readonly stoodSinceMs: number;
}

/** Between two looks while the last of the memory goes. */
const lookMs = 5;
/** No limit in practice; QEMU's own is meant for a shared network. */
const noLimit = 2 ** 40;

/** Errors: those of the copies and of the migration; the signal's reason. The guest goes on here then, if it ran. */
export async function handOver(client: QmpClient, options: HandOver): Promise<HandedOver> {
  const { disks, signal, memorySocketPath, acceleration } = options;
  const { running } = await qmp.queryStatus(client, { signal });
  let stoodSinceMs = performance.now();
  const unhear = client.onEvent(({ name }) => {
    if (name === 'STOP') stoodSinceMs = performance.now();
  });
  try {
    const diskBytes = await mirrorAll(client, options);
    if (acceleration === 'tcg' && running) await qmp.stop(client, { signal });
    await qmp.migrateSetCapabilities(client, capabilities('on'), { signal });
    let bandwidth = await setBandwidth(client, options);
    await qmp.migrate(client, `unix:${memorySocketPath}`, { signal });
    let sentBytes = diskBytes;
    await awaitMigration(client, signal, {
      longestPauseMs: lookMs,
      onProgress: async ({ transferredBytes, totalBytes }) => {
        sentBytes = diskBytes + transferredBytes;
        const part = totalBytes === 0 ? 0 : Math.min(1, transferredBytes / totalBytes);
        options.onProgress({ what: 'memory', part, sentBytes });
        if (options.limit() !== bandwidth) bandwidth = await setBandwidth(client, options);
      },
      async atSwitchover() {
        await Promise.all(disks.map(({ disk }) => jobOf(client, disk.id).endEqual()));
        await closeAll(client, disks);
      },
    });
    return { sentBytes, stoodSinceMs };
  } catch (error) {
    await options.letGo();
    await takeBack(client, disks, running);
    throw error;
  } finally {
    unhear();
  }
}

const capabilities = (state: 'on' | 'off') =>
  ({ 'pause-before-switchover': state, 'auto-converge': state }) as const;

async function setBandwidth(
  client: QmpClient,
  { limit, downtimeMs, signal }: HandOver,
): Promise<number> {
  const bandwidth = limit();
  const parameters = {
    'max-bandwidth': bandwidth === 0 ? noLimit : bandwidth,
    'downtime-limit': downtimeMs,
  };
  await qmp.migrateSetParameters(client, parameters, { signal });
  return bandwidth;
}

const jobOf = (client: QmpClient, diskId: string): BlockJob =>
  new BlockJob(client, `hand-over-${diskId}`, 'the copy to the other host failed');

/** Resolves when all are equal, with the bytes that went; the copies go on. */
async function mirrorAll(client: QmpClient, options: HandOver): Promise<number> {
  const { disks, limit, signal } = options;
  for (const handed of disks) await beginMirror(client, handed, options);
  const parts = new Map(disks.map(({ disk }) => [disk.id, { part: 0, bytes: 0 }]));
  const tell = (): void => {
    const all = [...parts.values()];
    const part = all.reduce((sum, one) => sum + one.part, 0) / Math.max(1, all.length);
    const sentBytes = all.reduce((sum, one) => sum + one.bytes, 0);
    options.onProgress({ what: 'disks', part, sentBytes });
  };
  const share = (): number => Math.ceil(limit() / Math.max(1, disks.length));
  await Promise.all(
    disks.map(({ disk }) =>
      jobOf(client, disk.id).follow('ready', {
        limit: share,
        signal,
        onProgress: (part, bytes) => {
          parts.set(disk.id, { part, bytes });
          tell();
        },
      }),
    ),
  );
  return [...parts.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

async function beginMirror(
  client: QmpClient,
  { disk, socketPath, exportName, sync }: HandedDisk,
  { limit, disks, signal }: HandOver,
): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const open = await readOpenDisk(client, disk.id, { signal });
  const targetNode = freeNodeName(open, disk.id);
  const source = { kind: 'nbd', socketPath, exportName } as const;
  const [file, image] = laterNodes(disk, targetNode, { source, format: 'raw' });
  // There is one connection, which is there at once, and what it has lost is not brought again.
  const once = { ...file, 'reconnect-delay': 0, 'open-timeout': 0 };
  await addNodes(client, [once, image], undo, { signal });
  const begun = { jobId: `hand-over-${disk.id}`, rootNode: open.rootNode, targetNode, sync };
  const bytesPerSecond = Math.ceil(limit() / disks.length);
  await qmp.blockdevMirror(client, { ...begun, bytesPerSecond }, { signal });
  undo.move();
}

async function closeAll(client: QmpClient, disks: readonly Closable[]): Promise<void> {
  for (const { disk, exportName } of disks)
    await closeImage(client, disk.id, servedImage(exportName));
}

type Closable = Pick<HandedDisk, 'exportName'> & { readonly disk: Pick<Disk, 'id'> };

/** All has gone to the other process, and the guest stands still. */
export async function isHandedOver(client: QmpClient): Promise<boolean> {
  const { status } = await qmp.queryStatus(client);
  return status === 'postmigrate';
}

/** Ends whatever is under way, or takes back what was handed over; the guest goes on if it ran. Never fails because QEMU has gone. */
export async function takeBack(
  client: QmpClient,
  disks: readonly Closable[],
  running: boolean,
): Promise<void> {
  await resume(client, running);
  try {
    for (const { disk } of disks) {
      const job = jobOf(client, disk.id);
      if (await job.isThere()) await job.giveUp();
    }
    await closeAll(client, disks);
    await quietly(() => qmp.migrateSetCapabilities(client, capabilities('off')))();
  } catch (error) {
    // QEMU has gone: its end is reported by whoever watches it.
    if (!isFault(error)) throw error;
  }
}
