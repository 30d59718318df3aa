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
import { leftBy, type Layer, type Layers, type NewTop, type SealedTop } from './layers.ts';

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
  const files = await Promise.all(
    machine.layers.files.map(async (layer): Promise<Layer> => {
      if (layer.seal === null || !changed.has(layer.file)) return layer;
      const seal = await storage.layers.readSeal(machine, layer.file);
      if (typeof seal === 'string') return layer;
      return { ...layer, seal: { ...seal, mode: layer.seal.mode } };
    }),
  );
  return { ...machine.layers, files };
}
