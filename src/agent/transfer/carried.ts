/** What one agent tells another of a vm that moves there, beside its definition and its files: a part of its record. */
import { z } from 'zod';
import {
  portCountsSchema,
  vmDefinitionSchema,
  type GatheredDisk,
  type PortCounts,
  type VmDefinition,
} from '#api';
import { Fault } from '#lib';
import { ownPlaces, resolveFile } from '../drivers/qemu/places.ts';
import { filesOfChain, renameServed } from '../machine/layers/served-chain.ts';
import { machineFileSchema, type MachineFile } from '../machine/record.ts';

const { shape } = machineFileSchema;

/** What of a guest that works is on its way. */
const guestSchema = z.strictObject({
  state: shape.state.extract(['running', 'paused']),
  held: shape.held,
  startedAt: shape.startedAt,
  /** The definition of its process: what was pending then still is. */
  startedWith: vmDefinitionSchema,
  needs: z.record(z.string(), z.json()),
  /** Files on top of its disks, which are made anew. */
  tops: z
    .array(
      z.strictObject({
        disk: z.string().min(1).max(1024),
        file: z.string().min(1).max(1024),
        sizeBytes: z.number().int().min(1),
      }),
    )
    .max(64),
});
export type CarriedGuest = z.infer<typeof guestSchema>;

const carriedSchema = z.strictObject({
  state: shape.state.extract(['off', 'saved']),
  wasRunning: shape.wasRunning,
  savedWith: shape.savedWith,
  layers: shape.layers,
  pluggedMemory: shape.pluggedMemory,
  ranBefore: shape.ranBefore,
  clockOffsetSeconds: shape.clockOffsetSeconds,
  additionsHeard: shape.additionsHeard,
  reactions: shape.reactions,
  guest: guestSchema.nullable().default(null),
});

const portsSchema = z.array(portCountsSchema).max(16).default([]);
const toldSchema = z.object({ ports: portsSchema });

type Json = z.infer<ReturnType<typeof z.json>>;

/** Of a machine that stands still, or of one whose guest goes along: without that it is off. */
export function carriedRecord(
  machine: MachineFile,
  gathered: readonly GatheredDisk[],
  ports: readonly PortCounts[],
  guest: Pick<CarriedGuest, 'needs' | 'tops'> | null,
): Record<string, Json> {
  const { savedWith, startedWith, ...rest } = machine;
  const carried = Object.fromEntries(
    Object.keys(carriedSchema.shape).map((key) => [key, Reflect.get(rest, key) as unknown]),
  );
  const kept = {
    ...carried,
    layers: servedGathered(machine, gathered),
    state: guest === null ? machine.state : 'off',
    guest: guest && {
      ...guest,
      state: machine.state,
      held: machine.held,
      startedAt: machine.startedAt,
      startedWith: withGathered(machine, startedWith ?? machine.definition, gathered),
    },
    savedWith: savedWith && withGathered(machine, savedWith, gathered),
  };
  const told = { ...carriedSchema.parse(kept), ports };
  return JSON.parse(JSON.stringify(told)) as Record<string, Json>;
}

/** Disks that come into the folder are called by their new names. */
function withGathered(
  { folder }: MachineFile,
  definition: VmDefinition,
  gathered: readonly GatheredDisk[],
): VmDefinition {
  const disks = definition.hardware.disks.map((disk) => {
    const path = resolveFile(folder, disk.file);
    return { ...disk, file: gathered.find(({ from }) => from === path)?.to ?? disk.file };
  });
  return { ...definition, hardware: { ...definition.hardware, disks } };
}

/** What it is called there of which they are made. Layers know no disk that is gathered. */
function servedGathered(
  { folder, layers }: MachineFile,
  gathered: readonly GatheredDisk[],
): MachineFile['layers'] {
  const names = new Map<string, string>();
  for (const file of (layers.served ?? []).flatMap(filesOfChain)) {
    const to = gathered.find(({ from }) => from === resolveFile(folder, file))?.to;
    if (to !== undefined) names.set(file, to);
  }
  const { merging: _, ...still } = renameServed(layers, names);
  return still;
}

/** Null: it stands still. Errors: as `withCarried`. */
export function carriedGuest(record: unknown): CarriedGuest | null {
  const parsed = z.object({ guest: guestSchema.nullable().default(null) }).safeParse(record);
  if (parsed.success) return parsed.data.guest;
  throw new Fault('unsupported', 'the other host tells of the guest in words of another version', {
    cause: parsed.error,
    hint: 'update Gantry on both hosts',
  });
}

/** What has passed at its ports. */
export function carriedPorts(record: unknown): readonly PortCounts[] {
  return toldSchema.parse(record).ports;
}

/** The machine as it comes here. Errors: `unsupported` for what an agent of another version tells. */
export function withCarried(fresh: MachineFile, record: unknown): MachineFile {
  const parsed = carriedSchema.omit({ guest: true }).strip().safeParse(record);
  if (!parsed.success)
    throw new Fault('unsupported', 'the other host tells of the vm in words of another version', {
      cause: parsed.error,
      hint: 'update Gantry on both hosts',
    });
  const { state } = parsed.data;
  return {
    ...fresh,
    ...parsed.data,
    savedFile: state === 'saved' ? ownPlaces(fresh).saved : null,
  };
}
