/** Disks of a machine that somebody works on by path just now: nobody else may open them meanwhile. */
import { placeName, type Disk } from '#api';
import { Fault } from '#lib';
import type { Obstacle } from '../drivers/driver.ts';
import { diskPaths } from '../drivers/qemu/places.ts';
import type { MachineHost } from './hands.ts';
import type { MachineFile } from './record.ts';

/** What of it stands against a start. */
export async function findDisksAtWork(
  { driver }: Pick<MachineHost, 'driver'>,
  file: Pick<MachineFile, 'folder' | 'layers'>,
  disks: readonly Disk[],
): Promise<Obstacle[]> {
  const { works } = driver.storage;
  if (works === undefined) return [];
  const found: Obstacle[] = [];
  for (const disk of disks)
    for (const path of diskPaths(file, disk)) {
      if (!(await works.isChanging(path))) continue;
      const text = `disk ${placeName(disk)} (${path}) is being worked on`;
      found.push({ code: 'disk-in-use', text, remedy: 'wait for the operation that has it' });
    }
  return found;
}

/** Errors: `refused`. */
export async function requireNotAtWork(
  host: Pick<MachineHost, 'driver'>,
  file: Pick<MachineFile, 'folder' | 'layers'>,
  disk: Disk,
): Promise<void> {
  const [obstacle] = await findDisksAtWork(host, file, [disk]);
  if (obstacle === undefined) return;
  throw new Fault('refused', obstacle.text, { hint: obstacle.remedy });
}
