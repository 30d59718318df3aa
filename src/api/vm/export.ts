/** Vms for other products: their disks converted, and a configuration beside them (CMP-05). */
import { z } from 'zod';

export const exportTargets = [
  'virtual-pc-2004',
  'virtual-server-2005',
  'vmware-workstation',
  'vmware-player',
  'vmware-server',
  'vmware-esx',
  'hyper-v',
  'libvirt',
] as const;
export type ExportTarget = (typeof exportTargets)[number];

export const vmHandOutSchema = z
  .strictObject({
    as: z.enum(exportTargets).meta({ description: 'the product that is to run it' }),
    path: z
      .string()
      .min(1)
      .max(900)
      .regex(/^\//, 'is not an absolute path')
      .meta({ description: 'folder of its host that is made for it, where vms may have files' }),
    savedState: z.enum(['discard']).optional().meta({
      description: 'of a saved vm: its disks go without its state, which stays here',
    }),
    moveToIde: z.boolean().default(false).meta({
      description: 'put disks on free IDE positions; confirms that the guest has the driver',
    }),
  })
  .meta({ id: 'VmHandOut' });
export type VmHandOut = z.infer<typeof vmHandOutSchema>;
