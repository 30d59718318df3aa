/**
 * Inserting, changing and ejecting media while the machine runs (HW-41).
 *
 * Invariant: the next medium is opened before the last one leaves, so that a medium that cannot be
 * opened changes nothing.
 */
import { Fault, isFault } from '#lib';
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

/** How long a guest may take to open a tray that it holds; 5 s unless told. */
const defaultTrayMs = 5_000;

/**
 * A medium that a guest keeps locked in its drive is not put in a second time. Errors: `refused` when the image cannot be opened, and with the reason `tray-locked` when the guest keeps the tray
 * closed; `not-found` when there is no such drive.
 */
export async function changeMedium(
  client: QmpClient,
  change: MediumChange,
  options: CommandOptions = {},
): Promise<'changed' | 'kept'> {
  const drive = await findDrive(client, change.driveId, options);
  // It is not asked for what is so already, as when a change is undone that it has refused.
  if (drive.locked && drive.trayOpen !== true && drive.inserted?.path === change.medium?.path)
    return 'kept';
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
  return 'changed';
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
  await askForTray(client, change.driveId, options);
}

/** What the guest does about it is its own affair; it may need a while, or use the medium and not want to. */
async function askForTray(
  client: QmpClient,
  driveId: string,
  options: CommandOptions,
): Promise<void> {
  try {
    await actAndAwait(
      client,
      `the guest keeps ${driveId} locked`,
      options.timeoutMs ?? defaultTrayMs,
      options.signal,
      (signal) => qmp.blockdevOpenTray(client, driveId, 'ask', { signal }),
      ({ name, data }) =>
        name === 'DEVICE_TRAY_MOVED' && data['id'] === driveId && data['tray-open'] === true
          ? name
          : undefined,
    );
  } catch (cause) {
    if (!isFault(cause, 'timeout')) throw cause;
    const text = 'the guest has locked it, and has not opened it after it was asked to';
    const remedy = 'eject the medium in the guest; by force it is taken from programs that read it';
    throw new Fault('refused', `cannot open the tray of ${driveId}`, {
      reasons: [{ code: 'tray-locked', text, remedy }],
    });
  }
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
