/** Which disks of a vm are served to its QEMU, by which process, as whom (docs/rfd/0027). */
import { isNative, type Disk } from '#api';
import { topOf } from '../../../machine/layers/layers.ts';
import type { MachineFile } from '../../../machine/record.ts';
import type { Account } from '../confine/accounts.ts';
import { resolveFile } from '../places.ts';
import { diskId } from '../spec/devices.ts';
import type { ServedEntry, ServedPlan } from './served-plan.ts';

export function planServed(
  file: Pick<MachineFile, 'definition' | 'folder' | 'layers'>,
  folders: readonly string[],
  account: Account | undefined,
): ServedPlan {
  const served = file.definition.hardware.disks.filter((disk) => !isNative(disk));
  return {
    ...(account === undefined ? {} : { account: { ...account, groups: [...account.groups] } }),
    folders: [...folders],
    disks: served.map((disk) => entryOf(file, disk)),
  };
}

/** Of a disk that is served. */
export function entryOf(
  { folder, layers }: Pick<MachineFile, 'folder' | 'layers'>,
  disk: Disk,
): ServedEntry {
  const isTop = topOf(layers, disk).file === disk.file;
  return {
    name: diskId(disk),
    path: resolveFile(folder, disk.file),
    format: disk.format,
    access: disk.readOnly ? 'read' : isTop ? 'write' : 'when-written',
  };
}
