/** Which disks of a vm are served to its QEMU, by which process, as whom (docs/rfd/0027). */
import { isNative, type Disk } from '#api';
import { topOf } from '../../../machine/layers/layers.ts';
import type { MachineFile } from '../../../machine/record.ts';
import type { Account } from '../confine/accounts.ts';
import { resolveFile } from '../places.ts';
import { exportOf } from '../spec/devices.ts';
import type { ServedEntry, ServedPlan } from './served-plan.ts';

export function planServed(
  file: Pick<MachineFile, 'definition' | 'folder' | 'layers' | 'moving' | 'servedAs'>,
  folders: readonly string[],
  account: Account | undefined,
): ServedPlan {
  const served = file.definition.hardware.disks.filter((disk) => !isNative(disk));
  const copy = copyEntryOf(file);
  return {
    ...(account === undefined ? {} : { account: { ...account, groups: [...account.groups] } }),
    folders: [...folders],
    disks: [...served.map((disk) => entryOf(file, disk)), ...(copy === undefined ? [] : [copy])],
  };
}

/** Of a disk that is served. */
export function entryOf(
  { folder, layers, servedAs }: Pick<MachineFile, 'folder' | 'layers' | 'servedAs'>,
  disk: Disk,
): ServedEntry {
  const isTop = topOf(layers, disk).file === disk.file;
  return {
    name: exportOf({ servedAs }, disk),
    path: resolveFile(folder, disk.file),
    format: disk.format,
    access: disk.readOnly ? 'read' : isTop ? 'write' : 'when-written',
  };
}

/** Of the file that a disk is on its way to. */
export function copyEntryOf({
  definition,
  layers,
  moving,
}: Pick<MachineFile, 'definition' | 'layers' | 'moving'>): ServedEntry | undefined {
  const disk = definition.hardware.disks.find(({ file }) => file === moving?.from);
  if (disk === undefined || !moving?.served) return undefined;
  const { served, toPath: path } = moving;
  // Below layers it is a copy that is whole before it is served.
  const access = topOf(layers, disk).file === disk.file ? 'incoming' : 'when-written';
  return { name: served.to.name, path, format: disk.format, access };
}
