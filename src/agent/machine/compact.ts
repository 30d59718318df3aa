/** Makes the file of a disk smaller (DISK-41). Only what nobody else reads and nothing lies on is written anew. */
import { placeName, type Disk, type DiskCompact, type LinkResult } from '#api';
import { Fault } from '#lib';
import { requireAlone } from './disk-alone.ts';
import { tellingFailure } from './disk-failure.ts';
import type { Hands } from './hands.ts';
import { chainOf } from './layers/layers.ts';

/** Errors: `not-found`; `refused` with the reason and the remedy; those of the storage. */
export async function compactDisk(
  hands: Hands,
  place: string,
  wish: DiskCompact,
): Promise<LinkResult<'machine.disk.compact'>> {
  const { file, host, signal, cause } = hands;
  const { id, name, hardware } = file.definition;
  const disk = hardware.disks.find((one) => placeName(one) === place);
  if (disk === undefined) throw new Fault('not-found', `${name} has no disk at ${place}`);
  const { state } = file;
  if (state !== 'off')
    throw new Fault(
      'refused',
      `the disk ${place} of ${name} cannot be compacted: the vm is ${state}`,
      { hint: 'shut it down first' },
    );
  await requireAlone(hands, disk, 'compact');
  const parent = chainOf(file.layers, disk).find(({ borrowed }) => borrowed);
  if (parent !== undefined)
    throw new Fault(
      'refused',
      `the disk ${place} of ${name} cannot be compacted: it holds only what differs from ${parent.file}`,
      { hint: `take in what that holds: gantry vm flatten ${name}` },
    );
  const work = { vmId: id, operation: 'compact', file: disk.file, cause, signal } as const;
  return await tellingFailure(host, work, () => compact(hands, disk, wish));
}

async function compact(
  hands: Hands,
  disk: Disk,
  wish: DiskCompact,
): Promise<LinkResult<'machine.disk.compact'>> {
  const { file, host, signal } = hands;
  const { storage, name } = host.driver;
  if (!storage.compactDisk)
    throw new Fault('unsupported', `a ${name} host has no files to compact`);
  return await storage.compactDisk(file, disk, wish, {
    signal,
    onProgress: (part) => hands.progress(part, `compacting ${disk.file}`),
  });
}
