/**
 * A copy of a machine for another product: a folder with disks in its format, each one file without parents, and a
 * configuration, which is written last: a folder that has it is whole. One that is not goes, also after the agent was killed.
 * A package has a manifest, and may become one archive, which appears under its name when it is whole.
 */
import type { LinkParams } from '#api';
import { Fault } from '#lib';
import type { Host } from '../host/host.ts';
import type { Hands } from './hands.ts';
import { topOf } from './layers/layers.ts';
import { tellParents } from './layers/take-parents.ts';

type Wanted = Omit<LinkParams<'machine.hand-out'>, 'id' | 'generation' | 'cause'>;

/** Done once: asked for again it is there. Errors: `exists`, `forbidden`, `refused`, `exhausted`. */
export async function handOut(host: Host, hands: Hands, wanted: Wanted): Promise<void> {
  const { signal } = hands;
  const { storage, name } = host.driver;
  const { handOut: files, travel } = storage;
  if (!files || !travel) throw new Fault('unsupported', `a ${name} host has no files to export`);
  const { folder, configuration, package: packed } = wanted;
  const { state, definition } = hands.file;
  if (state !== 'off' && state !== 'saved')
    throw new Fault('refused', `cannot export ${definition.name}: the vm is ${state}`);
  // Without a word of it, from a coordinator of before.
  if ((wanted.again ?? true) && (await files.isThere(wanted))) return;
  await tellParents(hands);
  const { file } = hands;
  const machines = [...hands.host.others(file.definition.id), file];
  const archive = packed?.archive ?? null;
  // Of all the work; the rest is that the disks come into one file.
  const written = archive === null ? 1 : 0.7;
  const disks = wanted.disks.map(({ disk: own, ...target }) => {
    const disk = file.definition.hardware.disks.find((one) => one.file === own);
    if (disk === undefined)
      throw new Fault('not-found', `${file.definition.name} has no disk ${own}`);
    return { ...target, source: topOf(file.layers, disk) };
  });
  await files.claim(wanted);
  hands.set({ leftovers: [folder] });
  await hands.persist();
  try {
    for (const [index, disk] of disks.entries()) {
      const onProgress = (part: number): void =>
        hands.progress(((index + part) / disks.length) * written, `writing ${disk.file}`);
      await files.putDisk(file, folder, disk, { machines, signal, onProgress });
    }
    if (packed !== undefined) await files.seal(wanted, signal);
    await files.putConfiguration(folder, configuration);
    if (archive === null) return;
    const onProgress = (part: number): void =>
      hands.progress(written + part * (1 - written), `packing ${archive}`);
    await files.pack(wanted, { signal, onProgress });
    await travel.remove([folder]);
  } catch (error) {
    await travel.remove([folder]);
    throw error;
  } finally {
    hands.set({ leftovers: [] });
    await hands.persist();
  }
}
