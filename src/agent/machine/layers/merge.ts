/**
 * Layers that no snapshot needs any more become one with the layer on them (SNAP-07): what that one holds is
 * written into the lower file, which then stands for both. Which layers those are the record says by itself, so
 * that an agent that comes back goes on.
 *
 * Invariants: (1) until the record has changed, the upper file holds all that it held; (2) while the machine is off nothing is written
 * into a file that was changed since something lies on it.
 */
import { describeFault, Fault, formatBytes, isoTime, toFault } from '#lib';
import type { Disk } from '#api';
import type { Running } from '../../drivers/driver.ts';
import type { Hands } from '../hands.ts';
import { sealAnew, tidyLayers } from './change-layers.ts';
import { requireUnchanged } from './check-layers.ts';
import {
  afterMerge,
  chainFrom,
  chainOf,
  nextMerge,
  prune,
  type Layer,
  type Layers,
  type Merge,
} from './layers.ts';
import { releaseShared } from './shared-layers.ts';
import { livePace } from '../paces.ts';

/** Errors: those of the storage; what is merged by then stays merged, the rest stays apart. */
export async function mergeLayers(hands: Hands): Promise<void> {
  if (hands.running === undefined) await releaseShared(hands);
  const next = (): Merge | undefined =>
    nextMerge(hands.file.layers, hands.running === undefined ? 'off' : 'running');
  for (let merge = next(); merge; merge = next()) {
    if (hands.file.state === 'off') {
      hands.enter('merging-disks');
      await hands.persist();
    }
    try {
      await mergeOne(hands, merge);
    } catch (error) {
      if (hands.leaving) throw error;
      if (hands.signal.aborted) {
        const layers = await sealApart(hands, merge);
        if (hands.file.state === 'merging-disks') hands.enter('off', { layers });
        else hands.set({ layers });
        throw error;
      }
      throw await giveUp(hands, merge, error);
    }
  }
  if (hands.file.state !== 'merging-disks') return;
  hands.enter('off');
  await hands.persist();
}

async function mergeOne(hands: Hands, merge: Merge): Promise<void> {
  const { storage } = hands.host.driver;
  const { upper, lower } = merge;
  const work = {
    signal: hands.signal,
    onProgress: (part: number) => hands.progress(part, `merging ${upper}`),
  };
  const open = openDiskOf(hands, merge);
  const chain = chainFrom(hands.file.layers, upper);
  if (open === undefined) await requireSound(hands, merge, chain);
  hands.set({ layers: { ...hands.file.layers, merging: merge } });
  await hands.persist();
  if (open === undefined) {
    const machines = [...hands.host.others(hands.file.definition.id), hands.file];
    await storage.layers.merge(hands.file, { chain, lower, machines, ...work });
    await noteMerged(hands, merge, undefined);
  } else {
    // What is written into is opened for it by the process, and so is the file above, which is told its new parent.
    for (const file of [lower, ...(open.above === undefined ? [] : [open.above])])
      await storage.layers.unprotect(hands.file, file, 0o200);
    await open.running.layers.merge({
      disk: open.disk,
      upper,
      lower,
      above: open.above,
      limit: () => livePace(hands),
      ...work,
      beforeMove: async () => {
        const standing = hands.file.state === 'running';
        hands.set({ layers: { ...hands.file.layers, standing } });
        await hands.persist();
      },
      moved: () => noteMerged(hands, merge, open.above),
    });
    hands.set({ layers: { ...hands.file.layers, standing: false } });
  }
  await tidyLayers(hands);
}

/**
 * What is written into, and what lies below that, is as it was sealed; what an agent before this one began to write into is not any more,
 * and what it had begun before there was a note of it is not known. Errors: `refused`; nothing has changed then.
 */
async function requireSound(
  { file, host }: Hands,
  { upper, lower }: Merge,
  chain: readonly Layer[],
): Promise<void> {
  const { merging } = file.layers;
  const isBegun = merging === undefined || merging?.lower === lower;
  const below = chain.filter((one) => one.file !== upper && !(isBegun && one.file === lower));
  await requireUnchanged(host.driver.storage, file, upper, below);
}

interface OpenLayers {
  readonly running: Running;
  readonly disk: Disk;
  /** What lies on the upper one there; undefined where that is the top. */
  readonly above: string | undefined;
}

/** The disk of the running process that stands on the upper file. */
function openDiskOf({ running, file }: Hands, { upper }: Merge): OpenLayers | undefined {
  if (running === undefined) return undefined;
  for (const disk of file.definition.hardware.disks) {
    const chain = chainOf(file.layers, disk).map((layer) => layer.file);
    const place = chain.indexOf(upper);
    if (place >= 0) return { running, disk, above: chain[place - 1] };
  }
  return undefined;
}

/** `told` has been told its new parent by the process that has it open. */
async function noteMerged(hands: Hands, merge: Merge, told: string | undefined): Promise<void> {
  const { storage } = hands.host.driver;
  const { upper, lower } = merge;
  const { layers } = hands.file;
  const children = layers.files.filter(({ parent }) => parent === upper).map(({ file }) => file);
  const format = layers.files.find(({ file }) => file === lower)?.format ?? 'qcow2';
  for (const child of children)
    if (child !== told)
      await storage.layers.renameParent(hands.file, child, { file: lower, format });
  const merged = afterMerge(layers, merge);
  const sealed = await sealAnew(
    storage,
    { ...hands.file, layers: merged },
    new Set([lower, ...children]),
  );
  const mode = layers.files.find(({ file }) => file === lower)?.seal?.mode ?? 0o600;
  hands.set({
    layers: {
      ...sealed,
      merging: null,
      unfinished: [
        { file: upper, mode: null },
        { file: lower, mode },
      ],
    },
  });
  await hands.persist();
}

/** The layers stay apart, with seals as they are now, and are merged at the next occasion. */
async function giveUp(hands: Hands, merge: Merge, error: unknown): Promise<Fault> {
  const cause = toFault(error);
  const { name } = hands.file.definition;
  const fault = new Fault(cause.code, `cannot merge layers of disks of ${name}`, { cause });
  const lastFault = {
    at: isoTime(hands.host.clock.now()),
    code: fault.code,
    message: describeFault(fault),
  };
  const patch = { layers: await sealApart(hands, merge), lastFault };
  if (hands.file.state === 'merging-disks') hands.enter('off', patch);
  else hands.set(patch);
  hands.emit('vm.disk.merge-failed', {
    operation: 'merge',
    file: merge.upper,
    reason: describeFault(cause),
    state: hands.file.state,
  });
  await tidyLayers(hands).catch(() => undefined);
  await hands.persist();
  return fault;
}

/** The lower file was written into, and the upper one still lies on it; before that nothing has changed. */
async function sealApart(hands: Hands, merge: Merge): Promise<Layers> {
  const { lower } = merge;
  if (hands.file.layers.merging?.lower !== lower) return hands.file.layers;
  const open = openDiskOf(hands, merge);
  await open?.running.layers.letGo(open.disk, lower);
  const layers = await sealAnew(hands.host.driver.storage, hands.file, new Set([lower]));
  return { ...layers, merging: null, standing: false };
}

/** Before a snapshot goes. Errors: `exhausted` with the figures where a merge might not end; nothing has changed. */
export async function requireRoomToMerge(hands: Hands, after: Layers): Promise<void> {
  const { layers } = hands.host.driver.storage;
  const merge = nextMerge(prune(after), 'off');
  if (merge === undefined) return;
  const neededBytes = await layers.sizeOf(hands.file, merge.upper);
  const freeBytes = await layers.freeBytes(hands.file, merge.lower);
  if (freeBytes >= neededBytes) return;
  const figures = `${formatBytes(neededBytes)} may be needed, ${formatBytes(freeBytes)} are free`;
  throw new Fault('exhausted', `the volume of ${merge.lower} has too little space: ${figures}`, {
    facts: { neededBytes, freeBytes },
    hint: 'free space on that volume',
  });
}
