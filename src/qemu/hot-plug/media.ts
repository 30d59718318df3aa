/**
 * Inserting, changing and ejecting media while the machine runs (HW-41).
 *
 * Invariant: the next medium is opened before the last one leaves, so that a medium that cannot be
 * opened changes nothing.
 */
import { Fault } from '#lib';
import {
  mediumFileNodeName,
  mediumNodeName,
  mediumSlots,
  type MediumSlot,
} from '../command-line/names.ts';
import type { FloppyDrive, Medium } from '../command-line/spec-storage.ts';
import { floppyNodes, opticalNodes } from '../command-line/storage.ts';
import type { CommandOptions, QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { addNodes } from './devices.ts';
import { actAndAwait } from './wait-event.ts';

export interface MediumChange {
  readonly driveId: string;
  /** Absent: eject. */
  readonly medium: Medium | undefined;
  readonly drive:
    { readonly kind: 'optical' } | (Pick<FloppyDrive, 'access'> & { readonly kind: 'floppy' });
  /** `ask` lets a guest that has locked the tray decide, and waits for it; `force` does not. */
  readonly lock: 'ask' | 'force';
}

/** How long a guest may take to open a tray that it holds; 10 s unless told. */
const defaultTrayMs = 10_000;

/**
 * Errors: `refused` when the image cannot be opened; `timeout` when the guest keeps the tray closed;
 * `not-found` when there is no such drive.
 */
export async function changeMedium(
  client: QmpClient,
  change: MediumChange,
  options: CommandOptions = {},
): Promise<void> {
  const drive = await findDrive(client, change.driveId, options);
  const inserted = drive.inserted?.nodeName;
  const isInserted = (slot: MediumSlot): boolean =>
    mediumNodeName(change.driveId, slot) === inserted;
  const last = mediumSlots.find(isInserted);
  const next = last === 'a' ? 'b' : 'a';
  await using undo = new AsyncDisposableStack();
  const { medium } = change;
  if (medium) await addNodes(client, nodesOf(change, next, medium), undo, options);
  await openTray(client, change, drive, options);
  if (inserted !== undefined) {
    await qmp.blockdevRemoveMedium(client, change.driveId, options);
    if (last !== undefined) await closeSlot(client, change.driveId, last, options);
  }
  if (medium) {
    const node = mediumNodeName(change.driveId, next);
    await qmp.blockdevInsertMedium(client, change.driveId, node, options);
    undo.move();
  }
  await qmp.blockdevCloseTray(client, change.driveId, options);
}

async function findDrive(
  client: QmpClient,
  driveId: string,
  options: CommandOptions,
): Promise<qmp.BlockInfo> {
  const blocks = await qmp.queryBlock(client, options);
  const drive = blocks.find(({ deviceId, removable }) => removable && deviceId === driveId);
  if (!drive) throw new Fault('not-found', `there is no drive ${driveId} with removable media`);
  return drive;
}

function nodesOf(
  change: MediumChange,
  slot: MediumSlot,
  medium: Medium,
): ReturnType<typeof opticalNodes> {
  return change.drive.kind === 'optical'
    ? opticalNodes(change.driveId, slot, medium)
    : floppyNodes(change.driveId, slot, medium, change.drive.access);
}

async function openTray(
  client: QmpClient,
  change: MediumChange,
  drive: qmp.BlockInfo,
  options: CommandOptions,
): Promise<void> {
  if (drive.trayOpen === true) return;
  if (change.lock === 'force' || !drive.locked) {
    await qmp.blockdevOpenTray(client, change.driveId, 'force', options);
    return;
  }
  await actAndAwait(
    client,
    `the guest keeps ${change.driveId} locked`,
    options.timeoutMs ?? defaultTrayMs,
    options.signal,
    (signal) => qmp.blockdevOpenTray(client, change.driveId, 'ask', { signal }),
    ({ name, data }) =>
      name === 'DEVICE_TRAY_MOVED' && data['id'] === change.driveId && data['tray-open'] === true
        ? name
        : undefined,
  );
}

async function closeSlot(
  client: QmpClient,
  driveId: string,
  slot: MediumSlot,
  options: CommandOptions,
): Promise<void> {
  await qmp.blockdevDel(client, mediumNodeName(driveId, slot), options);
  await qmp.blockdevDel(client, mediumFileNodeName(driveId, slot), options);
}
