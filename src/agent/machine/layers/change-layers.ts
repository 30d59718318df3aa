/**
 * A change of layers, whole or not at all, whenever the agent is killed:
 *
 *   record: unfinished  ->  files made  ->  record: changed  ->  parents protected, what is not used any more goes
 *
 * Until the record has changed nothing that was in use is touched.
 */
import { Fault } from '#lib';
import type { Hands, Patch } from '../hands.ts';
import type { Storage } from '../../drivers/storage.ts';
import type { LayerPlace } from '../../drivers/layer-storage.ts';
import type { MachineFile } from '../record.ts';
import { leftBy, type Layers, type NewTop, type Seal, type SealedTop } from './layers.ts';
import { borrowedOf, withServed, type ServedChain } from './served-chain.ts';

/** Another file or folder that the change makes. */
export interface Along {
  readonly name: string;
  readonly make: () => Promise<void>;
}

/** Errors: those of the storage; nothing has changed then. */
export async function changeLayers(
  hands: Hands,
  additions: readonly NewTop[],
  change: (layers: Layers, additions: readonly SealedTop[]) => Patch & { readonly layers: Layers },
  along?: Along,
): Promise<void> {
  const { storage } = hands.host.driver;
  const sealed: SealedTop[] = [];
  const names = [...additions.map(({ layer }) => layer), ...(along ? [along.name] : [])];
  if (names.length > 0) {
    const unfinished = names.map((file) => ({ file, mode: null }));
    hands.set({ layers: { ...hands.file.layers, unfinished } });
    await hands.persist();
  }
  try {
    await along?.make();
    for (const addition of additions) {
      const { layer, on } = addition;
      await storage.layers.make(hands.file, layer, on);
      const seal = await storage.layers.readSeal(hands.file, on.file);
      if (seal === 'missing') throw new Fault('not-found', `the disk ${on.file} is not there`);
      if (seal === 'unreadable') throw new Fault('corrupt', `the disk ${on.file} cannot be read`);
      sealed.push({ ...addition, seal });
    }
  } catch (error) {
    await tidyLayers(hands);
    throw error;
  }
  const before = hands.file.layers;
  const patch = change(before, sealed);
  const unfinished = [...before.unfinished, ...leftBy(before, patch.layers)];
  hands.set({ ...patch, layers: { ...patch.layers, unfinished } });
  await hands.persist();
  await tidyLayers(hands);
}

/**
 * Ends a change that this agent, or one before it, did not: the folder tells of the layers as they are, what
 * something lies on is write-protected, and what is left over is dealt with.
 */
export async function tidyLayers(hands: Hands): Promise<void> {
  const { layers: storage } = hands.host.driver.storage;
  const { layers } = hands.file;
  const used = new Set([
    ...layers.files.map(({ file }) => file),
    ...layers.snapshots.map(({ state }) => state),
  ]);
  const sealed = layers.files.filter(({ seal }) => seal !== null);
  await storage.write(hands.file, {
    ...layers,
    unfinished: [],
    stateFrom: null,
    taking: null,
    standing: false,
  });
  for (const { file, borrowed } of sealed) if (!borrowed) await storage.protect(hands.file, file);
  for (const { file, mode } of layers.unfinished) {
    if (mode === null && !used.has(file)) await storage.remove(hands.file, file);
    if (mode !== null && !sealed.some((one) => one.file === file))
      await storage.unprotect(hands.file, file, mode);
  }
  if (layers.stateFrom !== null) await storage.restoreState(hands.file, layers.stateFrom);
  hands.set({ layers: { ...hands.file.layers, unfinished: [], stateFrom: null } });
}

/** The layers with seals of files as they are now: after those were changed or copied as planned. */
export async function sealAnew(
  storage: Storage,
  machine: LayerPlace & Pick<MachineFile, 'layers'>,
  changed: ReadonlySet<string>,
): Promise<Layers> {
  const sealed = async <F extends { readonly file: string; readonly seal: Seal | null }>(
    one: F,
  ): Promise<F> => {
    if (one.seal === null || !changed.has(one.file)) return one;
    const seal = await storage.layers.readSeal(machine, one.file);
    if (typeof seal === 'string') return one;
    return { ...one, seal: { ...seal, mode: one.seal.mode } };
  };
  const { layers } = machine;
  const files = await Promise.all(layers.files.map(sealed));
  const served: ServedChain[] = [];
  for (const chain of layers.served ?? []) {
    const parents = chain.parents.map(async (parent) => ({
      ...(await sealed(parent)),
      parts: await Promise.all(parent.parts.map(sealed)),
    }));
    served.push({ ...chain, parents: await Promise.all(parents) });
  }
  return withServed({ ...layers, files }, served);
}

/** Every file of these that has a seal. */
export function sealedFiles(layers: Layers): ReadonlySet<string> {
  const borrowed = (layers.served ?? []).flatMap(borrowedOf);
  return new Set([...layers.files, ...borrowed].map(({ file }) => file));
}
