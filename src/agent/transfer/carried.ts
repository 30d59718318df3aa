/** What one agent tells another of a vm that moves there, beside its definition and its files: a part of its record. */
import { z } from 'zod';
import { portCountsSchema, type GatheredDisk, type PortCounts, type VmDefinition } from '#api';
import { Fault } from '#lib';
import { ownPlaces, resolveFile } from '../drivers/qemu/places.ts';
import { machineFileSchema, type MachineFile } from '../machine/record.ts';

const { shape } = machineFileSchema;

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
});

const portsSchema = z.array(portCountsSchema).max(16).default([]);
const toldSchema = z.object({ ports: portsSchema });

type Json = z.infer<ReturnType<typeof z.json>>;

/** Of a machine that stands still. */
export function carriedRecord(
  machine: MachineFile,
  gathered: readonly GatheredDisk[],
  ports: readonly PortCounts[],
): Record<string, Json> {
  const { state, savedWith, ...rest } = machine;
  const carried = Object.fromEntries(
    Object.keys(carriedSchema.shape).map((key) => [key, Reflect.get(rest, key) as unknown]),
  );
  const kept = {
    ...carried,
    state,
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

/** What has passed at its ports. */
export function carriedPorts(record: unknown): readonly PortCounts[] {
  return toldSchema.parse(record).ports;
}

/** The machine as it comes here. Errors: `unsupported` for what an agent of another version tells. */
export function withCarried(fresh: MachineFile, record: unknown): MachineFile {
  const parsed = carriedSchema.strip().safeParse(record);
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
