/**
 * A copy of a machine for another product: a folder with disks in its format, each one file without parents, and a
 * configuration, which is written last: a folder that has it is whole. One that is not goes, also after the agent was killed.
 */
import type { LinkParams } from '#api';
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Hands } from './hands.ts';
import { topOf } from './layers/layers.ts';

type Wanted = Omit<LinkParams<'machine.hand-out'>, 'id' | 'generation' | 'cause'>;

/** Done once: asked for again it is there. Errors: `exists`, `forbidden`, `refused`, `exhausted`. */
export async function handOut(host: Host, hands: Hands, wanted: Wanted): Promise<void> {
  const { file, signal } = hands;
  const { storage, name } = host.driver;
  const { handOut: files, travel } = storage;
  if (!files || !travel) throw new Fault('unsupported', `a ${name} host has no files to export`);
  const { folder, configuration } = wanted;
  if (file.state !== 'off' && file.state !== 'saved')
    throw new Fault('refused', `cannot export ${file.definition.name}: the vm is ${file.state}`);
  if (await files.isThere(folder, configuration)) return;
  const disks = wanted.disks.map(({ disk: own, ...target }) => {
    const disk = file.definition.hardware.disks.find((one) => one.file === own);
    if (disk === undefined)
      throw new Fault('not-found', `${file.definition.name} has no disk ${own}`);
    return { ...target, source: topOf(file.layers, disk) };
  });
  await files.claim(folder);
  hands.set({ leftovers: [folder] });
  await hands.persist();
  try {
    for (const [index, disk] of disks.entries()) {
      const onProgress = (part: number): void =>
        hands.progress((index + part) / disks.length, `writing ${disk.file}`);
      await files.putDisk(file, folder, disk, { signal, onProgress });
    }
    await files.putConfiguration(folder, configuration);
  } catch (error) {
    await travel.remove([folder]);
    throw error;
  } finally {
    hands.set({ leftovers: [] });
    await hands.persist();
  }
}
