/**
 * The virtual hardware of a vm (HW area). Every device can be chosen one by one; a profile is only a
 * set of defaults (vm/profiles.ts). Bounds here are those of the emulated buses; what a host or driver
 * cannot do is said by the start check.
 */
import { z } from 'zod';
import { giB, kiB, miB } from '#lib';
import { referenceSchema } from '../ids.ts';
import { firewallSchema, openFirewall } from '../network/firewall.ts';
import {
  bandwidthSchema,
  guestAddressSchema,
  portPriorities,
  unlimited,
  vlanRangeSchema,
} from '../network/port.ts';
import { diskLimitsSchema } from './disk-limits.ts';
import { maxSharedFolders, sharedFolderSchema } from './shared-folders.ts';

const bytes = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);
const filePath = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) => !path.includes('\0') && !path.split('/').includes('..'),
    'leads outside of its folder',
  );

export const machineTypes = ['pc', 'q35', 'virt'] as const;
export type MachineType = (typeof machineTypes)[number];
export const architectures = ['x86_64', 'aarch64'] as const;
export type Architecture = (typeof architectures)[number];

/** A machine type is a board of one processor architecture (HW-56). */
export const machineArchitectures: Readonly<Record<MachineType, Architecture>> = {
  pc: 'x86_64',
  q35: 'x86_64',
  virt: 'aarch64',
};

export const diskBuses = ['ide', 'sata', 'scsi', 'virtio'] as const;
export type DiskBus = (typeof diskBuses)[number];
export const adapterModels = ['virtio', 'e1000', 'e1000e', 'pcnet', 'tulip', 'rtl8139'] as const;
export type AdapterModel = (typeof adapterModels)[number];
export const bootDevices = ['disk', 'cd', 'floppy', 'network'] as const;
export type BootDevice = (typeof bootDevices)[number];

/** Of a bus in the classic machine; `placesOf` tells what a machine has. */
export const busPositions: Readonly<Record<DiskBus, { controllers: number; positions: number }>> = {
  ide: { controllers: 2, positions: 2 },
  sata: { controllers: 1, positions: 6 },
  scsi: { controllers: 4, positions: 7 },
  virtio: { controllers: 1, positions: 24 },
};

/** Targets of a virtio-scsi controller that are used; it lifts the seven of the SCSI of old (HW-11). */
const virtioScsiPositions = 24;

/** The places that a bus has in a machine, which on SCSI depends on its controllers. */
export function placesOf(
  bus: DiskBus,
  { scsiController }: Pick<Hardware, 'scsiController'>,
): { readonly controllers: number; readonly positions: number } {
  const { controllers, positions } = busPositions[bus];
  const lifted = bus === 'scsi' && scsiController === 'virtio-scsi';
  return { controllers, positions: lifted ? virtioScsiPositions : positions };
}

const place = {
  bus: z.enum(diskBuses).meta({ description: 'bus' }),
  controller: z
    .number()
    .int()
    .min(0)
    .max(3)
    .default(0)
    .meta({ description: 'controller or IDE channel, from 0' }),
  position: z
    .number()
    .int()
    .min(0)
    .max(23)
    .meta({ description: 'position on the controller, from 0' }),
};

/** In which disks are made: QEMU opens them itself. */
export const diskFormats = ['qcow2', 'raw'] as const;
/** Of other products: run as they are, read and written by the disk library for QEMU (docs/rfd/0027). */
export const servedFormats = ['vhd', 'vhdx', 'vmdk', 'vdi', 'qed', 'parallels', 'qcow1'] as const;
/** Those among them that are only read. */
export const readFormats: ReadonlySet<string> = new Set(['vdi', 'qed', 'parallels', 'qcow1']);
export const vmDiskFormats = [...diskFormats, ...servedFormats] as const;

/** Disks that are an entire drive of the host: linked ones for conversion alone, raw devices for a running vm (DISK-15). */
export const hostDriveKinds = ['linked', 'device'] as const;

/** An entire drive of the host, by a name that stays its own: those in /dev/disk/by-id do. */
export const hostDrivePath = z.string().regex(/^\/dev\/[\w./:=@+-]{1,200}$/);

/** A virtual disk as the vm sees it. Its place `bus controller:position` is its identity in the vm. */
export const diskSchema = z
  .strictObject({
    ...place,
    bus: place.bus.meta({
      description:
        'bus. SCSI, SATA and virtio have several requests of the guest under way at once, IDE one on each channel',
    }),
    kind: z.enum(hostDriveKinds).optional().meta({
      description:
        'linked: an entire drive of the host (`file`), only to be converted; device: a raw device, an entire drive or LUN of the host (`file`) that the running vm reads and writes; left out: a virtual disk',
    }),
    file: filePath.meta({ description: "image file; relative paths are in the vm's folder" }),
    format: z
      .enum(vmDiskFormats)
      .meta({ description: 'format of the image, recorded once and never probed' }),
    sizeBytes: bytes(0, 64 * 1024 * giB).meta({ description: 'virtual size, bytes' }),
    readOnly: z
      .boolean()
      .default(false)
      .meta({ description: 'deliberately attached as a read-only data disk' }),
    shared: z.boolean().default(false).meta({
      description: 'may be open for writing in several running vms; raw, with the cache none',
    }),
    discard: z
      .boolean()
      .default(true)
      .meta({ description: "give blocks that the guest trims back to the host's volume" }),
    cache: z
      .enum(['writeback', 'none', 'writethrough', 'unsafe'])
      .default('writeback')
      .meta({ description: 'host cache' }),
    serial: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{0,20}$/)
      .default('')
      .meta({ description: 'serial number the guest reads' }),
    limits: diskLimitsSchema.nullish().meta({
      description: 'how much the guest reads and writes in a second; null: no limits',
    }),
    drive: z.string().max(200).optional().meta({
      description:
        'of a raw device: what the drive said of itself when it was attached (WWN or serial number), compared at every start; kept by Gantry',
    }),
  })
  .meta({ id: 'VmDisk', description: 'a virtual disk of a vm' });

export type DiskFormat = (typeof diskFormats)[number];

/** Whether QEMU opens a disk or a file of one by itself; all others are served to it, and have no layers. */
export function isNative<T extends Pick<Disk, 'format'>>(
  disk: T,
): disk is T & { readonly format: DiskFormat } {
  return diskFormats.some((format) => format === disk.format);
}

export const mediumSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('image'),
      image: z
        .string()
        .min(1)
        .max(100)
        .meta({ description: 'id or name of an image known to Gantry' }),
    }),
    z.strictObject({
      kind: z.literal('file'),
      file: filePath.meta({ description: 'file on the host' }),
    }),
    z.strictObject({
      kind: z.literal('device'),
      device: z
        .string()
        .regex(/^\/dev\/[\w./-]{1,200}$/)
        .meta({ description: 'drive of the host' }),
    }),
  ])
  .meta({
    id: 'Medium',
    description: 'what is in a drive: an image, a file or a drive of the host',
  });

export const traySchema = z.enum(['ask', 'force']).meta({
  description: 'where the guest has locked the tray: ask it to open it, or open it by force',
});
export type Tray = z.infer<typeof traySchema>;

export const opticalDriveSchema = z
  .strictObject({
    ...place,
    medium: mediumSchema.nullable().default(null).meta({ description: 'null is empty' }),
  })
  .meta({ id: 'VmOpticalDrive', description: 'a CD or DVD drive, always read-only' });

export const floppySchema = z
  .strictObject({
    medium: mediumSchema.nullable().default(null).meta({ description: 'null is empty' }),
    readOnly: z.boolean().default(false),
  })
  .meta({ id: 'VmFloppy', description: 'the 1.44 MB floppy drive' });

const port = z.number().int().min(1).max(65535);

export const forwardSchema = z
  .strictObject({
    protocol: z.enum(['tcp', 'udp']).default('tcp'),
    hostAddress: z
      .ipv4()
      .default('127.0.0.1')
      .meta({ description: 'address of the host to listen on' }),
    hostPort: z
      .number()
      .int()
      .min(0)
      .max(65535)
      .meta({ description: '0 chooses a free port at start' }),
    guestPort: port,
  })
  .meta({
    id: 'PortForward',
    description: "a port of the host that leads into the guest's user-mode network",
  });

export const attachmentSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }).meta({ description: 'cable unplugged' }),
    z.strictObject({
      kind: z.literal('user'),
      restrict: z
        .boolean()
        .default(false)
        .meta({ description: 'only the forwards work; nothing leaves the host' }),
      forwards: z.array(forwardSchema).max(64).default([]),
      bootFile: filePath
        .nullable()
        .default(null)
        .meta({ description: 'file served for network boot, by TFTP, with all of its folder' }),
    }),
    z.strictObject({
      kind: z.literal('network'),
      network: referenceSchema.meta({ description: 'id or name of a network; kept as its id' }),
    }),
    z
      .strictObject({
        kind: z.literal('foreign'),
        name: z.string().min(1).max(256).meta({ description: 'what its hypervisor calls it' }),
      })
      .meta({
        description:
          'of a hypervisor that others run: `network NAME` or `bridge NAME`, as it is called there',
      }),
  ])
  .meta({ id: 'Attachment', description: 'what a network adapter is plugged into' });

export const macSchema = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'is not a MAC address in lower case with colons')
  .refine((mac) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0, 'is a multicast address')
  .refine((mac) => mac !== '00:00:00:00:00:00', 'is no address');

export const adapterSchema = z
  .strictObject({
    slot: z.number().int().min(0).max(15).meta({ description: 'number of the adapter, from 0' }),
    model: z.enum(adapterModels),
    mac: macSchema,
    macMode: z
      .enum(['dynamic', 'static'])
      .default('dynamic')
      .meta({ description: 'dynamic: given by Gantry, new for a clone' }),
    attachment: attachmentSchema,
    link: z
      .enum(['up', 'down'])
      .default('up')
      .meta({ description: 'down: the guest sees an adapter without a cable' }),
    optional: z
      .boolean()
      .default(false)
      .meta({ description: 'start unplugged, with a warning, when its network is missing' }),
    bandwidth: bandwidthSchema
      .default(unlimited)
      .meta({ description: 'kept by its port of a network, not by a user-mode network' }),
    priority: z.enum(portPriorities).default('normal').meta({
      description: 'whose frames go first where the adapter of the host cannot send all at once',
    }),
    firewall: firewallSchema
      .default(openFirewall)
      .meta({ description: "what passes must pass its network's firewall too" }),
    addresses: z.array(guestAddressSchema).max(64).default([]).meta({
      description:
        'it may send under, beside those leased to it or kept for it, where its network guards them',
    }),
    vlans: z.array(vlanRangeSchema).max(32).default([]).meta({
      description:
        'of a bridged network: VLANs whose frames its guest sends and receives with their tag',
    }),
  })
  .meta({ id: 'VmAdapter', description: 'a network adapter' });

export const portBackendSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z
      .strictObject({ kind: z.literal('console') })
      .meta({ description: 'network console of Gantry, several watchers at once' }),
    z.strictObject({ kind: z.literal('file'), file: filePath }),
    z.strictObject({ kind: z.literal('pty') }).meta({ description: 'pseudo-terminal of the host' }),
    z.strictObject({
      kind: z.literal('device'),
      device: z.string().regex(/^\/dev\/[\w./-]{1,200}$/),
    }),
  ])
  .meta({ id: 'PortBackend', description: 'where a serial or parallel port leads' });

export const processorSchema = z
  .strictObject({
    count: z.number().int().min(1).max(1024).meta({ description: 'virtual processors' }),
    maxCount: z.number().int().min(1).max(1024).nullable().default(null).meta({
      description: 'up to which processors can be added while running; null: as many as now',
    }),
    coresPerSocket: z.number().int().min(1).max(1024).default(1),
    threadsPerCore: z.number().int().min(1).max(16).default(1),
    model: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/)
      .default('host')
      .meta({ description: "host: based on the host's processor; else a named model" }),
    hideHypervisor: z
      .boolean()
      .default(false)
      .meta({ description: 'hide the hypervisor signature from the guest' }),
  })
  .meta({ id: 'VmProcessor' });

export const memorySchema = z
  .strictObject({
    sizeBytes: bytes(4 * miB, 64 * 1024 * giB)
      .refine((n) => n % (1024 * kiB) === 0, 'is not a multiple of 1 MiB')
      .meta({ description: 'what the guest starts with' }),
    maxBytes: bytes(4 * miB, 64 * 1024 * giB)
      .nullable()
      .default(null)
      .meta({
        description: 'up to which memory can be added while running; null: no more than now',
      }),
  })
  .meta({ id: 'VmMemory' });

const serialNumber = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/)
  .nullable()
  .default(null);

/** The identity the guest reads from its firmware tables (SMBIOS types 1, 2, 3); the UUID is the vm's id. */
export const biosIdentitySchema = z
  .strictObject({
    chassis: z
      .strictObject({
        assetTag: serialNumber.meta({ description: 'chassis asset tag; generated at first start' }),
        serialNumber: serialNumber.meta({
          description: 'chassis serial number; generated at first start',
        }),
      })
      .prefault({}),
    baseBoard: z
      .strictObject({
        serialNumber: serialNumber.meta({
          description: 'base board serial number; generated at first start',
        }),
      })
      .prefault({}),
  })
  .meta({ id: 'VmBiosIdentity' });

export const hardwareSchema = z
  .strictObject({
    profile: z
      .enum(['classic', 'modern'])
      .meta({ description: 'the profile that gave the defaults' }),
    machine: z.enum(machineTypes).meta({
      description:
        'machine type: pc is Intel 440FX with PIIX, q35 Intel Q35 with ICH9 (both x86_64), virt the board of aarch64',
    }),
    firmware: z.strictObject({
      type: z.enum(['bios', 'uefi']),
      secureBoot: z.boolean().default(false),
      bootOrder: z
        .array(z.enum(bootDevices))
        .max(4)
        .refine((list) => new Set(list).size === list.length, 'names a device twice')
        .default(['disk', 'cd', 'network']),
      bootOnce: z
        .enum(bootDevices)
        .nullable()
        .default(null)
        .meta({ description: 'device for the next start only' }),
    }),
    bios: biosIdentitySchema.prefault({}),
    processor: processorSchema,
    memory: memorySchema,
    scsiController: z
      .enum(['lsi53c895a', 'am53c974', 'virtio-scsi'])
      .meta({ description: 'model of the SCSI controllers' }),
    disks: z.array(diskSchema).max(64).default([]),
    // As many as all buses have places: 6 SATA and 4 times 24 SCSI.
    opticalDrives: z.array(opticalDriveSchema).max(102).default([]),
    floppy: floppySchema.nullable().default(null).meta({ description: 'null: no floppy drive' }),
    adapters: z.array(adapterSchema).max(16).default([]),
    sharedFolders: z.array(sharedFolderSchema).max(maxSharedFolders).default([]),
    serialPorts: z
      .array(portBackendSchema)
      .max(2)
      .default([{ kind: 'console' }])
      .meta({ description: 'COM1 and COM2' }),
    parallelPort: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('none') }),
        z.strictObject({ kind: z.literal('file'), file: filePath }),
        z.strictObject({
          kind: z.literal('device'),
          device: z.string().regex(/^\/dev\/[\w./-]{1,200}$/),
        }),
      ])
      .default({ kind: 'none' }),
    graphics: z.strictObject({
      adapter: z.enum(['std', 'cirrus', 'virtio', 'none']),
      videoMemoryBytes: bytes(4 * miB, 256 * miB)
        .refine((n) => n % miB === 0, 'is not a multiple of 1 MiB')
        .default(16 * miB)
        .meta({
          description:
            'on board of std (a power of two) and cirrus (4 MiB); of virtio what the guest may draw in',
        }),
      acceleration3d: z.boolean().default(false).meta({
        description:
          "experimental: the host's graphics processor draws for the guest; needs the adapter virtio and a host that can",
      }),
    }),
    sound: z.enum(['none', 'ac97', 'hda', 'sb16']).default('none'),
    usb: z
      .enum(['none', '1.1', '2.0', '3'])
      .default('none')
      .meta({ description: 'USB controller' }),
    tablet: z
      .boolean()
      .default(false)
      .meta({ description: 'USB tablet for absolute pointing; needs a USB controller' }),
    tpm: z.boolean().default(false).meta({ description: 'TPM 2.0' }),
    clock: z
      .strictObject({
        base: z.enum(['utc', 'localtime']).default('utc'),
        offsetSeconds: z.number().int().min(-3_155_760_000).max(3_155_760_000).default(0).meta({
          description: "how far the guest set its clock from the host's; kept across power cycles",
        }),
      })
      .prefault({}),
  })
  .meta({ id: 'VmHardware', description: 'virtual hardware' });

export type Hardware = z.infer<typeof hardwareSchema>;
export type Disk = z.infer<typeof diskSchema>;
export type OpticalDrive = z.infer<typeof opticalDriveSchema>;
export type Floppy = z.infer<typeof floppySchema>;
export type Medium = z.infer<typeof mediumSchema>;
export type Adapter = z.infer<typeof adapterSchema>;
export type Attachment = z.infer<typeof attachmentSchema>;
export type PortForward = z.infer<typeof forwardSchema>;
export type PortBackend = z.infer<typeof portBackendSchema>;

/** `scsi0:1`: how a disk or drive is named in commands, paths and messages. */
export function placeName(at: {
  readonly bus: DiskBus;
  readonly controller: number;
  readonly position: number;
}): string {
  return `${at.bus}${at.controller}:${at.position}`;
}

/** The place of a disk that several vms write, where there is one. */
export function sharedPlace({ disks }: Pick<Hardware, 'disks'>): string | undefined {
  const disk = disks.find(({ shared }) => shared);
  return disk === undefined ? undefined : placeName(disk);
}

/** What a disk is instead of a virtual one, in a word for people; undefined for a virtual disk. */
export function hostDriveWord({ kind }: Pick<Disk, 'kind'>): string | undefined {
  return kind === undefined ? undefined : kind === 'linked' ? 'a linked disk' : 'a raw device';
}

/** The place of a linked disk, where there is one. */
export function linkedPlace({ disks }: Pick<Hardware, 'disks'>): string | undefined {
  const disk = disks.find(({ kind }) => kind === 'linked');
  return disk === undefined ? undefined : placeName(disk);
}
