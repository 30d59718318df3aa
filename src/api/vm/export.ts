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
  'ovf',
] as const;
export type ExportTarget = (typeof exportTargets)[number];

/** Whether a package is to be one file. */
export function isOva(path: string): boolean {
  return path.toLowerCase().endsWith('.ova');
}

export const vmHandOutSchema = z
  .strictObject({
    as: z.enum(exportTargets).meta({ description: 'the product that is to run it' }),
    path: z.string().min(1).max(900).regex(/^\//, 'is not an absolute path').meta({
      description:
        'folder of its host that is made for it, where vms may have files; for ovf also a file .ova, which is all of it in one',
    }),
    signWith: z.string().min(1).max(900).regex(/^\//, 'is not an absolute path').optional().meta({
      description:
        'for ovf: PEM file of the host, where vms may have files, with the private key and the certificate to sign with',
    }),
    savedState: z.enum(['discard']).optional().meta({
      description: 'of a saved vm: its disks go without its state, which stays here',
    }),
    moveToIde: z.boolean().default(false).meta({
      description: 'put disks on free IDE positions; confirms that the guest has the driver',
    }),
  })
  .refine(({ as, path, signWith }) => as === 'ovf' || (signWith === undefined && !isOva(path)), {
    message: 'archives and signatures are of the target ovf',
    path: ['as'],
  })
  .meta({ id: 'VmHandOut' });
export type VmHandOut = z.infer<typeof vmHandOutSchema>;
