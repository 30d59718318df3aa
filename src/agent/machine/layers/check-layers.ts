/** Whether what lies below the disks is as it was when it was sealed (DISK-25, DISK-26, SNAP-18). */
import { placeName } from '#api';
import type { Obstacle, Storage } from '../../drivers/driver.ts';
import type { MachineFile } from '../record.ts';
import { chainOf, type Seal } from './layers.ts';

/** Everything that keeps the disks' layers from being used, without any side effect. */
export async function judgeLayers(storage: Storage, file: MachineFile): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = [];
  for (const disk of file.definition.hardware.disks) {
    const [, ...below] = chainOf(file.layers, disk);
    for (const { file: name, seal } of below) {
      const found = await storage.layers.readSeal(file, name);
      if (seal === null || (found !== undefined && isSame(seal, found))) continue;
      const was = found === undefined ? 'is missing' : 'was changed since something lies on it';
      obstacles.push({
        code: found === undefined ? 'layer-missing' : 'layer-changed',
        text: `${name}, below the disk ${placeName(disk)}, ${was}`,
        remedy: 'bring back the file as it was, with its time of modification',
        about: { device: placeName(disk), hostPath: name },
      });
    }
  }
  return obstacles;
}

/** Its permissions do not count: they were changed by us. */
function isSame(one: Seal, other: Seal): boolean {
  return (
    one.sizeBytes === other.sizeBytes && one.modified === other.modified && one.head === other.head
  );
}
