/** Which disks of a vm are served to its QEMU, and what the process that serves them is told (docs/rfd/0027). */
import { z } from 'zod';
import { isNative } from '#api';
import type { MachineFile } from '../../../machine/record.ts';
import type { Account } from '../confine/accounts.ts';
import { resolveFile } from '../places.ts';
import { diskId } from '../spec/devices.ts';

const number = z.number().int().min(0);

export const servedPlanSchema = z.strictObject({
  /** Undefined: as the process that starts it. */
  account: z.strictObject({ uid: number, gid: number, groups: z.array(number).max(64) }).optional(),
  /** Folders in which parents may lie. */
  folders: z.array(z.string().max(4096)).max(256),
  disks: z
    .array(
      z.strictObject({
        /** Of the export: the id of its device. */
        name: z.string().max(64),
        path: z.string().max(4096),
        format: z.string().max(32),
        access: z.enum(['read', 'write']),
      }),
    )
    .max(64),
});
export type ServedPlan = z.infer<typeof servedPlanSchema>;

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
