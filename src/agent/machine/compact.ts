/** Makes the file of a disk smaller (DISK-41). Only what nobody else reads and nothing lies on is written anew. */
import { hostDriveWord, placeName, type Disk, type DiskCompact, type LinkResult } from '#api';
import { Fault } from '#lib';
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
  await requireAlone(hands, disk);
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

async function requireAlone({ file, host }: Hands, disk: Disk): Promise<void> {
  const { definition, layers, state } = file;
  const what = `the disk ${placeName(disk)} of ${definition.name}`;
  if (state !== 'off')
    throw new Fault('refused', `${what} cannot be compacted: the vm is ${state}`, {
      hint: 'shut it down first',
    });
  const drive = hostDriveWord(disk);
  if (drive !== undefined)
    throw new Fault('refused', `${what} cannot be compacted: it is ${drive}, not a file`, {
      hint: 'what is free on a drive the guest can give back itself (fstrim), where the drive takes that',
    });
  if (disk.shared || disk.readOnly) {
    const why = disk.shared ? 'shared with other vms' : 'read-only';
    throw new Fault('refused', `${what} cannot be compacted: it is ${why}`, {
      hint: 'detach it and compact its file with: gantry disk compact',
    });
  }
  const [top] = chainOf(layers, disk);
  if (top?.file !== disk.file || top.seal !== null)
    throw new Fault('refused', `${what} cannot be compacted: other layers lie on its file`, {
      hint: 'delete its snapshots, commit or discard its undo disks, flatten a linked clone, then compact it',
    });
  const others = host.others(definition.id);
  const user = await host.driver.storage.layers.findUser(file, disk.file, others);
  if (user === undefined) return;
  throw new Fault('refused', `${what} cannot be compacted: ${user} uses its file`, {
    hint: `detach it from ${user} first`,
  });
}
