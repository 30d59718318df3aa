/** Vms of other products, taken over from their configuration files (VM-90). */
import { z } from 'zod';
import { idSchema, referenceSchema, nameSchema } from '../ids.ts';
import { archiveStem, digestSchema, sha256Schema } from '../upload.ts';
import { diskFormats } from './hardware.ts';

/** What a network of another product is here, `THEIRS=OURS`: names of ours have no `=`. */
export const networkNameSchema = z
  .string()
  .regex(/^.{1,256}=[^=]{1,100}$/, 'is not NAME-THERE=NETWORK');

/** An adapter of a vm from another product, and what it would be plugged into. */
export const importedAdapterSchema = z
  .strictObject({
    slot: z.number().int().min(0),
    there: z
      .string()
      .max(256)
      .meta({ description: 'the name of its network in the other product' }),
    network: z
      .string()
      .max(100)
      .meta({ description: 'here: user, none, or the name of a network' }),
  })
  .meta({ id: 'ImportedAdapter' });
export type ImportedAdapter = z.infer<typeof importedAdapterSchema>;

/** What becomes of each part of a vm that comes from another product, or goes to one. */
export const transferEffects = ['carried', 'adapted', 'dropped', 'blocking'] as const;
export const transferFindingSchema = z
  .strictObject({
    effect: z.enum(transferEffects).meta({
      description: 'blocking: nothing is done before it is dealt with',
    }),
    code: z.string(),
    text: z.string(),
    remedy: z.string().nullable().meta({ description: 'null only for what is carried over' }),
  })
  .meta({ id: 'TransferFinding' });
export type TransferFinding = z.infer<typeof transferFindingSchema>;

export const vmImportSchema = z
  .strictObject({
    host: referenceSchema.optional().meta({ description: 'on which host the files are' }),
    file: z.string().min(1).max(1024).meta({
      description:
        'configuration file of the other product on the host, .vmx, .vmc or .ovf, a folder with one, or an archive with one (.ova, zip, tar, tar in gzip, xz or zstd), which takes the right host.disks on the host',
    }),
    upload: idSchema.optional().meta({
      description:
        'of a file to a host, all of which has been sent: the archive is what has come, and goes when the vm is there; file is what the upload was to make',
    }),
    sha256: sha256Schema.optional().meta({
      description: 'of what was sent; another one is not imported',
    }),
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
    origin: z.enum(['moved', 'copied']).default('moved').meta({
      description:
        'copied: the vm goes on existing there, so addresses that the other product made, and the UUID, are made anew',
    }),
    takenAddresses: z.enum(['keep', 'new']).optional().meta({
      description:
        'for MAC addresses that another vm or a host has; keep: only one of both vms runs on a network at a time',
    }),
    undo: z.enum(['commit', 'discard', 'snapshot']).optional().meta({
      description:
        'changes in undo disks: taken over, left out, or taken over above a snapshot of the disks without them',
    }),
    savedState: z.enum(['discard']).optional().meta({
      description: 'a saved state fits no other product: its discarding is agreed to',
    }),
    snapshots: z.enum(['import', 'flatten']).default('flatten').meta({
      description: 'of the other product; flatten: only the present state of the disks is taken',
    }),
    sound: z.enum(['keep', 'remove']).default('keep'),
    networkNames: z.array(networkNameSchema).max(64).default([]).meta({
      description:
        'networks by their names there, beside those of the installation (foreignNetworks)',
    }),
    rememberNetworks: z.boolean().default(false).meta({
      description: 'keep networkNames for further imports; takes the right installation.update',
    }),
    start: z.boolean().default(false).meta({ description: 'turn it on afterwards' }),
  })
  .meta({ id: 'VmImport' });
export type VmImport = z.infer<typeof vmImportSchema>;

/** Whether the files are in one that has to be unpacked first. */
export function isFromArchive({ file, upload }: Pick<VmImport, 'file' | 'upload'>): boolean {
  return upload !== undefined || archiveStem(file) !== undefined;
}

const text = (max: number): z.ZodString => z.string().max(max);
const place = {
  bus: z.enum(['ide', 'sata', 'scsi', 'nvme', 'virtio']),
  controller: z.number().int().min(0).max(999),
  position: z.number().int().min(0).max(999),
};
/** Resolved to a file of this host; null where it is none. */
const medium = z.strictObject({ named: text(4096), path: text(1024).nullable() }).nullable();

const port = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('file'), file: text(16_384) }),
  z.strictObject({ kind: z.literal('pipe'), name: text(16_384) }),
  z.strictObject({ kind: z.literal('device'), device: text(16_384) }),
]);

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
        digest: digestSchema.optional(),
        /** Reads and writes together, of which one of more than 32 KiB counts as several; absent: no limit. */
        operationsPerSecond: z.number().int().min(1).max(1_000_000_000_000_000).optional(),
        /** A layer of changes over it; null: none. */
        undo: z
          .strictObject({
            path: text(1024),
            format: text(32),
            fileBytes: z.number().int().min(0),
          })
          .nullable(),
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
        macOrigin: z.enum(['static', 'generated']),
        network: text(65_536).nullable(),
      }),
    )
    .max(32),
  serialPorts: z.array(port).max(2),
  parallelPort: port.nullable(),
  bootOrder: z
    .array(z.enum(['disk', 'cd', 'floppy', 'network']))
    .max(4)
    .nullable(),
  onHostStart: z.enum(['off', 'always', 'if-was-running']).nullable(),
  onHostStop: z.enum(['save', 'shutdown', 'off']).nullable(),
  acceleration3d: z.boolean(),
  /** Files with a saved state. */
  savedStates: z
    .array(z.strictObject({ file: text(1024), sizeBytes: z.number().int().min(0) }))
    .max(16),
  /** Parents before what was taken on them. */
  snapshots: z
    .array(
      z.strictObject({
        uid: text(64),
        parent: text(64).nullable(),
        name: text(16_384),
        description: text(4096),
        takenAt: text(64).nullable(),
        disks: z.array(z.strictObject({ ...place, path: text(1024), format: text(32) })).max(64),
      }),
    )
    .max(128),
  currentSnapshot: text(64).nullable(),
  /** Of its disks, their parents and undo disks among them. */
  files: z.array(text(4096)).max(4096),
  /** Why it cannot be imported as it is. */
  blocking: z
    .array(z.strictObject({ code: text(64), text: text(4096), remedy: text(4096) }))
    .max(200),
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
  /** Of a package, whose files are what it says. */
  manifest: z
    .strictObject({
      file: text(1024),
      files: z.number().int().min(1),
      signer: z
        .strictObject({
          subject: text(500),
          issuer: text(500),
          fingerprint: text(128),
          isTrusted: z.boolean(),
        })
        .nullable(),
    })
    .optional(),
});
export type ForeignMachine = z.infer<typeof foreignMachineSchema>;
