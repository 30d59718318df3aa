/** A single file or folder of a snapshot, put into the disk that the machine has now (SNAP-15). */
import { placeName, type Disk, type LinkParams, type LinkResult } from '#api';
import { Fault } from '#lib';
import { resolveFile } from '../../drivers/qemu/places.ts';
import type { Hands } from '../hands.ts';
import type { MachineFile } from '../record.ts';
import { isKept, topOf } from './layers.ts';
import { requireSnapshot } from './snapshots.ts';

type Place = Omit<LinkParams<'machine.snapshot.restore-file'>, 'id' | 'generation' | 'cause'>;

/** The file that holds a disk as it was, and the disk's place. Errors: `not-found`; `invalid` where one of several is to be named. */
export function diskOfSnapshot(
  file: MachineFile,
  snapshotId: string,
  place: string | null,
): { readonly path: string; readonly place: string } {
  const { definition, disks, name } = requireSnapshot(file, snapshotId);
  const held = definition.hardware.disks.flatMap((disk) => {
    const found = disks.find((one) => one.disk === disk.file);
    return found === undefined
      ? []
      : [{ path: resolveFile(file.folder, found.file), place: placeName(disk) }];
  });
  const [only, other] = held;
  const chosen = place === null ? only : held.find((one) => one.place === place);
  const places = held.map((one) => one.place).join(', ') || 'none';
  if (chosen === undefined)
    throw new Fault(
      'not-found',
      `the snapshot ${name} has no disk${place === null ? '' : ` ${place.slice(0, 40)}`}`,
      {
        hint: `its disks are at: ${places}`,
      },
    );
  if (place === null && other !== undefined)
    throw new Fault('invalid', `the snapshot ${name} has ${held.length} disks`, {
      hint: `name one: ${places}`,
    });
  return chosen;
}

/** Done again the same is there. Errors: `refused` while the machine is not off; those of reading and writing the disk. */
export async function restoreFile(
  hands: Hands,
  asked: Place,
  machines: readonly MachineFile[],
): Promise<LinkResult<'machine.snapshot.restore-file'>> {
  const { file, host, signal } = hands;
  const { definition, layers, state, folder } = file;
  const { insides } = host.driver.storage;
  const { name, id } = definition;
  if (!insides) throw new Fault('unsupported', `a ${host.driver.name} host has no files`);
  if (state !== 'off')
    throw new Fault(
      'refused',
      `${name} is ${state}, and files are put into its disk only while it is off`,
      {
        hint: 'shut it down first, or take the file out of the snapshot',
      },
    );
  const from = diskOfSnapshot(file, asked.snapshotId, asked.place);
  const disk = definition.hardware.disks.find((one) => placeName(one) === from.place);
  const top = disk && topOf(layers, disk).file;
  if (disk === undefined || top === undefined || !isOwn(file, disk, top, from.path))
    throw new Fault(
      'refused',
      `the disk ${from.place} of ${name} is not one that the snapshot is of`,
      {
        hint: 'take the file out of the snapshot instead',
      },
    );
  const inside = { partition: asked.partition, path: asked.path };
  let restoredBytes = 0;
  await insides.read(
    { file: from.path, ...inside },
    machines,
    signal,
    async ({ kind, sizeBytes }, content) => {
      if (kind !== 'file' && kind !== 'folder')
        throw new Fault('refused', `${asked.path} is neither a file nor a folder`);
      const open = () => Promise.resolve(content());
      const into = { file: resolveFile(folder, top), ...inside, images: [] };
      // How long the archive of a folder is nobody knows before it was made; a second time it is the same.
      const isFolder = kind === 'folder';
      restoredBytes = isFolder ? await lengthOf(content()) : sizeBytes;
      await insides.put(into, host.others(id), { kind, sizeBytes: restoredBytes, open }, signal);
    },
  );
  return { sizeBytes: restoredBytes };
}

async function lengthOf(content: AsyncIterable<Buffer>): Promise<number> {
  let sizeBytes = 0;
  for await (const { length } of content) sizeBytes += length;
  return sizeBytes;
}

/** What is written is a layer of the machine's own, that no snapshot keeps. */
function isOwn({ layers, folder }: MachineFile, disk: Disk, top: string, from: string): boolean {
  if (disk.shared || disk.readOnly || disk.kind !== undefined) return false;
  return resolveFile(folder, top) !== from && !isKept(layers, top);
}
