/**
 * Undo disks (DISK-29 to DISK-36, VM-47): a session begins with the first start that has none and ends when
 * the machine goes off and somebody, or the vm's setting, decides.
 *
 *   off --start, no undo disks--> made, one for each disk --> session ... goes off
 *        keep:    they stay; the next start goes on with them
 *        discard: the files below are on top again; the undo disks are deleted
 *        commit:  written into the files below (state merging-disks), then as discard
 */
import { describeFault, Fault, formatBytes, isoTime, toFault } from '#lib';
import type { Hands } from '../hands.ts';
import type { MachineFile } from '../record.ts';
import { changeLayers, sealAnew, tidyLayers } from './change-layers.ts';
import { requireUnchanged } from './check-layers.ts';
import { settleTaking } from './live-snapshot.ts';
import { settleMoving } from '../move-disk.ts';
import { mergeLayers } from './merge.ts';
import { layerSuffix, nameTops } from './name-tops.ts';
import { releaseShared } from './shared-layers.ts';
import { chainFrom, changeTops, isKept, putOnTop, topOf, undoFiles } from './layers.ts';

/** Before a start: undo disks for every disk that the guest may write and that has none. */
export async function beginUndo(hands: Hands): Promise<void> {
  const { definition, layers } = hands.file;
  if (!definition.settings.undoDisks.enabled) return;
  const covered = new Set(layers.undo?.below.map(({ disk }) => disk));
  const disks = definition.hardware.disks.filter(
    (disk) => !disk.readOnly && !disk.shared && disk.kind === undefined && !covered.has(disk.file),
  );
  if (disks.length === 0) return;
  const suffix = undoSuffix(hands.file);
  const named = nameTops(layers, disks, suffix);
  try {
    await changeLayers(hands, named, (now, additions) => ({
      layers: {
        ...putOnTop(now, additions),
        undo: {
          since: now.undo?.since ?? isoTime(hands.host.clock.now()),
          begun: false,
          sizeBytes: now.undo?.sizeBytes ?? null,
          below: [
            ...(now.undo?.below ?? []),
            ...disks.map((disk) => ({ disk: disk.file, file: topOf(now, disk).file })),
          ],
        },
      },
    }));
  } catch (error) {
    tellFailure(hands, 'vm.undo.failed', 'make', error);
    throw error;
  }
}

/** Files of the classic profile are named as Virtual PC named them (DISK-30). */
export function undoSuffix(file: MachineFile): string {
  return file.definition.hardware.profile === 'classic' ? 'vud' : 'undo.qcow2';
}

/** After the end of the process: what was decided is done, or what stays is measured. */
export async function endSession(hands: Hands): Promise<void> {
  await settleTaking(hands);
  await settleMoving(hands);
  await releaseShared(hands);
  await settleUndo(hands);
  if (hands.file.state === 'off') await mergeLayers(hands);
  await noteUndoSize(hands);
  await hands.persist();
}

/** Carries out what was decided at the end of the session. Also for an agent before this one. */
async function settleUndo(hands: Hands): Promise<void> {
  const { ending } = hands.file.layers;
  if (ending === null) return;
  // What was given up is sealed as it is; what was cut off is not.
  const isCutOff = hands.file.state !== 'off' && hands.file.layers.undo?.begun === true;
  let below: Below = isCutOff ? 'written' : 'sealed';
  if (hands.file.state !== 'merging-disks') hands.enter('merging-disks');
  try {
    if (ending === 'discard') requireWhole(hands.file);
    else {
      const merges = undoMerges(hands.file);
      await requireSealed(hands, merges, below);
      below = 'written';
      await mergeUndo(hands, merges);
    }
    await dropUndo(hands, ending);
  } catch (error) {
    // The end of the agent is no failure: the next one goes on.
    if (hands.leaving) throw error;
    throw await giveUp(hands, ending, below, error);
  }
}

/** A decision that is made while the machine is off. */
export async function decideUndo(hands: Hands, decision: 'commit' | 'discard'): Promise<void> {
  hands.set({ layers: { ...hands.file.layers, ending: decision } });
  await hands.persist();
  await endSession(hands);
}

/** Errors: `refused` when a commit has begun: the disks are no more what they were before the session. */
function requireWhole({ definition, layers }: MachineFile): void {
  if (layers.undo?.begun !== true) return;
  const message = `the undo disks of ${definition.name} were partly written into its disks already`;
  throw new Fault('refused', message, { hint: 'commit them: that was begun and did not end' });
}

/** Whether what lies below the undo disks has been written into. */
type Below = 'sealed' | 'written';

interface UndoMerge {
  readonly disk: string;
  readonly upper: string;
  readonly lower: string;
}

function undoMerges({ layers: { undo, tops } }: MachineFile): readonly UndoMerge[] {
  return (undo?.below ?? []).flatMap(({ disk, file: lower }) => {
    const upper = tops.find((one) => one.disk === disk)?.top ?? lower;
    return upper === lower ? [] : [{ disk, upper, lower }];
  });
}

/** Errors: `refused` naming a file that was changed below an undo disk. */
async function requireSealed(
  { file, host }: Hands,
  merges: readonly UndoMerge[],
  below: Below,
): Promise<void> {
  for (const { disk, upper, lower } of merges) {
    const [, ...files] = chainFrom(file.layers, upper);
    const sealed = files.filter((one) => below === 'sealed' || one.file !== lower);
    await requireUnchanged(host.driver.storage, file, disk, sealed);
  }
}

async function mergeUndo(hands: Hands, merges: readonly UndoMerge[]): Promise<void> {
  const { host } = hands;
  const { undo } = hands.file.layers;
  if (undo?.begun !== true) await requireMergeable(hands, merges);
  hands.set({ layers: { ...hands.file.layers, undo: undo && { ...undo, begun: true } } });
  await hands.persist();
  for (const [index, { disk, upper, lower }] of merges.entries()) {
    await host.driver.storage.layers.merge(hands.file, {
      chain: chainFrom(hands.file.layers, upper),
      lower,
      machines: [...host.others(hands.file.definition.id), hands.file],
      signal: hands.signal,
      onProgress: (part) => hands.progress((index + part) / merges.length, `committing ${disk}`),
    });
  }
}

/** Before anything is written. Errors: `refused` naming the vm whose disk lies on a file; `exhausted` with the figures. */
async function requireMergeable(
  hands: Hands,
  merges: readonly { readonly upper: string; readonly lower: string }[],
): Promise<void> {
  const { host, file } = hands;
  const { layers } = host.driver.storage;
  for (const { upper, lower } of merges) {
    if (isKept(file.layers, lower)) {
      throw new Fault('refused', `a snapshot or a linked clone keeps ${lower} as it is`, {
        hint: 'delete the snapshots that were taken since the session began and flatten the clones of them, or discard',
      });
    }
    const user = await layers.findUser(file, lower, host.others(file.definition.id));
    if (user !== undefined) {
      throw new Fault('refused', `a disk of ${user} lies on ${lower}`, {
        hint: `discard the undo disks, or give ${user} a disk of its own`,
      });
    }
    const neededBytes = await layers.sizeOf(file, upper);
    const freeBytes = await layers.freeBytes(file, lower);
    if (freeBytes >= neededBytes) continue;
    const figures = `${formatBytes(neededBytes)} may be needed, ${formatBytes(freeBytes)} are free`;
    throw new Fault('exhausted', `the volume of ${lower} has too little space: ${figures}`, {
      facts: { neededBytes, freeBytes },
      hint: 'free space on that volume; the undo disks stay as they are',
    });
  }
}

async function dropUndo(hands: Hands, ending: 'commit' | 'discard'): Promise<void> {
  const sizeBytes = await measureUndo(hands);
  const { layers, definition } = hands.file;
  const below = layers.undo?.below ?? [];
  // What a snapshot keeps is not written: the disk goes on in a layer of its own.
  const kept = definition.hardware.disks.filter((disk) =>
    below.some((one) => one.disk === disk.file && isKept(layers, one.file)),
  );
  const fresh = nameTops(layers, kept, layerSuffix, below);
  await changeLayers(hands, fresh, (now, additions) => ({
    layers: { ...putOnTop(changeTops({ ...now, undo: null }, below), additions), ending: null },
  }));
  hands.enter('off');
  hands.emit(ending === 'commit' ? 'vm.undo.committed' : 'vm.undo.discarded', { sizeBytes });
  await hands.persist();
}

/** The undo disks stay; what was written into is sealed as it is now. */
async function giveUp(
  hands: Hands,
  ending: 'commit' | 'discard',
  below: Below,
  error: unknown,
): Promise<Fault> {
  const { storage } = hands.host.driver;
  const cause = toFault(error);
  const { name } = hands.file.definition;
  const { code, facts, hint } = cause;
  const fault = new Fault(code, `cannot ${ending} the undo disks of ${name}`, {
    cause,
    facts,
    hint,
  });
  const places = hands.file.layers.undo?.below ?? [];
  const written = new Set(below === 'written' ? places.map(({ file }) => file) : []);
  const layers = await sealAnew(storage, hands.file, written);
  const lastFault = {
    at: isoTime(hands.host.clock.now()),
    code: fault.code,
    message: describeFault(fault),
  };
  hands.enter('off', { layers: { ...layers, ending: null }, lastFault });
  const event = ending === 'commit' ? 'vm.undo.commit-failed' : 'vm.undo.failed';
  tellFailure(hands, event, ending, cause);
  await tidyLayers(hands).catch(() => undefined);
  await hands.persist();
  return fault;
}

function tellFailure(
  hands: Hands,
  name: 'vm.undo.commit-failed' | 'vm.undo.failed',
  operation: 'make' | 'commit' | 'discard',
  error: unknown,
): void {
  hands.emit(name, { operation, reason: describeFault(error), state: hands.file.state });
}

/** All undo disks together, as they lie on the host. */
async function measureUndo(hands: Hands): Promise<number> {
  const { file, host } = hands;
  let bytes = 0;
  for (const layer of undoFiles(file.layers))
    bytes += await host.driver.storage.layers.sizeOf(file, layer);
  return bytes;
}

/** Notes how large the undo disks are that stay. */
async function noteUndoSize(hands: Hands): Promise<void> {
  const { undo } = hands.file.layers;
  if (undo === null) return;
  const sizeBytes = await measureUndo(hands);
  hands.set({ layers: { ...hands.file.layers, undo: { ...undo, sizeBytes } } });
}
