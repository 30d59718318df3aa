/** The catalogue of guest operating systems (VM-21, VM-22, HW-53). Data, not code: the list is below. */
import { z } from 'zod';
import { giB, miB } from '#lib';

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
    scsiController: z.enum(['lsi53c895a', 'am53c974', 'virtio-scsi']),
    adapter: z.enum(['virtio', 'e1000', 'e1000e', 'pcnet', 'tulip', 'rtl8139']),
    clock: z.enum(['utc', 'localtime']),
    notes: z.array(z.string()).meta({ description: 'known incompatibilities' }),
  })
  .meta({ id: 'GuestCatalogueEntry' });

export type GuestCatalogueEntry = z.infer<typeof guestCatalogueEntrySchema>;

type Family = GuestCatalogueEntry['family'];

const classicDefaults = {
  profile: 'classic',
  scsiController: 'lsi53c895a',
  adapter: 'tulip',
} as const;
const modernDefaults = {
  profile: 'modern',
  scsiController: 'virtio-scsi',
  adapter: 'virtio',
} as const;

const modernLinux = (
  id: string,
  name: string,
  notes: readonly string[] = [],
): GuestCatalogueEntry => ({
  id,
  name,
  family: 'linux',
  support: 'supported',
  ...modernDefaults,
  memoryBytes: giB,
  maxMemoryBytes: null,
  clock: 'utc',
  notes: [...notes],
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
  clock: 'localtime',
  notes: ['needs the virtio drivers before its disks are put on virtio or virtio-scsi'],
});
const other = (
  id: string,
  name: string,
  family: Family,
  notes: readonly string[] = [],
  model: 'classic' | 'modern' = 'classic',
): GuestCatalogueEntry => ({
  id,
  name,
  family,
  support: 'best-effort',
  ...(model === 'classic' ? classicDefaults : modernDefaults),
  memoryBytes: 512 * miB,
  maxMemoryBytes: null,
  clock: 'utc',
  notes: [...notes],
});

const merom =
  '64-bit Solaris 10 1/06 and 6/06 crash on processors of the Intel Merom, Woodcrest and Conroe types';

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
    ...modernLinux('linux-2.6', 'Linux 2.4 and 2.6', [
      'early 2.4 and 2.6 kernels fail on old virtual machines: choose the classic profile',
    ]),
    support: 'best-effort',
    ...classicDefaults,
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
  other('freebsd', 'FreeBSD', 'bsd', [], 'modern'),
  other('openbsd', 'OpenBSD', 'bsd', [], 'modern'),
  other('netbsd', 'NetBSD', 'bsd', [], 'modern'),
  other('netware', 'Novell NetWare', 'netware'),
  other('os2', 'OS/2', 'os2'),
  other('solaris-10', 'Solaris 10', 'solaris', [merom]),
  other('solaris-11', 'Solaris 11', 'solaris'),
  other('other', 'another system', 'other'),
];

export function findGuest(id: string): GuestCatalogueEntry | undefined {
  return guestCatalogue.find((entry) => entry.id === id);
}
