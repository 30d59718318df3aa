/** Vms of other products, taken over from their configuration files (VM-90). */
import { z } from 'zod';
import { referenceSchema, nameSchema } from '../ids.ts';
import { diskFormats } from './hardware.ts';

export const vmImportSchema = z
  .strictObject({
    host: referenceSchema.optional().meta({ description: 'on which host the files are' }),
    file: z
      .string()
      .min(1)
      .max(1024)
      .meta({ description: 'configuration file of the other product on the host: .vmx or .vmc' }),
    name: nameSchema.optional().meta({ description: 'default: as it is called there' }),
    folder: z.string().max(1024).default('/'),
    format: z.enum(diskFormats).default('qcow2').meta({ description: 'of the disks made here' }),
    networks: z.array(referenceSchema).max(16).default([]).meta({
      description:
        'for its adapters, in their order, user and none among them; the last one is that of the rest; default: user',
    }),
    adapters: z.enum(['all', 'first-of-network']).default('all').meta({
      description:
        'first-of-network: of several that would be on one network only the first is kept',
    }),
    start: z.boolean().default(false).meta({ description: 'turn it on afterwards' }),
  })
  .meta({ id: 'VmImport' });
export type VmImport = z.infer<typeof vmImportSchema>;

const text = (max: number): z.ZodString => z.string().max(max);
const place = {
  bus: z.enum(['ide', 'sata', 'scsi', 'nvme', 'virtio']),
  controller: z.number().int().min(0).max(999),
  position: z.number().int().min(0).max(999),
};
/** Resolved to a file of this host; null where it is none. */
const medium = z.strictObject({ named: text(4096), path: text(1024).nullable() }).nullable();

/** What an agent has read: the machine in neutral words, with its files found on the host. */
export const foreignMachineSchema = z.strictObject({
  product: text(64),
  format: text(16),
  name: text(16_384).nullable(),
  description: text(4096),
  guestOs: text(16_384).nullable(),
  memoryBytes: z.number().int().min(0).nullable(),
  processors: z.number().int().min(1).nullable(),
  coresPerSocket: z.number().int().min(1).nullable(),
  firmware: z.enum(['bios', 'uefi']),
  secureBoot: z.boolean(),
  uuid: text(64).nullable(),
  chassisSerial: text(65_536).nullable(),
  assetTag: text(65_536).nullable(),
  boardSerial: text(65_536).nullable(),
  scsiModel: text(16_384).nullable(),
  disks: z
    .array(
      z.strictObject({
        ...place,
        named: text(4096),
        path: text(1024),
        format: text(32),
        sizeBytes: z.number().int().min(0),
      }),
    )
    .max(64),
  drives: z.array(z.strictObject({ ...place, medium })).max(64),
  floppy: z.strictObject({ medium }).nullable(),
  adapters: z
    .array(
      z.strictObject({
        model: text(16_384).nullable(),
        mac: text(16_384).nullable(),
        network: text(65_536).nullable(),
      }),
    )
    .max(32),
  sound: z.enum(['ac97', 'hda', 'sb16']).nullable(),
  usb: z.enum(['1.1', '2.0', '3']).nullable(),
  clock: z.enum(['utc', 'localtime']),
  tpm: z.boolean(),
  lost: z
    .array(
      z.strictObject({
        setting: text(200),
        value: text(200),
        why: text(300),
        device: text(64).nullable(),
      }),
    )
    .max(2000),
  kept: z.record(text(200), text(1000)),
});
export type ForeignMachine = z.infer<typeof foreignMachineSchema>;
