/** The catalogue of guest operating systems (VM-21, VM-22, HW-53). Data, not code: the list is below. */
import { z } from 'zod';
import { giB, miB } from '#lib';
import { adapterModels, diskBuses, machineTypes } from './hardware.ts';

export const incompatibilitySchema = z
  .strictObject({
    text: z.string(),
    machines: z.array(z.enum(machineTypes)).default([]),
    diskBuses: z.array(z.enum(diskBuses)).default([]),
    scsiControllers: z.array(z.enum(['lsi53c895a', 'am53c974', 'virtio-scsi'])).default([]),
    adapters: z.array(z.enum(adapterModels)).default([]),
    processorModels: z.array(z.string()).default([]).meta({ description: 'named models' }),
    hostProcessors: z.array(z.string()).default([]).meta({
      description: "parts of names of hosts' processors, where the vm has that of its host",
    }),
  })
  .meta({ id: 'GuestIncompatibility', description: 'hardware the guest fails on: any of these' });
export type GuestIncompatibility = z.infer<typeof incompatibilitySchema>;

export const guestCatalogueEntrySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    family: z.enum(['windows', 'linux', 'bsd', 'solaris', 'netware', 'os2', 'other']),
    support: z
      .enum(['supported', 'best-effort'])
      .meta({ description: 'best-effort guests are not blocked' }),
    profile: z.enum(['classic', 'modern']),
    memoryBytes: z.number().int().meta({ description: 'recommended' }),
    maxMemoryBytes: z.number().int().nullable().meta({ description: "the guest's own limit" }),
    diskBus: z.enum(diskBuses).meta({ description: 'recommended for its disks' }),
    scsiController: z
      .enum(['lsi53c895a', 'am53c974', 'virtio-scsi'])
      .meta({ description: 'recommended' }),
    adapter: z.enum(adapterModels).meta({ description: 'recommended' }),
    clock: z.enum(['utc', 'localtime']),
    incompatibilities: z
      .array(incompatibilitySchema)
      .meta({ description: 'known ones; told when one is chosen' }),
    notes: z.array(z.string()).meta({ description: 'what else is good to know' }),
  })
  .meta({ id: 'GuestCatalogueEntry' });

export type GuestCatalogueEntry = z.infer<typeof guestCatalogueEntrySchema>;

type Family = GuestCatalogueEntry['family'];

const incompatible = (
  text: string,
  choices: Partial<Omit<GuestIncompatibility, 'text'>>,
): GuestIncompatibility => ({
  machines: [],
  diskBuses: [],
  scsiControllers: [],
  adapters: [],
  processorModels: [],
  hostProcessors: [],
  ...choices,
  text,
});

const classicDefaults = {
  profile: 'classic',
  diskBus: 'ide',
  scsiController: 'lsi53c895a',
  adapter: 'tulip',
} as const;
const modernDefaults = {
  profile: 'modern',
  diskBus: 'virtio',
  scsiController: 'virtio-scsi',
  adapter: 'virtio',
} as const;

const modernLinux = (id: string, name: string): GuestCatalogueEntry => ({
  id,
  name,
  family: 'linux',
  support: 'supported',
  ...modernDefaults,
  memoryBytes: giB,
  maxMemoryBytes: null,
  clock: 'utc',
  incompatibilities: [],
  notes: [],
});
const oldWindows = (
  id: string,
  name: string,
  memoryMiB: number,
  maxGiB: number,
  notes: readonly string[] = [],
): GuestCatalogueEntry => ({
  id,
  name,
  family: 'windows',
  support: 'best-effort',
  ...classicDefaults,
  memoryBytes: memoryMiB * miB,
  maxMemoryBytes: maxGiB * giB,
  clock: 'localtime',
  incompatibilities: [
    incompatible('it has no drivers for paravirtual and SATA disks', {
      diskBuses: ['virtio', 'sata'],
    }),
    incompatible('it has no driver for a paravirtual network adapter', { adapters: ['virtio'] }),
  ],
  notes: [...notes],
});
const newWindows = (id: string, name: string): GuestCatalogueEntry => ({
  id,
  name,
  family: 'windows',
  support: 'supported',
  profile: 'modern',
  scsiController: 'virtio-scsi',
  adapter: 'e1000e',
  memoryBytes: 4 * giB,
  maxMemoryBytes: null,
  diskBus: 'sata',
  clock: 'localtime',
  incompatibilities: [
    incompatible(
      'it does not start from a paravirtual disk before its virtio driver is installed',
      {
        diskBuses: ['virtio', 'scsi'],
      },
    ),
  ],
  notes: [],
});
const other = (
  id: string,
  name: string,
  family: Family,
  model: 'classic' | 'modern' = 'classic',
  incompatibilities: GuestIncompatibility[] = [],
): GuestCatalogueEntry => ({
  id,
  name,
  family,
  support: 'best-effort',
  ...(model === 'classic' ? classicDefaults : modernDefaults),
  memoryBytes: 512 * miB,
  maxMemoryBytes: null,
  clock: 'utc',
  incompatibilities,
  notes: [],
});

const merom = incompatible(
  '64-bit Solaris 10 1/06 and 6/06 crash on processors of the Intel Merom, Woodcrest and Conroe types',
  {
    // QEMU's names for Merom and Conroe, and how processors of the three families call themselves.
    processorModels: ['core2duo', 'core2duo-v1', 'Conroe', 'Conroe-v1'],
    hostProcessors: ['Core(TM)2', 'Xeon(R) CPU 51', 'Xeon(R) CPU 30'],
  },
);
const earlyKernels = incompatible(
  'early Linux 2.4 and 2.6 kernels fail on hardware that is not of their time: choose the classic profile',
  { machines: ['q35'], diskBuses: ['virtio', 'sata'], adapters: ['virtio', 'e1000e'] },
);

export const guestCatalogue: readonly GuestCatalogueEntry[] = [
  modernLinux('linux', 'Linux'),
  modernLinux('debian', 'Debian'),
  modernLinux('ubuntu', 'Ubuntu'),
  modernLinux('rhel', 'Red Hat Enterprise Linux and relatives'),
  modernLinux('fedora', 'Fedora'),
  modernLinux('suse', 'SUSE Linux Enterprise and openSUSE'),
  modernLinux('arch', 'Arch Linux'),
  modernLinux('alpine', 'Alpine Linux'),
  modernLinux('gantry-starter', 'Gantry starter appliance'),
  {
    ...modernLinux('linux-2.6', 'Linux 2.4 and 2.6'),
    support: 'best-effort',
    ...classicDefaults,
    incompatibilities: [earlyKernels],
    adapter: 'pcnet',
    memoryBytes: 256 * miB,
  },
  newWindows('windows-server-2025', 'Windows Server 2025'),
  newWindows('windows-server-2022', 'Windows Server 2022'),
  newWindows('windows-server-2019', 'Windows Server 2019'),
  newWindows('windows-server-2016', 'Windows Server 2016'),
  newWindows('windows-11', 'Windows 11'),
  newWindows('windows-10', 'Windows 10'),
  oldWindows('windows-server-2003-standard', 'Windows Server 2003, Standard Edition', 256, 4),
  oldWindows('windows-server-2003-enterprise', 'Windows Server 2003, Enterprise Edition', 256, 32),
  oldWindows('windows-server-2003-web', 'Windows Server 2003, Web Edition', 256, 2),
  oldWindows('windows-sbs-2003', 'Windows Small Business Server 2003', 512, 4),
  oldWindows('windows-2000-server', 'Windows 2000 Server', 256, 4),
  oldWindows('windows-2000-advanced-server', 'Windows 2000 Advanced Server', 256, 8),
  oldWindows('windows-nt-4-sp6a', 'Windows NT Server 4.0 SP6a', 96, 4, [
    'has no plug and play: install drivers by hand before hardware is changed',
  ]),
  oldWindows('windows-xp', 'Windows XP Professional', 256, 4),
  other('freebsd', 'FreeBSD', 'bsd', 'modern'),
  other('openbsd', 'OpenBSD', 'bsd', 'modern'),
  other('netbsd', 'NetBSD', 'bsd', 'modern'),
  other('netware', 'Novell NetWare', 'netware'),
  other('os2', 'OS/2', 'os2'),
  other('solaris-10', 'Solaris 10', 'solaris', 'classic', [merom]),
  other('solaris-11', 'Solaris 11', 'solaris'),
  other('other', 'another system', 'other'),
];

export function findGuest(id: string): GuestCatalogueEntry | undefined {
  return guestCatalogue.find((entry) => entry.id === id);
}
