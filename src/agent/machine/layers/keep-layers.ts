/** A disk that something lies on keeps its file and its format: the layers fit nothing else. */
import type { Disk } from '#api';
import { Fault } from '#lib';
import type { MachineFile } from '../record.ts';
import { prune, type Layers } from './layers.ts';
import { keepServed } from './served-chain.ts';

/** Errors: `refused` naming the first disk that would go or change under its layers. */
export function requireLayersKept(file: MachineFile, disks: readonly Disk[]): void {
  for (const { disk: own, top } of file.layers.tops) {
    const before = file.definition.hardware.disks.find((disk) => disk.file === own);
    const after = disks.find((disk) => disk.file === own);
    if (before === undefined) continue;
    const same =
      after !== undefined &&
      after.format === before.format &&
      after.sizeBytes === before.sizeBytes &&
      after.readOnly === before.readOnly &&
      after.shared === before.shared;
    if (same || (after === undefined && isChildAlone(file.layers, own, top))) continue;
    const message = `cannot change or detach ${own}: layers of ${file.definition.name} lie on it`;
    throw new Fault('refused', message, {
      hint: file.layers.files.some(({ shared }) => shared)
        ? 'linked clones stand on it: gantry vm flatten; and delete its snapshots first'
        : 'commit or discard its undo disks, and delete its snapshots first',
    });
  }
}

/** A differencing disk with its parents alone: detached, it is what any other file of its kind is. */
function isChildAlone({ snapshots }: Layers, own: string, top: string): boolean {
  const isKept = snapshots.some(({ disks }) => disks.some(({ disk }) => disk === own));
  return own === top && !isKept;
}

/** Without those of disks that the machine no longer has; what their files are stays as it is. */
export function withoutLayersOf(all: Layers, disks: readonly Disk[]): Layers {
  const layers = keepServed(all, disks);
  const gone = layers.tops.filter(
    ({ disk, top }) => disk === top && !disks.some(({ file }) => file === disk),
  );
  if (gone.length === 0) return layers;
  return prune({ ...layers, tops: layers.tops.filter((one) => !gone.includes(one)) });
}
