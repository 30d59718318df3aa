/**
 * Makes a disk larger. While the machine runs its process does it, since nobody else may write to the file; the guest is told
 * by the process. What is beyond the end of a smaller disk would be lost, so that none becomes smaller here.
 */
import { placeName, type Disk, type LinkResult } from '#api';
import { Fault, formatBytes } from '#lib';
import { requireAlone } from './disk-alone.ts';
import { tellingFailure } from './disk-failure.ts';
import type { Hands } from './hands.ts';
import { keep } from './keep-hardware.ts';

/** Asked for again it is so already. Errors: `not-found`; `refused` with the reason and the remedy; those of the storage. */
export async function resizeDisk(
  hands: Hands,
  place: string,
  sizeBytes: number,
): Promise<LinkResult<'machine.disk.resize'>> {
  const { file, host, signal, cause, running } = hands;
  const { id, name, hardware } = file.definition;
  const disk = hardware.disks.find((one) => placeName(one) === place);
  if (disk === undefined) throw new Fault('not-found', `${name} has no disk at ${place}`);
  if (sizeBytes < disk.sizeBytes)
    throw new Fault(
      'refused',
      `the disk ${place} of ${name} has ${formatBytes(disk.sizeBytes)}, and disks of vms only become larger`,
      { hint: 'detach it and make its file smaller with: gantry host resize-disk' },
    );
  await requireAlone(hands, disk, 'resize');
  const work = { vmId: id, operation: 'resize', file: disk.file, cause, signal } as const;
  await tellingFailure(host, work, () => resize(hands, disk, sizeBytes));
  await keep(
    hands,
    (now) => ({
      ...now,
      disks: now.disks.map((one) => (placeName(one) === place ? { ...one, sizeBytes } : one)),
    }),
    running !== undefined,
  );
  return { live: running !== undefined };
}

async function resize(
  { file, host, signal, running }: Hands,
  disk: Disk,
  sizeBytes: number,
): Promise<void> {
  const { storage, name } = host.driver;
  if (running !== undefined) {
    if (running.devices.resizeDisk === undefined)
      throw new Fault('unsupported', `a ${name} host does not change disks of vms that run`);
    await running.devices.resizeDisk(disk, sizeBytes);
    return;
  }
  if (file.state !== 'off')
    throw new Fault(
      'refused',
      `a disk of ${file.definition.name} cannot be made larger: the vm is ${file.state}`,
      { hint: 'start it, or turn it off, first' },
    );
  if (!storage.resizeDisk) throw new Fault('unsupported', `a ${name} host has no files to resize`);
  await storage.resizeDisk(file, disk, sizeBytes, signal);
}
