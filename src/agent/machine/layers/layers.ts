/**
 * The layers of a machine's disks, as its record keeps them (docs/rfd/0012). The definition names a disk's
 * own file, the lowest that Gantry writes; what lies on it, and which file the guest writes, stands here.
 *
 *   disk's own file (sealed) <- layer (sealed) <- top, which the guest writes
 *
 * The own file of a differencing disk lies on its parents (sealed), which stay as they are (make-child.ts). Parents that a
 * disk came with are borrowed: what they are is nobody's business here but to read them (take-parents.ts). Those of disks that
 * are served are apart (served-chain.ts).
 *
 * Invariant: what something lies on has a seal, what nothing lies on has none. A disk without layers does
 * not appear. Pure.
 */
import { z } from 'zod';
import {
  idSchema,
  maxSnapshots,
  snapshotSchema,
  timeSchema,
  isNative,
  undoDecisions,
  vmDefinitionSchema,
  vmDiskFormats,
  type Disk,
  type Snapshot,
  type UndoDecision,
  type UndoStatus,
  type VmDefinition,
  type VmState,
} from '#api';
import { fileName, sealSchema, type Seal } from './seal.ts';
import { servedChainSchema, withServed } from './served-chain.ts';

export { sealSchema, type Seal };

export const layerSchema = z.strictObject({
  /** As the definition names disks: in the vm's folder where it is a name, elsewhere where it is a path. */
  file: fileName,
  format: z.enum(vmDiskFormats),
  parent: fileName.nullable(),
  seal: sealSchema.nullable(),
  /** Other machines have the file too, under names of their own: nobody writes it (docs/rfd/0019). */
  shared: z.literal(true).optional(),
  /** A parent that the disk had when the machine got it: it is read, and nothing else is done to it. */
  borrowed: z.literal(true).optional(),
});
export type Layer = z.infer<typeof layerSchema>;

const undoSchema = z.strictObject({
  since: timeSchema,
  below: z.array(z.strictObject({ disk: fileName, file: fileName })).max(64),
  /** Writing into what lies below has begun: only its end makes that whole again. */
  begun: z.boolean(),
  /** As measured when the machine last went off. */
  sizeBytes: z.number().int().min(0).nullable(),
});

export const snapshotRecordSchema = z.strictObject({
  id: idSchema,
  name: z.string().max(100),
  description: z.string().max(4096),
  author: z.string().max(100).nullable(),
  takenAt: timeSchema,
  parent: idSchema.nullable(),
  sizeBytes: z.number().int().min(0),
  /** The file of each disk that holds what it was. */
  disks: z.array(z.strictObject({ disk: fileName, file: fileName })).max(64),
  /** Folder with firmware variables and TPM. */
  state: fileName,
  /** The undo disks of then (SNAP-11). */
  undo: undoSchema.nullable(),
  definition: vmDefinitionSchema,
  takenWhile: snapshotSchema.shape.takenWhile,
  quiesced: snapshotSchema.shape.quiesced,
  /** Beside firmware variables and TPM: memory and devices of the process of then. */
  memory: z
    .strictObject({
      sizeBytes: z.number().int().min(0),
      /** The definition that the process had; null: that of the snapshot. */
      startedWith: vmDefinitionSchema.nullable(),
      pluggedMemory: z.array(z.number().int().min(1)).max(256),
    })
    .nullable()
    .default(null),
});
export type SnapshotRecord = z.infer<typeof snapshotRecordSchema>;

export const layersSchema = z.strictObject({
  files: z.array(layerSchema).max(4096),
  /** Of each disk that has layers: its own file, and the one on top. */
  tops: z.array(z.strictObject({ disk: fileName, top: fileName })).max(64),
  /** Undo disks while there are any: where each disk was when the session began. */
  undo: undoSchema.nullable(),
  /** Oldest first. */
  snapshots: z.array(snapshotRecordSchema).max(maxSnapshots).default([]),
  /** The snapshot that the present goes on from. */
  position: z.string().max(64).nullable().default(null),
  /** Firmware variables and TPM are still to be those that this folder keeps. */
  stateFrom: fileName.nullable().default(null),
  /** A shared file is being replaced by a copy of its own, which is known by this seal (shared-layers.ts). */
  separated: z.strictObject({ file: fileName, seal: sealSchema }).nullable().default(null),
  /**
   * A snapshot that is being taken of the running process: whether it has put the new layers on top is asked of the
   * process, or where that has gone, seen by what they hold (live-snapshot.ts).
   */
  taking: z
    .strictObject({
      /** Null: the layers are put there for what is done below them, and merge again. */
      snapshot: snapshotRecordSchema.nullable(),
      tops: z.array(z.strictObject({ disk: fileName, layer: fileName, on: fileName })).max(64),
    })
    .nullable()
    .default(null),
  /**
   * Writing the upper file into the lower one has begun: until that has ended, or is given up, the seal of the lower one does not
   * hold. Absent in records of before: whether it has is not known.
   */
  merging: z.strictObject({ upper: fileName, lower: fileName }).nullable().optional(),
  /** The guest stands still for a change of layers, or is about to, and is to run again. */
  standing: z.boolean().default(false),
  /** The session is over and its undo disks are to be written into what lies below, or to go. */
  ending: z.enum(undoDecisions).exclude(['keep']).nullable(),
  /** Disks whose parents could not be told when the machine got them: it is not started with them until they are. */
  untold: z.array(fileName).max(64).default([]),
  /** Of disks that are served: what they are made from (served-chain.ts). */
  served: z.array(servedChainSchema).max(64).optional(),
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
  snapshots: [],
  position: null,
  stateFrom: null,
  separated: null,
  taking: null,
  merging: null,
  standing: false,
  ending: null,
  untold: [],
  unfinished: [],
};

/** The file of a disk that the guest writes. */
export function topOf<D extends Pick<Disk, 'file' | 'format'>>(
  layers: Layers,
  disk: D,
): Pick<Layer, 'file' | 'format'> | D {
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

/** A new file on top of a disk, on another that has its seal from then on. */
export interface NewTop {
  readonly disk: Disk;
  /** Name of the new file. */
  readonly layer: string;
  /** What it lies on. */
  readonly on: Pick<Layer, 'file' | 'format'>;
}
export type SealedTop = NewTop & { readonly seal: Seal };

/** With a new top on each of the disks. */
export function putOnTop(layers: Layers, additions: readonly SealedTop[]): Layers {
  return additions.reduce((now, { disk, layer, on, seal }): Layers => {
    const known = now.files.find(({ file }) => file === on.file);
    const sealed: Layer = known?.seal ? known : { ...(known ?? { ...on, parent: null }), seal };
    const others = now.files.filter(({ file }) => file !== on.file);
    return {
      ...now,
      files: [...others, sealed, { file: layer, format: 'qcow2', parent: on.file, seal: null }],
      tops: [...now.tops.filter((one) => one.disk !== disk.file), { disk: disk.file, top: layer }],
    };
  }, layers);
}

/** A parent that a disk came with. */
export type Borrowed = Pick<Layer, 'file' | 'format'> & { readonly seal: Seal };

/** With the parents of a disk, the nearest first, below all that the machine has of it. */
export function putBelow(
  layers: Layers,
  disk: Pick<Disk, 'file' | 'format'>,
  parents: readonly Borrowed[],
): Layers {
  const [nearest] = parents;
  if (nearest === undefined) return layers;
  // Of a disk without layers only what a layer has.
  const { file, format } = disk;
  const own: Layer = { file, format, parent: null, seal: null };
  const lowest = chainFrom(layers, topOf(layers, disk).file).at(-1) ?? own;
  const known = new Set(layers.files.map(({ file }) => file));
  const borrowed = parents.map((parent, index): Layer => {
    const { file, format, seal } = parent;
    return { file, format, parent: parents[index + 1]?.file ?? null, seal, borrowed: true };
  });
  const hasTop = layers.tops.some((one) => one.disk === disk.file);
  return {
    ...layers,
    files: [
      ...layers.files.filter(({ file }) => file !== lowest.file),
      { ...lowest, parent: nearest.file },
      ...borrowed.filter(({ file }) => !known.has(file)),
    ],
    tops: hasTop ? layers.tops : [...layers.tops, { disk: disk.file, top: disk.file }],
  };
}

/** Without the parents that disks came with, which are to be found anew. */
export function withoutBorrowed(all: Layers): Layers {
  const layers = all.served === undefined ? all : withServed(all, []);
  const gone = new Set(layers.files.filter(({ borrowed }) => borrowed).map(({ file }) => file));
  if (gone.size === 0) return layers;
  const files = layers.files
    .filter(({ file }) => !gone.has(file))
    .map((layer) => (gone.has(layer.parent ?? '') ? { ...layer, parent: null } : layer));
  return prune({ ...layers, files });
}

/** With another file on top of each disk. What is not used any more is left out. */
export function changeTops(
  layers: Layers,
  tops: readonly { readonly disk: string; readonly file: string }[],
): Layers {
  const moved = layers.tops.map(({ disk, top }) => ({
    disk,
    top: tops.find((one) => one.disk === disk)?.file ?? top,
  }));
  return prune({ ...layers, tops: moved });
}

/** What lies below the disks' own files: parents of differencing disks, which no vm writes (DISK-28). */
export function filesBelowOwn(layers: Layers): ReadonlySet<string> {
  return new Set(
    layers.tops.flatMap(({ disk }) =>
      chainFrom(layers, disk)
        .slice(1)
        .map(({ file }) => file),
    ),
  );
}

/** Files that keep what they hold: those of snapshots, clones and parents. Nothing writes into them or into what they lie on. */
function keptFiles(layers: Layers): ReadonlySet<string> {
  const { files, snapshots } = layers;
  return new Set([
    ...filesBelowOwn(layers),
    ...snapshots.flatMap(({ disks }) => disks.map(({ file }) => file)),
    ...files.filter(({ shared, borrowed }) => shared || borrowed).map(({ file }) => file),
  ]);
}

/** Whether writing into a file would change what a snapshot or a clone holds. */
export function isKept(layers: Layers, file: string): boolean {
  return [...keptFiles(layers)].some((kept) =>
    chainFrom(layers, kept).some((layer) => layer.file === file),
  );
}

/** Files that something names: the tops, those of snapshots, and where sessions with undo disks began. */
function namedFiles({ tops, snapshots, undo }: Layers): ReadonlySet<string> {
  const sessions = [undo, ...snapshots.map((snapshot) => snapshot.undo)];
  return new Set([
    ...tops.map(({ top }) => top),
    ...snapshots.flatMap(({ disks }) => disks.map(({ file }) => file)),
    ...sessions.flatMap((session) => session?.below.map(({ file }) => file) ?? []),
  ]);
}

/** Without files that nothing lies on and nothing names; with seals on those alone that need one. */
export function prune(layers: Layers): Layers {
  const inUse = new Set(
    [...namedFiles(layers)].flatMap((file) => chainFrom(layers, file).map((layer) => layer.file)),
  );
  const used = layers.files.filter(({ file }) => inUse.has(file));
  const parents = new Set(used.map(({ parent }) => parent));
  const kept = keptFiles(layers);
  const isBare = (file: string): boolean => !parents.has(file) && !kept.has(file);
  const files = used
    .filter(({ file, parent }) => parent !== null || !isBare(file))
    .map((layer) => (isBare(layer.file) ? { ...layer, seal: null } : layer));
  // A disk whose own file is on top again has no layers.
  const tops = layers.tops.filter(
    ({ disk, top }) => disk !== top || !isBare(disk) || chainFrom(layers, disk).length > 1,
  );
  return { ...layers, files, tops };
}

export interface Merge {
  readonly upper: string;
  readonly lower: string;
}

/**
 * A file that nothing names and one other lies on: what that one holds can be written into it (SNAP-07). While the
 * machine runs, what is served to it gets what its process writes alone (docs/rfd/0027).
 */
export function nextMerge(layers: Layers, machine: 'off' | 'running'): Merge | undefined {
  const named = namedFiles(layers).union(filesBelowOwn(layers));
  const tops = new Set(layers.tops.map(({ top }) => top));
  for (const { file: lower, shared, borrowed, format } of layers.files) {
    if (named.has(lower) || shared || borrowed) continue;
    const above = layers.files.filter(({ parent }) => parent === lower);
    const [upper] = above;
    if (above.length !== 1 || upper === undefined) continue;
    if (machine === 'running' && !isNative({ format }) && !tops.has(upper.file)) continue;
    return { upper: upper.file, lower };
  }
  return undefined;
}

/** After a merge: the lower file stands wherever the upper one did. */
export function afterMerge(layers: Layers, { upper, lower }: Merge): Layers {
  const put = (file: string): string => (file === upper ? lower : file);
  const places = <T extends { readonly file: string }>(list: readonly T[]): T[] =>
    list.map((one) => ({ ...one, file: put(one.file) }));
  const session = (undo: Layers['undo']): Layers['undo'] =>
    undo && { ...undo, below: places(undo.below) };
  return prune({
    ...layers,
    files: layers.files
      .filter(({ file }) => file !== upper)
      .map((layer) => ({ ...layer, parent: layer.parent === upper ? lower : layer.parent })),
    tops: layers.tops.map(({ disk, top }) => ({ disk, top: put(top) })),
    undo: session(layers.undo),
    snapshots: layers.snapshots.map((snapshot) => ({
      ...snapshot,
      disks: places(snapshot.disks),
      undo: session(snapshot.undo),
    })),
  });
}

/** What a change leaves to be done with files: layers that are not used any more go, disks are writable again. */
export function leftBy(before: Layers, after: Layers): Layers['unfinished'] {
  const now = new Map(after.files.map((layer) => [layer.file, layer]));
  return before.files.flatMap(({ file, parent, seal, borrowed }): Layers['unfinished'] => {
    if (borrowed) return [];
    if (parent !== null && !now.has(file)) return [{ file, mode: null }];
    if (seal === null || (now.get(file)?.seal ?? null) !== null) return [];
    return [{ file, mode: seal.mode }];
  });
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

export function snapshotsOf({ snapshots, position }: Layers): Snapshot[] {
  return snapshots.map(
    ({
      id,
      name,
      description,
      author,
      takenAt,
      parent,
      sizeBytes,
      takenWhile,
      quiesced,
      memory,
    }): Snapshot => ({
      id,
      name,
      description,
      author,
      takenAt,
      parent,
      present: id === position,
      sizeBytes,
      takenWhile,
      memoryBytes: memory?.sizeBytes ?? null,
      quiesced,
    }),
  );
}

export function undoStatusOf({ undo }: Layers): UndoStatus | null {
  return undo && { since: undo.since, sizeBytes: undo.sizeBytes };
}
