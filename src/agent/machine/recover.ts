/**
 * What became of a machine while no agent looked: the record says what was under way, the driver whether
 * there is a process.
 *
 *   record says        process is there                     process is gone
 *   off                ended (it must not be)               off
 *   starting           kept: running or paused              off
 *   running, paused    as it is now                         crashed; cut off after a restart of the host
 *   merging-disks      ended; the merge goes on             the merge goes on
 *   saving             save undone, running again (VM-85)   saved if the file is whole, else off
 *   saved              ended: the file is whole             saved; off if its discarding was under way
 *   restoring          kept if the guest was let run,       saved, or off if the guest was let run
 *                      else ended: saved (VM-86)
 *   others             as it is now                         as for running
 */
import type { Ending, Found, Observer } from '../drivers/driver.ts';
import type { Hands } from './hands.ts';
import { interpretEnd } from './interpret.ts';
import { tidyLayers } from './layers/change-layers.ts';
import { letStand, settleTaking } from './layers/live-snapshot.ts';
import { mergeLayers } from './layers/merge.ts';
import { settleMoving } from './move-disk.ts';
import { settleSeparated } from './layers/shared-layers.ts';
import { endSession } from './layers/undo.ts';
import { stopped, type MachineFile } from './record.ts';
import { takeGuestBack } from './take-guest-back.ts';
import { endDiscard } from './stop.ts';
import { removeLeftovers } from './leftovers.ts';

/** Looks for the process and, where there is one, listens to it from then on. */
export type Finder = (
  find: (observer: Observer) => Promise<Found | undefined>,
) => Promise<Found | undefined>;

export async function recoverMachine(hands: Hands, findProcess: Finder): Promise<void> {
  const { host } = hands;
  if (hands.file.departure !== null) return recoverDeparting(hands, findProcess);
  const found = await findProcess((observer) => host.driver.find(hands.file, observer));
  const before = hands.file;
  const stood = hands.file.layers.standing;
  await settleTaking(hands);
  await settleMoving(hands, 'keep');
  await letStand(hands);
  await removeLeftovers(hands);
  const { unfinished, stateFrom } = hands.file.layers;
  if (unfinished.length > 0 || stateFrom !== null) await tidyLayers(hands);
  await settleSeparated(hands);
  if (found?.kind === 'live') {
    await recoverLive(hands, stood ? { ...found, state: 'running' } : found);
  } else {
    const { state } = hands.file;
    await recoverGone(hands, found?.ending);
    // An end that was not seen ends the session as well; what was decided is done to its end.
    const { undo, ending } = hands.file.layers;
    if (hands.file.state === 'off') await mergeLayers(hands);
    if (ending !== null || (state !== 'off' && undo !== null)) await endSession(hands);
  }
  if (hands.file !== before) await hands.persist();
}

/**
 * Files that are on their way to another host stay as they are. A guest that was going along goes on here, unless all of it has
 * gone: then it stands still until the move is given up or ends.
 */
async function recoverDeparting(hands: Hands, findProcess: Finder): Promise<void> {
  const { state, departure } = hands.file;
  if (departure?.gone === true || state === 'off' || state === 'saved') return;
  const found = await findProcess((observer) => hands.host.driver.find(hands.file, observer));
  if (found?.kind !== 'live') return recoverGone(hands, found?.ending);
  if ((await found.running.departing?.handedOver()) === undefined) await takeGuestBack(hands);
}

type Live = Extract<Found, { kind: 'live' }>;

async function recoverLive(hands: Hands, found: Live): Promise<void> {
  const { state, released } = hands.file;
  if (state === 'off' || state === 'saved' || state === 'merging-disks') {
    hands.onEnd(() => 'heard');
    await found.running.end();
    hands.set(stopped);
    if (state === 'saved' && released) await endDiscard(hands);
    return;
  }
  if (state === 'restoring' && !released) {
    hands.onEnd(() => {
      hands.enter('saved', stopped);
      return 'heard';
    });
    await found.running.end();
    return;
  }
  if (state === 'saving') await undoSave(hands, found);
  else if (hands.file.savedFile !== null) await dropOldSave(hands);
  const now = hands.file.state === 'saving' && hands.file.ranBefore ? 'running' : found.state;
  const patch = {
    process: found.running.identity,
    accelerator: found.running.accelerator,
    startedAt: hands.file.startedAt ?? hands.file.since,
    held: hands.file.held && now === 'paused',
    wasRunning: true,
  };
  if (hands.file.state === now) hands.set(patch);
  else hands.enter(now, patch);
}

async function undoSave(hands: Hands, found: Live): Promise<void> {
  const { savedFile, ranBefore } = hands.file;
  if (savedFile !== null) await hands.host.driver.storage.deleteSaved(savedFile);
  hands.set({ savedFile: null, savedWith: null });
  if (ranBefore && found.state === 'paused') await found.running.resume(hands.signal);
}

async function dropOldSave(hands: Hands): Promise<void> {
  const { savedFile } = hands.file;
  if (savedFile !== null) await hands.host.driver.storage.deleteSaved(savedFile);
  hands.set({ savedFile: null, savedWith: null, released: false });
}

async function recoverGone(hands: Hands, ending: Ending | undefined): Promise<void> {
  const { file } = hands;
  if (file.state === 'saved' && file.released) await endDiscard(hands);
  // Of a merge only its last word is missing where nothing is left to be done.
  if (file.state === 'merging-disks' && file.layers.ending === null) hands.enter('off');
  if (file.state === 'off' || file.state === 'saved' || file.state === 'merging-disks') return;
  const { storage } = hands.host.driver;
  if (file.state === 'starting') {
    hands.enter('off', stopped);
    return;
  }
  const isSaved =
    file.savedFile !== null && (await storage.findSaved(file.savedFile)) !== undefined;
  if (file.state === 'restoring' && !file.released && isSaved) {
    hands.enter('saved', stopped);
    return;
  }
  if (file.state === 'saving' && isSaved) {
    hands.enter('saved', stopped);
    return;
  }
  if (file.savedFile !== null) await storage.deleteSaved(file.savedFile);
  hands.set({ savedFile: null, savedWith: null, released: false });
  if (wasCutOff(hands.host.driver.bootId(), file)) {
    hands.enter('off', stopped);
    hands.emit('vm.cut-off', {});
    return;
  }
  const detail = 'it vanished while the agent was not running';
  hands.apply(interpretEnd(hands.file, ending ?? { kind: 'crash', detail, log: '' }));
}

/** Its process belongs to an earlier life of the host (HOST-52). */
export function wasCutOff(bootId: string, file: MachineFile): boolean {
  return file.process !== null && file.process.bootId !== bootId;
}
