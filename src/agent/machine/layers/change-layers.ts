/**
 * A change of layers, whole or not at all, whenever the agent is killed:
 *
 *   record: unfinished  ->  files made  ->  record: changed  ->  parents protected, what is not used any more goes
 *
 * Until the record has changed nothing that was in use is touched.
 */
import type { Disk } from '#api';
import { Fault } from '#lib';
import type { Hands } from '../hands.ts';
import type { LayerPlace, Storage } from '../../drivers/driver.ts';
import type { MachineFile } from '../record.ts';
import { leftBy, topOf, type Layer, type Layers, type Seal } from './layers.ts';

export interface NewTop {
  readonly disk: Disk;
  /** Name of the new file. */
  readonly layer: string;
}

export type SealedTop = NewTop & { readonly seal: Seal };

/** Errors: those of the storage; nothing has changed then. */
export async function changeLayers(
  hands: Hands,
  additions: readonly NewTop[],
  change: (layers: Layers, additions: readonly SealedTop[]) => Layers,
): Promise<void> {
  const { storage } = hands.host.driver;
  const sealed: SealedTop[] = [];
  if (additions.length > 0) {
    const unfinished = additions.map(({ layer }) => ({ file: layer, mode: null }));
    hands.set({ layers: { ...hands.file.layers, unfinished } });
    await hands.persist();
  }
  try {
    for (const addition of additions) {
      const parent = topOf(hands.file.layers, addition.disk);
      await storage.layers.make(hands.file, addition.layer, parent);
      const seal = await storage.layers.readSeal(hands.file, parent.file);
      if (!seal) throw new Fault('not-found', `the disk ${parent.file} is not there`);
      sealed.push({ ...addition, seal });
    }
  } catch (error) {
    await tidyLayers(hands);
    throw error;
  }
  const before = hands.file.layers;
  const after = change(before, sealed);
  hands.set({ layers: { ...after, unfinished: [...before.unfinished, ...leftBy(before, after)] } });
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
  const used = new Set(layers.files.map(({ file }) => file));
  const sealed = layers.files.filter(({ seal }) => seal !== null);
  await storage.write(hands.file, { ...layers, unfinished: [] });
  for (const { file } of sealed) await storage.protect(hands.file, file);
  for (const { file, mode } of layers.unfinished) {
    if (mode === null && !used.has(file)) await storage.remove(hands.file, file);
    if (mode !== null && !sealed.some((one) => one.file === file))
      await storage.unprotect(hands.file, file, mode);
  }
  hands.set({ layers: { ...hands.file.layers, unfinished: [] } });
}

/** The layers with seals of the files as they are now: after they were changed or copied as planned. */
export async function sealAnew(
  storage: Storage,
  machine: LayerPlace & Pick<MachineFile, 'layers'>,
): Promise<Layers> {
  const files = await Promise.all(
    machine.layers.files.map(async (layer): Promise<Layer> => {
      if (layer.seal === null) return layer;
      const seal = await storage.layers.readSeal(machine, layer.file);
      return { ...layer, seal: seal ? { ...seal, mode: layer.seal.mode } : layer.seal };
    }),
  );
  return { ...machine.layers, files };
}

/** `web-1.undo.qcow2`, or with a number where that is taken. */
export function nameLayer(disk: Disk, suffix: string, taken: readonly string[]): string {
  const base = disk.file.slice(disk.file.lastIndexOf('/') + 1);
  const stem = base.replace(/\.[^.]*$/, '');
  const names = new Set(taken);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? `${stem}.${suffix}` : `${stem}-${number}.${suffix}`;
    if (!names.has(name)) return name;
  }
}
