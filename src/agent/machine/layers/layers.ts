/**
 * The layers of a machine's disks, as its record keeps them (docs/rfd/0012). The definition names a disk's
 * own file, the lowest that Gantry writes; what lies on it, and which file the guest writes, stands here.
 *
 *   disk's own file (sealed) <- layer (sealed) <- top, which the guest writes
 *
 * Invariant: what something lies on has a seal, what nothing lies on has none. A disk without layers does
 * not appear. Pure.
 */
import { z } from 'zod';
import {
  diskFormats,
  timeSchema,
  undoDecisions,
  type Disk,
  type UndoDecision,
  type UndoStatus,
  type VmDefinition,
  type VmState,
} from '#api';

const fileName = z.string().min(1).max(1024);

/** What a file is known by while something lies on it (DISK-25). */
export const sealSchema = z.strictObject({
  sizeBytes: z.number().int().min(0),
  /** Nanoseconds since the epoch. */
  modified: z.string().max(32),
  /** SHA-256 of its first 64 KiB: the header of an image with a format. */
  head: z.string().max(64),
  /** Its permissions before it was write-protected. */
  mode: z.number().int().min(0).max(0o777),
});
export type Seal = z.infer<typeof sealSchema>;

export const layerSchema = z.strictObject({
  /** Of the lowest as the definition names it; of all others a name in the vm's folder. */
  file: fileName,
  format: z.enum(diskFormats),
  parent: fileName.nullable(),
  seal: sealSchema.nullable(),
});
export type Layer = z.infer<typeof layerSchema>;

export const layersSchema = z.strictObject({
  files: z.array(layerSchema).max(4096),
  /** Of each disk that has layers: its own file, and the one on top. */
  tops: z.array(z.strictObject({ disk: fileName, top: fileName })).max(64),
  /** Undo disks while there are any: where each disk was when the session began. */
  undo: z
    .strictObject({
      since: timeSchema,
      below: z.array(z.strictObject({ disk: fileName, file: fileName })).max(64),
      /** Writing into what lies below has begun: only its end makes that whole again. */
      begun: z.boolean(),
      /** As measured when the machine last went off. */
      sizeBytes: z.number().int().min(0).nullable(),
    })
    .nullable(),
  /** The session is over and its undo disks are to be written into what lies below, or to go. */
  ending: z.enum(undoDecisions).exclude(['keep']).nullable(),
  /**
   * Files of a change under way, as they are to be where it left them out of use: gone (null), or with these
   * permissions.
   */
  unfinished: z
    .array(z.strictObject({ file: fileName, mode: z.number().int().min(0).max(0o777).nullable() }))
    .max(4096),
});
export type Layers = z.infer<typeof layersSchema>;

export const noLayers: Layers = {
  files: [],
  tops: [],
  undo: null,
  ending: null,
  unfinished: [],
};

/** The file of a disk that the guest writes. */
export function topOf(
  layers: Layers,
  disk: Pick<Disk, 'file' | 'format'>,
): Pick<Layer, 'file' | 'format'> {
  const top = layers.tops.find((one) => one.disk === disk.file)?.top;
  return layers.files.find(({ file }) => file === top) ?? disk;
}

/** A disk's files from the top down to its own; this one alone where it has no layers. */
export function chainOf(layers: Layers, disk: Pick<Disk, 'file' | 'format'>): readonly Layer[] {
  const { file } = topOf(layers, disk);
  const chain = chainFrom(layers, file);
  return chain.length > 0 ? chain : [{ ...disk, parent: null, seal: null }];
}

/** From a file of `layers` down to the lowest. */
export function chainFrom(layers: Layers, from: string): readonly Layer[] {
  const chain: Layer[] = [];
  let next: string | null = from;
  while (next !== null && chain.length <= layers.files.length) {
    const layer = layers.files.find(({ file }) => file === next);
    if (layer === undefined) break;
    chain.push(layer);
    next = layer.parent;
  }
  return chain;
}

/** With a new top on each of the disks; what lay on top has its seal. */
export function putOnTop(
  layers: Layers,
  additions: readonly { readonly disk: Disk; readonly layer: string; readonly seal: Seal }[],
): Layers {
  return additions.reduce((now, { disk, layer, seal }): Layers => {
    const { file: parent, format } = topOf(now, disk);
    const known = now.files.find(({ file }) => file === parent);
    const sealed: Layer = { ...(known ?? { file: parent, format, parent: null }), seal };
    const others = now.files.filter(({ file }) => file !== parent);
    return {
      ...now,
      files: [...others, sealed, { file: layer, format: 'qcow2', parent, seal: null }],
      tops: [...now.tops.filter((one) => one.disk !== disk.file), { disk: disk.file, top: layer }],
    };
  }, layers);
}

/** With another file on top of each disk. What is under no top any more is left out. */
export function changeTops(
  layers: Layers,
  tops: readonly { readonly disk: string; readonly file: string }[],
): Layers {
  const moved = layers.tops.map(({ disk, top }) => ({
    disk,
    top: tops.find((one) => one.disk === disk)?.file ?? top,
  }));
  const inUse = new Set(moved.flatMap(({ top }) => chainFrom(layers, top).map(({ file }) => file)));
  const parents = new Set(
    layers.files.filter(({ file }) => inUse.has(file)).map(({ parent }) => parent),
  );
  const files = layers.files
    .filter(({ file }) => inUse.has(file))
    .map((layer) => (parents.has(layer.file) ? layer : { ...layer, seal: null }));
  // A disk whose own file is on top again has no layers.
  const plain = new Set(moved.filter(({ disk, top }) => disk === top).map(({ disk }) => disk));
  return {
    ...layers,
    tops: moved.filter(({ disk }) => !plain.has(disk)),
    files: files.filter(({ file }) => !plain.has(file) || parents.has(file)),
  };
}

/** What a change leaves to be done with files: layers that are not used any more go, disks are writable again. */
export function leftBy(before: Layers, after: Layers): Layers['unfinished'] {
  const now = new Map(after.files.map((layer) => [layer.file, layer]));
  return before.files.flatMap(({ file, parent, seal }): Layers['unfinished'] => {
    if (parent !== null && !now.has(file)) return [{ file, mode: null }];
    if (seal === null || (now.get(file)?.seal ?? null) !== null) return [];
    return [{ file, mode: seal.mode }];
  });
}

/** Which disks have layers: they neither go nor change their file. */
export function layeredDisks(layers: Layers): ReadonlySet<string> {
  return new Set(layers.tops.map(({ disk }) => disk));
}

/** What a machine that goes off becomes: merging where undo disks are not to stay. */
export function endOfSession(
  { layers, definition }: { readonly layers: Layers; readonly definition: VmDefinition },
  asked?: UndoDecision,
): { readonly state: VmState; readonly layers: Layers } {
  const decision = asked ?? definition.settings.undoDisks.onTurnOff;
  if (layers.undo === null || decision === 'keep') return { state: 'off', layers };
  return { state: 'merging-disks', layers: { ...layers, ending: decision } };
}

/** The files that hold what was written in the session. */
export function undoFiles(layers: Layers): string[] {
  return (layers.undo?.below ?? []).flatMap(({ disk, file: below }) => {
    const top = layers.tops.find((one) => one.disk === disk)?.top;
    if (top === undefined) return [];
    const chain = chainFrom(layers, top).map(({ file }) => file);
    return chain.slice(0, Math.max(0, chain.indexOf(below)));
  });
}

export function undoStatusOf({ undo }: Layers): UndoStatus | null {
  return undo && { since: undo.since, sizeBytes: undo.sizeBytes };
}
