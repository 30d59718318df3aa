/**
 * Moves of simulated machines. Their disks have names and sizes and no bytes, so that nothing is copied: the record says all of
 * them, and with it they are at the new place.
 */
import { placeName, type GatheredDisk, type VmDefinition } from '#api';
import { Fault, type Reason } from '#lib';
import type { MachineFile } from '../../machine/record.ts';
import type { FileMove, LeavingFile, Travel } from '../files.ts';
import { resolveSimulated } from './layers.ts';
import { savedGuest, type SavedGuest } from './saved-guest.ts';

/** What a simulated host keeps, by path. */
export interface SimulatedFiles {
  readonly hostName: string;
  readonly disks: Map<string, number>;
  readonly saved: Map<string, SavedGuest>;
  readonly screens: Map<string, Buffer>;
  readonly machines: () => readonly MachineFile[];
}

export class SimulatedTravel implements Travel {
  readonly #files: SimulatedFiles;

  constructor(files: SimulatedFiles) {
    this.#files = files;
  }

  /** Every path is a folder here. */
  async requireParent(): Promise<void> {}

  usualParent(): string {
    return `/simulated/${this.#files.hostName}`;
  }

  async claimFolder(
    parent: string | null,
    { id, name }: VmDefinition,
  ): Promise<{ folder: string; file: string }> {
    const below = parent ?? this.usualParent();
    const taken = new Set(this.#files.machines().map(({ folder }) => folder));
    for (const folder of [`${below}/${name}`, `${below}/${name}-${id}`])
      if (!taken.has(folder)) return { folder, file: `${folder}/vm.json` };
    throw new Fault('exists', `there is a folder for ${name} in ${below} already`, {
      hint: 'choose another name or another place',
    });
  }

  async leaving(): Promise<readonly LeavingFile[]> {
    return [];
  }

  async judgeLeaving(
    machine: MachineFile,
    _: readonly GatheredDisk[],
    others: readonly MachineFile[],
  ): Promise<readonly Reason[]> {
    const { name, hardware } = machine.definition;
    return hardware.disks.flatMap((disk) => {
      const path = resolveSimulated(machine, disk.file);
      const user = this.#userOf(path, others);
      if (user === undefined) return [];
      return [
        {
          code: 'file-used',
          text: `${user} uses ${path}, a file of ${name}`,
          remedy: `detach it from ${user}, or from ${name}: gantry vm detach-disk ${name} ${placeName(disk)}`,
        },
      ];
    });
  }

  async planMove(
    before: MachineFile,
    after: MachineFile,
    disks: Parameters<Travel['planMove']>[2],
    others: readonly MachineFile[],
  ): Promise<readonly FileMove[]> {
    const moves = disks.map(({ from, to }) => ({
      from: resolveSimulated(before, from),
      to: resolveSimulated(after, to),
    }));
    const { name } = before.definition;
    for (const { from } of moves) {
      const user = this.#userOf(from, others);
      if (user !== undefined)
        throw new Fault('refused', `cannot move files of ${name}: ${user} uses ${from}`, {
          hint: `detach it from ${user} first`,
        });
    }
    return moves;
  }

  async claimFile(path: string): Promise<void> {
    if (this.#files.disks.has(path))
      throw new Fault('exists', `cannot make the file ${path}`, {
        hint: 'choose another name or another place',
      });
  }

  async place(moves: readonly FileMove[]): Promise<void> {
    const { disks } = this.#files;
    for (const { from, to } of moves) {
      const sizeBytes = disks.get(from);
      if (sizeBytes !== undefined) disks.set(to, sizeBytes);
    }
  }

  async reconcileSaved(file: MachineFile): Promise<void> {
    if (file.savedFile !== null) this.#files.saved.set(file.savedFile, savedGuest(file));
  }

  async remove(paths: readonly string[]): Promise<void> {
    const { disks, saved, screens, machines } = this.#files;
    const folders = new Set(machines().map(({ folder }) => `${folder}/`));
    for (const path of paths) {
      const below = path.endsWith('/') ? path : `${path}/`;
      // A vm of the same name may have come meanwhile.
      const isFree = !folders.has(below);
      for (const kept of [disks, saved, screens])
        for (const key of kept.keys())
          if (key === path || (isFree && key.startsWith(below))) kept.delete(key);
    }
  }

  #userOf(path: string, others: readonly MachineFile[]): string | undefined {
    return others.find((other) =>
      other.definition.hardware.disks.some((disk) => resolveSimulated(other, disk.file) === path),
    )?.definition.name;
  }
}
