/** Which disks of a vm are served to its QEMU, by which process, as whom (docs/rfd/0027). */
import { isNative } from '#api';
import type { MachineFile } from '../../../machine/record.ts';
import type { Account } from '../confine/accounts.ts';
import { resolveFile } from '../places.ts';
import { diskId } from '../spec/devices.ts';
import type { ServedPlan } from './served-plan.ts';

export function planServed(
  { definition, folder }: Pick<MachineFile, 'definition' | 'folder'>,
  folders: readonly string[],
  account: Account | undefined,
): ServedPlan {
  const served = definition.hardware.disks.filter((disk) => !isNative(disk));
  return {
    ...(account === undefined ? {} : { account: { ...account, groups: [...account.groups] } }),
    folders: [...folders],
    disks: served.map((disk) => ({
      name: diskId(disk),
      path: resolveFile(folder, disk.file),
      format: disk.format,
      access: disk.readOnly ? 'read' : 'write',
    })),
  };
}
