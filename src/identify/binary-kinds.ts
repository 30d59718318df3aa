/**
 * Files that are told by bytes at a place of theirs, most telling first. Sources: ECMA-119, ECMA-167, POSIX ustar, APPNOTE of ZIP,
 * RFC 1952, RFC 8878, the .xz format, QEMU's migration/savevm.c, libvirt's qemu_saveimage.h, PI 1.7 (firmware volumes),
 * Documentation/x86/boot of Linux.
 */
import { findMembers } from './archives.ts';
import { use, type BinaryKind, type Found, type Looks } from './kind.ts';

const begins =
  (...magics: readonly (string | readonly number[])[]) =>
  ({ head }: Looks): Found | undefined =>
    magics.some((magic) => {
      const bytes = typeof magic === 'string' ? Buffer.from(magic, 'latin1') : Buffer.from(magic);
      return head.subarray(0, bytes.length).equals(bytes);
    })
      ? {}
      : undefined;

const latin1 = (bytes: Buffer, start: number, length: number): string =>
  bytes.toString('latin1', start, start + length);

const unpack = (command: string): readonly ReturnType<typeof use>[] => [
  use('unpack it, then ask again', command),
];
const none: readonly never[] = [];

const sectorBytes = 2048;

/** Volume descriptors lie from sector 16 on, one each. */
async function findCd({ head, at }: Looks): Promise<Found | undefined> {
  const descriptors: string[] = [];
  let version: string | null = null;
  const details: string[] = [];
  for (let sector = 16; sector < 32; sector += 1) {
    const bytes = await at(sector * sectorBytes);
    const word = latin1(bytes, 1, 5);
    if (!/^(CD001|BEA01|NSR0[23]|TEA01|BOOT2|CDW02)$/.test(word)) break;
    descriptors.push(word);
    if (word !== 'CD001') continue;
    const type = bytes[0];
    if (type === 1) {
      version = `${bytes[6] ?? 0}`;
      details.push(`volume ${latin1(bytes, 40, 32).trim() || 'without a name'}`);
    }
    if (type === 0 && latin1(bytes, 7, 23) === 'EL TORITO SPECIFICATION') details.push('bootable');
    if (type === 2 && /^%\/[@CE]/.test(latin1(bytes, 88, 3))) details.push('with Joliet names');
  }
  const udf = descriptors.find((word) => word.startsWith('NSR'));
  if (udf !== undefined) details.push(`with UDF (${udf})`);
  if (descriptors.length === 0) return undefined;
  if (head.readUInt16BE(510) === 0x55aa) details.push('can be written to a USB stick as it is');
  return descriptors.includes('CD001') || udf !== undefined ? { version, details } : undefined;
}

/** The version string of a Linux kernel stands at an offset that its header names. */
async function findKernel({ head, at }: Looks): Promise<Found | undefined> {
  if (head.length < 0x210 || latin1(head, 0x202, 4) !== 'HdrS') return undefined;
  const offset = head.readUInt16LE(0x20e);
  if (offset === 0) return { version: null };
  const text = latin1(await at(offset + 0x200), 0, 128);
  const [version = ''] = text.split(/[\0 ]/);
  return { version: /^[\w.+~-]{1,80}$/.test(version) ? version : null };
}

function findFirmware({ head }: Looks): Found | undefined {
  if (head.length < 64 || latin1(head, 40, 4) !== '_FVH') return undefined;
  return { version: `${head[55] ?? 0}` };
}

const tarKind = (
  format: string,
  title: string,
  isIt: (names: readonly string[]) => boolean,
  uses: BinaryKind['uses'],
): BinaryKind => ({
  group: 'archive',
  format,
  title,
  uses,
  async find(looks) {
    const members = await findMembers(looks);
    if (members === undefined || !isIt(members.names)) return undefined;
    return { version: members.version, details: [members.summary] };
  },
});

const tarUses = unpack('tar -xf FILE');

export const binaryKinds: readonly BinaryKind[] = [
  {
    group: 'cd',
    format: 'iso',
    title: 'CD or DVD image (ISO 9660, UDF)',
    uses: [
      use('put it into a drive', 'gantry vm insert VM DRIVE FILE'),
      use('add it to the library', 'gantry image add NAME FILE --kind cd'),
      use('files inside', 'gantry disk files FILE'),
      use('make new ones', 'gantry disk create-iso FOLDER NEW'),
    ],
    find: findCd,
  },
  tarKind(
    'ova',
    'OVA, an archive of a vm with an OVF descriptor',
    (names) => /\.ovf$/i.test(names[0] ?? ''),
    [use('take the vm over', 'gantry vm import FILE --dry-run')],
  ),
  tarKind('xva', 'XVA, an export of XenServer', (names) => names[0] === 'ova.xml', tarUses),
  tarKind(
    'xvm',
    'XVM, an archive of VMcasting',
    (names) => names.some((name) => /(^|\/)xvm\.xml$/.test(name)),
    tarUses,
  ),
  tarKind(
    'xvm2',
    'XVM2, an archive of VMcasting with a libvirt definition',
    (names) => names.some((name) => /(^|\/)description\.xml$/.test(name)),
    tarUses,
  ),
  tarKind('tar', 'tar archive', () => true, tarUses),
  {
    group: 'archive',
    format: 'zip',
    title: 'ZIP archive',
    uses: unpack('unzip FILE'),
    find: findZip,
  },
  {
    group: 'compressed',
    format: 'gzip',
    title: 'compressed with gzip',
    uses: unpack('gunzip FILE'),
    find: begins([0x1f, 0x8b, 8]),
  },
  {
    group: 'compressed',
    format: 'xz',
    title: 'compressed with xz',
    uses: unpack('unxz FILE'),
    find: begins([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
  },
  {
    group: 'compressed',
    format: 'zstd',
    title: 'compressed with zstd',
    uses: unpack('unzstd FILE'),
    find: begins([0x28, 0xb5, 0x2f, 0xfd]),
  },
  {
    group: 'compressed',
    format: 'bzip2',
    title: 'compressed with bzip2',
    uses: unpack('bunzip2 FILE'),
    find: begins('BZh91AY&SY', 'BZh61AY&SY', 'BZh11AY&SY'),
  },
  {
    group: 'saved-state',
    format: 'qemu',
    title: 'saved state of a vm of QEMU',
    uses: none,
    find: ({ head }) =>
      latin1(head, 0, 4) === 'QEVM' && head.length >= 8
        ? { version: `${head.readUInt32BE(4)}` }
        : undefined,
  },
  {
    group: 'saved-state',
    format: 'libvirt',
    title: 'saved state of a vm of libvirt',
    uses: [use('see the definition in it', 'virsh save-image-dumpxml FILE')],
    find: findLibvirtSave,
  },
  {
    group: 'saved-state',
    format: 'vmware',
    title: 'saved state or memory of a snapshot of VMware',
    uses: none,
    find: begins(
      ...[0xd0, 0xd1, 0xd2, 0xd3].map((last) => [last, 0xbe, 0xd2, 0xbe]),
      [0xd1, 0xba, 0xd1, 0xba],
    ),
  },
  {
    group: 'firmware',
    format: 'nvram',
    title: 'firmware settings of a vm of VMware',
    uses: none,
    find: begins('MRVN'),
  },
  {
    group: 'firmware',
    format: 'uefi',
    title: 'UEFI firmware or its variables',
    uses: none,
    find: findFirmware,
  },
  { group: 'kernel', format: 'linux', title: 'Linux kernel', uses: none, find: findKernel },
  {
    group: 'volume',
    format: 'vmfs',
    title: 'volume of VMFS, with disks of many vms',
    uses: none,
    find: async ({ at }) =>
      (await at(0x10_0000)).subarray(0, 4).equals(Buffer.from([0x0d, 0xd0, 0x01, 0xc0]))
        ? { details: ['export the vms from the host that owns it'] }
        : undefined,
  },
];

function findZip({ head }: Looks): Found | undefined {
  if (latin1(head, 0, 4) !== 'PK\u0003\u0004' || head.length < 30) return undefined;
  const needed = head.readUInt16LE(4) & 0xff;
  const name = head.toString('utf8', 30, 30 + Math.min(200, head.readUInt16LE(26)));
  return {
    version: `${Math.floor(needed / 10)}.${needed % 10}`,
    details: [`begins with ${name}`],
  };
}

function findLibvirtSave({ head }: Looks): Found | undefined {
  const magic = latin1(head, 0, 16);
  if (magic !== 'LibvirtQemudSave' && magic !== 'LibvirtQemudPart') return undefined;
  const details = magic.endsWith('Part') ? ['it was not written to its end'] : [];
  return { version: head.length < 20 ? null : `${head.readUInt32LE(16)}`, details };
}
