/** A disk that something lies on keeps its file and its format: the layers fit nothing else. */
import type { Disk } from '#api';
import { Fault } from '#lib';
import type { MachineFile } from '../record.ts';

/** Errors: `refused` naming the first disk that would go or change under its layers. */
export function requireLayersKept(file: MachineFile, disks: readonly Disk[]): void {
  for (const { disk: own } of file.layers.tops) {
    const before = file.definition.hardware.disks.find((disk) => disk.file === own);
    const after = disks.find((disk) => disk.file === own);
    if (before === undefined) continue;
    const same =
      after !== undefined &&
      after.format === before.format &&
      after.sizeBytes === before.sizeBytes &&
      after.readOnly === before.readOnly &&
      after.shared === before.shared;
    if (same) continue;
    const message = `cannot change or detach ${own}: layers of ${file.definition.name} lie on it`;
    throw new Fault('refused', message, {
      hint: file.layers.files.some(({ shared }) => shared)
        ? 'linked clones stand on it: gantry vm flatten; and delete its snapshots first'
        : 'commit or discard its undo disks, and delete its snapshots first',
    });
  }
}
