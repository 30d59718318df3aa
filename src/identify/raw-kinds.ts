/** What has no structure of its own: floppies by what they hold, and raw disks by what their guest has put there. */
import { formatBytes, kiB } from '#lib';
import { use, type BinaryKind, type Found, type Looks } from './kind.ts';

/** What floppy disks hold, by the kinds of drives; a raw disk of these sizes would be of no use. */
const floppyKinds: ReadonlyMap<number, string> = new Map([
  [360 * kiB, '5.25 inch, double density'],
  [720 * kiB, '3.5 inch, double density'],
  [1200 * kiB, '5.25 inch, high density'],
  [1440 * kiB, '3.5 inch, high density'],
  [1680 * kiB, '3.5 inch, high density, 21 sectors'],
  [2880 * kiB, '3.5 inch, extended density'],
]);

function findFloppy({ sizeBytes, head }: Looks): Found | undefined {
  const kind = floppyKinds.get(sizeBytes);
  if (kind === undefined) return undefined;
  return {
    details: [
      `${sizeBytes / kiB} KB, ${kind}`,
      hasFat(head) ? 'with FAT' : 'not formatted with FAT',
    ],
  };
}

function hasFat(head: Buffer): boolean {
  const sectorBytes = head.length < 512 ? 0 : head.readUInt16LE(11);
  const jump = head[0];
  return sectorBytes === 512 && (jump === 0xeb || jump === 0xe9) && (head[16] ?? 0) > 0;
}

interface Mark {
  readonly offset: number;
  readonly bytes: string;
  readonly name: string;
}

/** File systems and volumes on a whole disk, by their magic numbers. */
const marks: readonly Mark[] = [
  { offset: 512, bytes: 'EFI PART', name: 'a GUID partition table (GPT)' },
  { offset: 0x438, bytes: '\u0053\u00ef', name: 'a file system: ext2, ext3 or ext4' },
  { offset: 0, bytes: 'XFSB', name: 'a file system: XFS' },
  { offset: 3, bytes: 'NTFS    ', name: 'a file system: NTFS' },
  { offset: 3, bytes: 'EXFAT   ', name: 'a file system: exFAT' },
  { offset: 3, bytes: '-FVE-FS-', name: 'an encrypted volume: BitLocker' },
  { offset: 54, bytes: 'FAT', name: 'a file system: FAT' },
  { offset: 82, bytes: 'FAT32', name: 'a file system: FAT32' },
  { offset: 0x1_0040, bytes: '_BHRfS_M', name: 'a file system: Btrfs' },
  { offset: 0, bytes: 'LUKS\u00ba\u00be', name: 'an encrypted volume: LUKS' },
  { offset: 512, bytes: 'LABELONE', name: 'a physical volume of LVM' },
  { offset: 4086, bytes: 'SWAPSPACE2', name: 'swap space of Linux' },
];

function findRaw({ head }: Looks): Found | undefined {
  const mark = marks.find(
    ({ offset, bytes }) => head.toString('latin1', offset, offset + bytes.length) === bytes,
  );
  if (mark !== undefined) return { details: [`holds ${mark.name}`] };
  return hasMbr(head) ? { details: ['holds a partition table (MBR)'] } : undefined;
}

/** Four entries, each either empty or with a type and sectors, at least one of them. */
function hasMbr(head: Buffer): boolean {
  if (head.length < 512 || head.readUInt16BE(510) !== 0x55aa) return false;
  let used = 0;
  for (let at = 446; at < 510; at += 16) {
    const status = head[at];
    if (status !== 0 && status !== 0x80) return false;
    if (head[at + 4] !== 0 && head.readUInt32LE(at + 12) > 0) used += 1;
  }
  return used > 0;
}

export const rawKinds: readonly BinaryKind[] = [
  {
    group: 'floppy',
    format: 'vfd',
    title: 'floppy disk image',
    uses: [
      use('put it into the drive', 'gantry vm insert VM floppy FILE'),
      use('add it to the library', 'gantry image add NAME FILE --kind floppy'),
      use('files inside', 'gantry disk files FILE'),
      use('put files into it', 'gantry disk replace FILE OTHER /NAME'),
      use('make new ones', 'gantry host create-floppy-disk HOST NEW'),
    ],
    find: findFloppy,
  },
  {
    group: 'disk',
    format: 'raw',
    title: 'raw disk image',
    uses: [
      use('files inside', 'gantry disk files FILE'),
      use('convert it', 'gantry disk convert FILE NEW'),
      use('run from it', 'gantry vm attach-disk VM --file FILE --format raw'),
      use('a copy of it for a vm', 'gantry vm attach-disk VM --import FILE'),
      use('make new ones', 'gantry disk create NEW SIZE --format raw'),
    ],
    find: (looks) => {
      const found = findRaw(looks);
      return found && { details: [formatBytes(looks.sizeBytes), ...(found.details ?? [])] };
    },
  },
];
