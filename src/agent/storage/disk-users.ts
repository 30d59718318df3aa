/**
 * Which machines use which files: as disks, as layers of these, as media in their drives. Told by their settings and records;
 * no disk is opened, so it costs the same whatever the disks are. What lies below is the forest's (disk-forest.ts).
 */
import { isLive } from '../host/admission.ts';
import { resolveFile } from '../drivers/qemu/places.ts';
import { chainOf } from '../machine/layers/layers.ts';
import type { MachineFile } from '../machine/record.ts';
import { realPath } from './allowed.ts';

export interface DiskUse {
  readonly vmId: string;
  /** `disk`: what the guest writes; `layer`: what the machine keeps below that; `parent`: below all of its own, as the forest knows. */
  readonly as: 'disk' | 'layer' | 'parent' | 'medium';
  /** A process may have it open. */
  readonly isLive: boolean;
  /** As the machine's settings have it, whatever the content says; undefined where they do not. */
  readonly format?: string;
}

/** By path, with all links followed. */
export type DiskUsers = ReadonlyMap<string, readonly DiskUse[]>;

export async function findDiskUsers(machines: readonly MachineFile[]): Promise<DiskUsers> {
  const users = new Map<string, DiskUse[]>();
  for (const machine of machines) {
    const use = async (path: string, as: DiskUse['as'], format?: string): Promise<void> => {
      const real = await realPath(path);
      const uses = users.get(real) ?? [];
      users.set(real, uses);
      const known = format === undefined ? {} : { format };
      uses.push({ vmId: machine.definition.id, as, isLive: isLive(machine), ...known });
    };
    const { disks, opticalDrives, floppy } = machine.definition.hardware;
    // Also those that only a snapshot needs.
    for (const { file, format, borrowed } of machine.layers.files)
      await use(resolveFile(machine.folder, file), borrowed ? 'parent' : 'layer', format);
    for (const disk of disks) {
      for (const [index, layer] of chainOf(machine.layers, disk).entries()) {
        const as = layer.borrowed ? 'parent' : index === 0 ? 'disk' : 'layer';
        await use(resolveFile(machine.folder, layer.file), as, layer.format);
      }
    }
    for (const chain of machine.layers.served ?? []) {
      for (const part of chain.parts) await use(resolveFile(machine.folder, part), 'disk');
      for (const { file, format, parts } of chain.parents) {
        await use(resolveFile(machine.folder, file), 'parent', format);
        for (const part of parts) await use(resolveFile(machine.folder, part.file), 'parent');
      }
    }
    for (const medium of [...opticalDrives.map((drive) => drive.medium), floppy?.medium])
      if (medium?.kind === 'file') await use(resolveFile(machine.folder, medium.file), 'medium');
  }
  return users;
}

/** Each machine once. */
export function vmIdsOf(uses: readonly DiskUse[] = []): string[] {
  return [...new Set(uses.map(({ vmId }) => vmId))].slice(0, 1000);
}
