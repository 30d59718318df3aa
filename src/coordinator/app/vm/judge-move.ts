/**
 * What stands against a move of a vm to another host, all of it together and before anything is changed: what its definition
 * asks of the host it is on, what keeps its files there, and what the other host lacks.
 */
import { posix } from 'node:path';
import {
  placeName,
  type GatheredDisk,
  type Hardware,
  type Medium,
  type StartCheck,
  type VmDefinition,
} from '#api';
import { Fault, type Reason } from '#lib';
import type { Coordinator } from '../../context.ts';
import type { HostDocument, VmDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Document } from '../../store/store.ts';
import { definitionForAgent, imageOnHost } from '../media.ts';
import { withDiskFiles, withRelativePaths } from './own-paths.ts';

export interface PlannedMove {
  /** As it will be on the other host. */
  readonly definition: VmDefinition;
  /** Disks that lie outside of the vm's folder, which they come into. */
  readonly gathered: readonly GatheredDisk[];
  readonly storedBytes: number;
  readonly warnings: readonly Reason[];
}

/** Errors: `blocked` with all reasons; those of the hosts. */
export async function planMove(
  coordinator: Pick<Coordinator, 'inventory' | 'links'>,
  vm: Document<VmDocument>,
  host: Document<HostDocument>,
  parent: string | null,
): Promise<PlannedMove> {
  const { inventory, links } = coordinator;
  const { id, data } = vm;
  const { name } = data.definition;
  const reasons: Reason[] = [];
  requireSameWorld(inventory, vm, host);
  const { definition, gathered } = gatherDisks(data);
  reasons.push(...judgeDefinition(inventory, definition, host));
  const leaving = await links.call(data.hostId, 'machine.departure.plan', {
    id,
    gathered: [...gathered],
  });
  reasons.push(...leaving.reasons);
  const arriving: StartCheck = await links.call(host.id, 'machine.arrival.plan', {
    definition: definitionForAgent(inventory, host.id, definition),
    parent,
    storedBytes: leaving.storedBytes,
    guest: leaving.guest,
  });
  reasons.push(...arriving.reasons);
  if (reasons.length > 0)
    throw new Fault('blocked', `cannot move ${name} to host ${host.data.name}`, {
      reasons,
      hint: reasons[0]?.remedy,
    });
  const { storedBytes } = leaving;
  return { definition, gathered, storedBytes, warnings: arriving.warnings };
}

/** Disks of a simulated vm have no content, and a simulated host keeps none. Errors: `blocked`. */
function requireSameWorld(
  inventory: Inventory,
  { data: { hostId, definition } }: Document<VmDocument>,
  to: Document<HostDocument>,
): void {
  const from = inventory.document<HostDocument>('host', hostId);
  const isSimulated = to.data.driver === 'simulated';
  if ((from?.data.driver === 'simulated') === isSimulated) return;
  const what = `cannot move ${definition.name} to host ${to.data.name}`;
  const text = isSimulated
    ? `host ${to.data.name} is simulated, and keeps no content of disks`
    : `host ${from?.data.name ?? ''} is simulated: the disks of ${definition.name} have no content`;
  const remedy = 'choose a host of the same kind';
  throw new Fault('blocked', what, {
    reasons: [{ code: 'simulated', text, remedy }],
    hint: remedy,
  });
}

/** Disks that lie elsewhere come into the vm's folder, each under a name that no other disk has. */
export function gatherDisks({ definition, path: folder }: VmDocument): {
  readonly definition: VmDefinition;
  readonly gathered: readonly GatheredDisk[];
} {
  const relative = withRelativePaths(definition, folder);
  const taken = new Set(relative.hardware.disks.map(({ file }) => file));
  const gathered: GatheredDisk[] = [];
  const moved = withDiskFiles(relative, (disk) => {
    if (!posix.isAbsolute(disk.file) || disk.kind !== undefined) return disk.file;
    const own = posix.basename(disk.file);
    const to = taken.has(own) ? `${placeName(disk).replace(':', '-')}-${own}` : own;
    taken.add(to);
    gathered.push({ from: disk.file, to });
    return to;
  });
  return { definition: moved, gathered };
}

/** What its hardware has of the host that it is on. Pure. */
export function judgeDefinition(
  inventory: Inventory,
  { name, hardware }: VmDefinition,
  host: Document<HostDocument>,
): Reason[] {
  return [
    ...judgeDisks(name, hardware),
    ...judgeMedia(inventory, name, hardware, host),
    ...judgePorts(name, hardware),
    ...hardware.sharedFolders.map(({ name: share, hostPath }) => ({
      code: 'shared-folder',
      text: `the shared folder ${share} is ${hostPath} of its host`,
      remedy: `take it away first: gantry vm unshare-folder ${name} ${share}`,
    })),
  ];
}

function judgeDisks(name: string, { disks }: Hardware): Reason[] {
  return disks.flatMap((disk) => {
    const place = placeName(disk);
    if (disk.kind === 'linked')
      return [
        {
          code: 'linked-disk',
          text: `the disk ${place} is the drive ${disk.file} of its host`,
          remedy: `convert it first: gantry vm convert-disk ${name} ${place}`,
        },
      ];
    if (disk.kind === 'device')
      return [
        {
          code: 'raw-device',
          text: `the disk ${place} is a raw device, the drive ${disk.file} of its host`,
          remedy: `detach it first: gantry vm detach-disk ${name} ${place}`,
        },
      ];
    if (disk.shared)
      return [
        {
          code: 'shared-disk',
          text: `other vms write the disk ${place}, too`,
          remedy: `detach it first: gantry vm detach-disk ${name} ${place}`,
        },
      ];
    return [];
  });
}

function judgeMedia(
  inventory: Inventory,
  name: string,
  { opticalDrives, floppy }: Hardware,
  host: Document<HostDocument>,
): Reason[] {
  const drives = [
    ...opticalDrives.map((drive) => ({ place: placeName(drive), medium: drive.medium })),
    ...(floppy === null ? [] : [{ place: 'floppy', medium: floppy.medium }]),
  ];
  return drives.flatMap(({ place, medium }) => {
    const what = medium === null ? undefined : staysHere(inventory, medium, host);
    if (what === undefined) return [];
    return [
      {
        code: 'medium-stays',
        text: `in the drive ${place} is ${what}, which host ${host.data.name} does not have`,
        remedy: `eject it first: gantry vm eject ${name} ${place}`,
      },
    ];
  });
}

function staysHere(
  inventory: Inventory,
  medium: Medium,
  host: Document<HostDocument>,
): string | undefined {
  switch (medium.kind) {
    case 'image':
      return imageOnHost(inventory, host.id, medium.image) === undefined
        ? `the image ${inventory.find<{ name: string }>('image', medium.image)?.data.name ?? medium.image}`
        : undefined;
    case 'file':
      return posix.isAbsolute(medium.file) ? `the file ${medium.file}` : undefined;
    case 'device':
      return `the drive ${medium.device}`;
  }
}

function judgePorts(name: string, { serialPorts, parallelPort }: Hardware): Reason[] {
  const ports = [
    ...serialPorts.map((port, index) => ({ port, what: `serial port ${index + 1}` })),
    { port: parallelPort, what: 'the parallel port' },
  ];
  return ports.flatMap(({ port, what }) => {
    const at =
      port.kind === 'device'
        ? port.device
        : port.kind === 'file' && posix.isAbsolute(port.file)
          ? port.file
          : undefined;
    if (at === undefined) return [];
    return [
      {
        code: 'port-stays',
        text: `${what} leads to ${at} of its host`,
        remedy: `lead it elsewhere first: gantry vm set ${name}`,
      },
    ];
  });
}
