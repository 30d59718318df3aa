/**
 * Layers that no snapshot needs any more become one with the layer on them (SNAP-07): what that one holds is
 * written into the lower file, which then stands for both. Which layers those are the record says by itself, so
 * that an agent that comes back goes on.
 *
 * Invariant: until the record has changed, the upper file holds all that it held.
 */
import { describeFault, Fault, formatBytes, isoTime, toFault } from '#lib';
import type { Hands } from '../hands.ts';
import { sealAnew, tidyLayers } from './change-layers.ts';
import { afterMerge, nextMerge, prune, type Layers, type Merge } from './layers.ts';
import { releaseShared } from './shared-layers.ts';

/** Errors: those of the storage; what is merged by then stays merged, the rest stays apart. */
export async function mergeLayers(hands: Hands): Promise<void> {
  await releaseShared(hands);
  for (let merge = nextMerge(hands.file.layers); merge; merge = nextMerge(hands.file.layers)) {
    if (hands.file.state === 'off') {
      hands.enter('merging-disks');
      await hands.persist();
    }
    try {
      await mergeOne(hands, merge);
    } catch (error) {
      if (hands.leaving) throw error;
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
  await storage.layers.merge(hands.file, {
    upper,
    lower,
    signal: hands.signal,
    onProgress: (part) => hands.progress(part, `merging ${upper}`),
  });
  const { layers } = hands.file;
  const children = layers.files.filter(({ parent }) => parent === upper).map(({ file }) => file);
  const format = layers.files.find(({ file }) => file === lower)?.format ?? 'qcow2';
  for (const child of children)
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
      unfinished: [
        { file: upper, mode: null },
        { file: lower, mode },
      ],
    },
  });
  await hands.persist();
  await tidyLayers(hands);
}

/** The layers stay apart, with seals as they are now, and are merged at the next occasion. */
async function giveUp(hands: Hands, { lower }: Merge, error: unknown): Promise<Fault> {
  const cause = toFault(error);
  const { name } = hands.file.definition;
  const fault = new Fault(cause.code, `cannot merge layers of disks of ${name}`, { cause });
  const lastFault = {
    at: isoTime(hands.host.clock.now()),
    code: fault.code,
    message: describeFault(fault),
  };
  const layers = await sealAnew(hands.host.driver.storage, hands.file, new Set([lower]));
  hands.enter('off', { layers, lastFault });
  hands.emit('vm.disk.merge-failed', {
    operation: 'merge',
    reason: describeFault(cause),
    state: 'off',
  });
  await tidyLayers(hands).catch(() => undefined);
  await hands.persist();
  return fault;
}

/** Before a snapshot goes. Errors: `exhausted` with the figures where a merge might not end; nothing has changed. */
export async function requireRoomToMerge(hands: Hands, after: Layers): Promise<void> {
  const { layers } = hands.host.driver.storage;
  const merge = nextMerge(prune(after));
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
