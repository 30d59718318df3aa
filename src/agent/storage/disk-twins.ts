/** Empty disks like those of vms that are served to them, made by the disk library (docs/rfd/0040). */
import type { Disk } from '#api';
import { makeTwin, openDisk, twinFiles, type Disk as OpenDisk } from '#disk';
import { Fault } from '#lib';
import { resolveFile } from '../drivers/qemu/places.ts';
import type { DiskTwins } from '../drivers/storage.ts';
import type { MachineFile } from '../machine/record.ts';
import { requireInside } from './allowed.ts';
import { storeOf } from './child-disk.ts';
import { filesOf } from './served-layers.ts';

export interface DiskTwinOptions {
  /** Folders in which files of vms may be, with the vm's own. */
  readonly folders: (own: string) => readonly string[];
  /** Gives a file to the account of a vm. */
  readonly own: (path: string, uid: number | null) => Promise<void>;
}

export function makeDiskTwins({ folders, own }: DiskTwinOptions): DiskTwins {
  /** Also while its vm writes it: what makes the disk what it is does not change meanwhile. */
  const open = (file: MachineFile, { file: name, format }: Disk): Promise<OpenDisk> => {
    const path = resolveFile(file.folder, name);
    return openDisk({ path, format, store: storeOf(folders(file.folder)), parent: 'none' });
  };
  return {
    async plan(file, disk, to) {
      const path = resolveFile(file.folder, to);
      await requireInside(path, folders(file.folder));
      await using source = await open(file, disk);
      if (source.layer.parentReference !== undefined)
        throw new Fault('unsupported', `${source.name} is a differencing disk`);
      return { from: [...filesOf(source)], to: [...twinFiles(source, path)] };
    },
    async make(file, disk, to) {
      const path = resolveFile(file.folder, to);
      await requireInside(path, folders(file.folder));
      await using source = await open(file, disk);
      await makeTwin(source, path);
      for (const one of twinFiles(source, path)) await own(one, file.uid);
    },
  };
}
