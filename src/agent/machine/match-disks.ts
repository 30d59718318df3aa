/** Disks of a machine that is off come to hold what those of another product hold, above its snapshots where it has any. */
import type { LinkParams } from '#api';
import { Fault } from '#lib';
import type { Hands } from './hands.ts';
import { topOf } from './layers/layers.ts';

/** Can be asked for again. Errors: `refused`, `not-found`; those of the storage. */
export async function matchDisks(
  hands: Hands,
  wanted: LinkParams<'machine.disk.match'>['disks'],
): Promise<void> {
  const { file, host, signal } = hands;
  const { name, hardware } = file.definition;
  const { storage } = host.driver;
  if (!storage.matchDisk)
    throw new Fault('unsupported', `a ${host.driver.name} host has no files to import`);
  if (file.state !== 'off')
    throw new Fault('refused', `cannot fill the disks of ${name}: the vm is ${file.state}`);
  for (const [index, { disk: own, ...source }] of wanted.entries()) {
    const disk = hardware.disks.find((one) => one.file === own);
    if (disk === undefined) throw new Fault('not-found', `${name} has no disk ${own}`);
    const onProgress = (part: number): void =>
      hands.progress((index + part) / wanted.length, `filling disk ${own}`);
    await storage.matchDisk(file, topOf(file.layers, disk).file, source, { signal, onProgress });
  }
}
