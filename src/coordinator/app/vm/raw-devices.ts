/**
 * Drives of the host that a vm is given: raw devices (DISK-15), an entire drive or LUN that the running vm reads and writes
 * itself, devices in its CD and floppy drives, and those to which its serial and parallel ports lead, which may be any under /dev.
 * Any may hold anything, the host's own system among it, so that
 * it takes a right of its own on the host, however a definition comes to name one.
 */
import { findGuest, type Disk, type DiskAttach, type VmDefinition } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import { requireVerb } from '../find.ts';
import { mediaOf } from '../media.ts';
import { defaultBus, freePlace, newDisk } from './make-definition.ts';

/** The disk as the definition will have it. Errors: `forbidden`; `refused` for a drive in use; those of the agent. */
export async function giveDrive(
  { links }: Coordinator,
  caller: Caller,
  { hostId, definition }: VmDocument,
  request: Extract<DiskAttach, { kind: 'device' }>,
): Promise<Disk> {
  requireHost(caller, hostId);
  const { device, readOnly } = request;
  const { hardware, guestOs } = definition;
  const drive = await links.call(hostId, 'host.drive', { device });
  if (drive.usedBy !== null)
    throw new Fault('refused', `the host itself uses ${device}: ${drive.usedBy}`, {
      hint: 'unmount it, or take it out of what is made of it; see that with: lsblk',
    });
  if (drive.readOnly && !readOnly)
    throw new Fault('refused', `${device} is write-protected`, { hint: 'attach it read-only' });
  const bus = request.bus ?? defaultBus(definition, findGuest(guestOs));
  const disk = newDisk(freePlace(hardware, bus, request), drive.path, 'raw', drive.sizeBytes);
  // Past the cache of the host: what is on a drive is there when the guest has been told so.
  return { ...disk, kind: 'device', readOnly, cache: 'none', drive: drive.identity };
}

/** Errors: `forbidden` where a definition comes to name a drive that it did not. */
export function requireDriveRight(
  caller: Caller,
  hostId: string,
  after: VmDefinition,
  before?: VmDefinition,
): void {
  const known = new Set(before === undefined ? [] : drivesOf(before));
  if (drivesOf(after).some((drive) => !known.has(drive))) requireHost(caller, hostId);
}

/** Drives and ports of the host that a definition names, each with how it may be used. */
export function drivesOf(definition: VmDefinition): string[] {
  const { disks, floppy, serialPorts, parallelPort } = definition.hardware;
  const raw = disks.flatMap(({ kind, file, readOnly, drive, sizeBytes }) =>
    kind === 'device' ? [JSON.stringify([file, readOnly, drive, sizeBytes])] : [],
  );
  const mapped = mediaOf(definition).flatMap((medium) =>
    medium.kind === 'device'
      ? [JSON.stringify([medium.device, medium === floppy?.medium && floppy.readOnly])]
      : [],
  );
  const ports = [...serialPorts, parallelPort].flatMap((port) =>
    port.kind === 'device' ? [JSON.stringify([port.device])] : [],
  );
  return [...raw, ...mapped, ...ports];
}

function requireHost(caller: Caller, hostId: string): void {
  requireVerb(
    caller,
    'host.drives',
    { kind: 'host', id: hostId },
    'the drives and ports of the host',
  );
}
