/**
 * A disk takes in the parents that it came with (take-parents.ts): a copy of its own file that holds what they hold takes its name,
 * as a copy of a shared file does (shared-layers.ts), and the parents stay as they are. While the vm runs nobody may write the own
 * file meanwhile: a layer lies on it until the copy has the name, and merges with that afterwards.
 *
 * Cut off anywhere it is asked for again and goes on.
 */
import type { Disk } from '#api';
import { Fault } from '#lib';
import type { Hands } from '../hands.ts';
import { judgeChain } from './check-layers.ts';
import { chainOf, topOf, type Layer } from './layers.ts';
import { takeLive } from './live-snapshot.ts';
import { layerSuffix } from './name-tops.ts';
import { settleSeparated } from './shared-layers.ts';

/** Errors: `refused` naming a parent that was changed, or what is inside the disk; `exhausted`, `cancelled`. */
export async function absorbParents(hands: Hands, progress: Hands['progress']): Promise<void> {
  await settleSeparated(hands);
  const disks = basedDisks(hands);
  for (const disk of disks) await requireUnchanged(hands, disk);
  const written = disks.filter(
    (disk) => topOf(hands.file.layers, disk).file === lowestOf(hands, disk)?.file,
  );
  if (hands.running !== undefined && written.length > 0)
    await takeLive(hands, null, written, layerSuffix);
  for (const [index, disk] of disks.entries()) {
    const note = `copying what lies below ${disk.file}`;
    await absorb(hands, disk, (part) => progress((index + part) / disks.length, note));
  }
}

async function absorb(hands: Hands, disk: Disk, onProgress: (part: number) => void): Promise<void> {
  const { storage } = hands.host.driver;
  const chain = chainOf(hands.file.layers, disk);
  const lowest = lowestOf(hands, disk);
  const parent = lowest && chain[chain.indexOf(lowest) + 1];
  // Another disk may stand on the same file.
  if (lowest === undefined || parent === undefined) return;
  const { file } = lowest;
  const seal = await storage.layers.copyWhole(hands.file, file, parent, {
    signal: hands.signal,
    onProgress,
  });
  const mode = lowest.seal?.mode ?? seal.mode;
  hands.set({ layers: { ...hands.file.layers, separated: { file, seal: { ...seal, mode } } } });
  await hands.persist();
  await storage.layers.putCopy(hands.file, file);
  await settleSeparated(hands);
}

function basedDisks({ file }: Hands): readonly Disk[] {
  return file.definition.hardware.disks.filter(
    (disk) => !disk.readOnly && chainOf(file.layers, disk).some(({ borrowed }) => borrowed),
  );
}

/** The lowest of the machine's own files of a disk. */
function lowestOf({ file }: Hands, disk: Disk): Layer | undefined {
  return chainOf(file.layers, disk).findLast(({ borrowed }) => !borrowed);
}

async function requireUnchanged({ file, host }: Hands, disk: Disk): Promise<void> {
  const [, ...below] = chainOf(file.layers, disk);
  const [changed] = await judgeChain(host.driver.storage, file, disk.file, below);
  if (changed !== undefined) throw new Fault('refused', changed.text, { hint: changed.remedy });
}
