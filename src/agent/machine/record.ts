/**
 * What an agent keeps of one machine, on disk as `machines/<id>.json`: enough to know it again after a
 * crash of the agent, a new version of it or a restart of the host, without asking anybody.
 *
 * Invariant: written whole and by rename, so a reader sees one version or the other, never a mixture.
 * A newer `format` is refused, never guessed. A record of an older agent is read: whatever was added since
 * the first version (golden/record-1.json) has a default.
 */
import { z } from 'zod';
import {
  diffSettings,
  measuredUses,
  powerActions,
  timeSchema,
  vmDefinitionSchema,
  vmStateSchema,
  vmStatusSchema,
  type MachineReport,
  type VmDefinition,
} from '#api';
import { isoTime } from '#lib';
import { layersSchema, noLayers, snapshotsOf, undoStatusOf } from './layers/layers.ts';

export const recordFormat = 1;

const fileName = z.string().min(1).max(1024);

const exportName = z.string().min(1).max(64);
const servedFilesSchema = z.strictObject({
  name: exportName,
  files: z.array(fileName).min(1).max(4096),
});

const renamedSchema = z
  .array(z.strictObject({ from: fileName, to: fileName }))
  .max(4096)
  .readonly();

/** A process of this host: a pid alone may be another one's by now. */
export const processIdentitySchema = z.strictObject({
  pid: z.number().int().min(1),
  /** Start time in the kernel's ticks since boot, /proc/PID/stat field 22. */
  startTicks: z.number().int().min(0),
  bootId: z.string().max(64),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** An action that has been carried out, so that the same call again has no second effect. */
export const doneSchema = z.strictObject({
  action: z.enum(powerActions),
  generation: z.number().int(),
  correlationId: z.string().max(64),
});
export type Done = z.infer<typeof doneSchema>;

export const maxDone = 8;

export const machineFileSchema = z.strictObject({
  gantry: z.literal('machine'),
  format: z.literal(recordFormat),
  definition: vmDefinitionSchema,
  definitionVersion: z.number().int().min(0),
  /** The definition with which the running process was started; null while off. */
  startedWith: vmDefinitionSchema.nullable(),
  generation: z.number().int().min(0),
  /** The vm's folder, absolute. */
  folder: z.string().max(1024),
  /** Its configuration file, absolute. */
  file: z.string().max(1024),
  state: vmStateSchema,
  held: z.boolean(),
  since: timeSchema,
  startedAt: timeSchema.nullable(),
  accelerator: vmStatusSchema.shape.accelerator,
  wasRunning: z.boolean(),
  forwards: vmStatusSchema.shape.forwards,
  lastFault: vmStatusSchema.shape.lastFault,
  /** The hypervisor process; null when there is none or it was not yet made. */
  process: processIdentitySchema.nullable(),
  /** Unprivileged account of the process where the agent runs as root. */
  uid: z.number().int().min(1).nullable(),
  /** The saved state, while there is one. */
  savedFile: z.string().max(1024).nullable(),
  /** The definition of the process that was saved: what was pending then still is. Null: the present one. */
  savedWith: vmDefinitionSchema.nullable().default(null),
  /** What lies on the disks that the definition names. */
  layers: layersSchema.default(noLayers),
  /** Memory modules plugged in since the start, in bytes, by slot. Part of a saved state. */
  pluggedMemory: z.array(z.number().int().min(1)).max(256).default([]),
  /** Before a save or restore: whether the guest ran and shall run again, or was paused. */
  ranBefore: z.boolean(),
  /** The saved state is given up: its guest was let run, so it no longer fits the disks, or it is being discarded. */
  released: z.boolean(),
  /** How far the guest set its clock from the host's, where it did (HW-49). */
  clockOffsetSeconds: z.number().int().nullable(),
  /** Whether an agent in its guest was ever heard (GA-11). */
  additionsHeard: z.boolean().default(false),
  /**
   * Paths to be removed when nothing moves: what a copy or a move has begun to make, and once it has taken
   * effect, what it leaves behind. One that ends in a slash is a folder that goes if it is empty.
   */
  leftovers: z.array(z.string().max(1024)).max(4096).default([]),
  /** A disk that goes to another file while the guest works, with what is to be true then (move-disk.ts). */
  moving: z
    .strictObject({
      from: fileName,
      to: fileName,
      fromPath: fileName,
      toPath: fileName,
      definition: vmDefinitionSchema,
      definitionVersion: z.number().int().min(0),
      /** Of a disk that is served: the names for it, and its files, absolute. */
      served: z
        .strictObject({ from: servedFilesSchema, to: servedFilesSchema })
        .nullable()
        .default(null),
      /** Of a disk with layers: all of its files that go, as `layers` names them, its own among them (rename-files.ts). */
      layered: z
        .strictObject({ chain: renamedSchema, others: renamedSchema })
        .nullable()
        .default(null),
    })
    .nullable()
    .default(null),
  /** Disks that are served to the process under another name than that of their device, since they have moved. */
  servedAs: z
    .array(z.strictObject({ disk: fileName, name: exportName }))
    .max(64)
    .default([]),
  /** On its way to another host: nothing of it changes here until the move has ended (docs/rfd/0030). */
  departure: z
    .strictObject({
      moveId: z.string().max(64),
      /** Name of the host that it goes to. */
      to: z.string().max(100),
      gathered: z.array(z.strictObject({ from: fileName, to: fileName })).max(64),
      /** It is there: what is left of it here is to be removed. */
      gone: z.boolean(),
    })
    .nullable()
    .default(null),
  /** Paused since a volume has no room for its disks (DISK-52); forced: somebody let it go on all the same. */
  noSpace: z
    .strictObject({ volume: z.string().max(1024), forced: z.boolean() })
    .nullable()
    .default(null),
  /** Its files were found to take up more than its settings allow without a warning, which was told (DISK-67). */
  aboveDiskSpace: z.boolean().default(false),
  /** What it was found to use more of than its settings allow without a warning, which was told (EVT-35). */
  aboveUse: z.array(z.enum(measuredUses)).max(measuredUses.length).default([]),
  /** Times of recent reactions to a failure (VM-83). */
  reactions: z.array(timeSchema).max(100),
  done: z.array(doneSchema).max(maxDone),
});
export type MachineFile = z.infer<typeof machineFileSchema>;

/** A machine that was just made: off, never started. */
export function newMachineFile(
  definition: VmDefinition,
  definitionVersion: number,
  place: { readonly folder: string; readonly file: string },
  nowMs: number,
): MachineFile {
  return {
    gantry: 'machine',
    format: recordFormat,
    definition,
    definitionVersion,
    startedWith: null,
    generation: 0,
    ...place,
    state: 'off',
    held: false,
    since: isoTime(nowMs),
    startedAt: null,
    accelerator: null,
    wasRunning: definition.settings.shutdown.quit.wasRunning,
    forwards: [],
    lastFault: null,
    process: null,
    uid: null,
    savedFile: null,
    savedWith: null,
    layers: noLayers,
    pluggedMemory: [],
    ranBefore: false,
    released: false,
    clockOffsetSeconds: null,
    additionsHeard: false,
    leftovers: [],
    moving: null,
    servedAs: [],
    departure: null,
    noSpace: null,
    aboveDiskSpace: false,
    aboveUse: [],
    reactions: [],
    done: [],
  };
}

/** What a record says while there is no process. */
export const stopped: Pick<
  MachineFile,
  | 'process'
  | 'startedWith'
  | 'startedAt'
  | 'accelerator'
  | 'forwards'
  | 'held'
  | 'noSpace'
  | 'servedAs'
> = {
  process: null,
  startedWith: null,
  startedAt: null,
  accelerator: null,
  forwards: [],
  held: false,
  noSpace: null,
  servedAs: [],
};

/** The record with the definition that the process has, where there is one. */
export function asStarted(file: MachineFile): MachineFile {
  return file.startedWith === null ? file : { ...file, definition: file.startedWith };
}

/** Settings of these groups take effect at once; all others at the next start, as does the one that is left out of its group. */
const liveSettings =
  /^(name$|description$|tags$|settings\/(?!on_guest_reboot$)|resources\/|extensions\/|production$|domain_controller$)/;

/** Paths of settings that the running process does not have yet (VM-18, HW-07). */
export function pendingPaths(file: MachineFile): string[] {
  if (file.startedWith === null || file.startedWith === file.definition) return [];
  return diffSettings(file.startedWith, file.definition)
    .map((change) => change.path)
    .filter((path) => !liveSettings.test(path))
    .slice(0, 1024);
}

export function reportOf(file: MachineFile): MachineReport {
  return {
    id: file.definition.id,
    name: file.definition.name,
    generation: file.generation,
    state: file.state,
    held: file.held,
    since: file.since,
    startedAt: file.startedAt,
    accelerator: file.accelerator,
    wasRunning: file.wasRunning,
    path: file.folder,
    pending: pendingPaths(file),
    forwards: file.forwards,
    undo: undoStatusOf(file.layers),
    snapshots: snapshotsOf(file.layers),
    lastFault: file.lastFault,
  };
}
