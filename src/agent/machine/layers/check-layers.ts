/** Whether what lies below the disks is as it was when it was sealed (DISK-25, DISK-26, SNAP-18). */
import { placeName } from '#api';
import type { Obstacle, Storage } from '../../drivers/driver.ts';
import type { MachineFile } from '../record.ts';
import { chainOf, type Layer, type Seal } from './layers.ts';

/** Everything that keeps the disks' layers from being used, without any side effect. */
export async function judgeLayers(storage: Storage, file: MachineFile): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = [];
  for (const disk of file.definition.hardware.disks) {
    const device = placeName(disk);
    const [, ...below] = chainOf(file.layers, disk);
    for (const { file: hostPath, ...rest } of await judgeChain(storage, file, device, below))
      obstacles.push({ ...rest, about: { device, hostPath } });
  }
  return obstacles;
}

interface Finding {
  readonly file: string;
  readonly code: 'layer-missing' | 'layer-changed';
  readonly text: string;
  readonly remedy: string;
}

/** Those of the files that are not what their seals say. */
export async function judgeChain(
  storage: Storage,
  machine: MachineFile,
  device: string,
  chain: readonly Layer[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { file, seal } of chain) {
    const found = await storage.layers.readSeal(machine, file);
    if (seal === null || (found !== undefined && isSame(seal, found))) continue;
    const was = found === undefined ? 'is missing' : 'was changed since something lies on it';
    findings.push({
      file,
      code: found === undefined ? 'layer-missing' : 'layer-changed',
      text: `${file}, below the disk ${device}, ${was}`,
      remedy: 'bring back the file as it was, with its time of modification',
    });
  }
  return findings;
}

/** Its permissions do not count: they were changed by us. */
function isSame(one: Seal, other: Seal): boolean {
  return (
    one.sizeBytes === other.sizeBytes && one.modified === other.modified && one.head === other.head
  );
}
