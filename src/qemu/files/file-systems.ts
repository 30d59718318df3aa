/**
 * Which file system begins at a place of a disk, by the marks that the formats themselves define. The bytes are hostile: a
 * name is a claim, and the worst that a wrong one does is that the file system cannot be read.
 */
import type { BlockDevice } from './block-device.ts';

/** What the appliance mounts. */
export const readableTypes = [
  'ext4',
  'xfs',
  'vfat',
  'exfat',
  'ntfs',
  'iso9660',
  'udf',
  'btrfs',
] as const;
export type ReadableType = (typeof readableTypes)[number];

interface Mark {
  /** For people. */
  readonly name: string;
  /** Undefined where the appliance has nothing that reads it. */
  readonly type?: ReadableType;
  /** In bytes from the beginning. */
  readonly offset: number;
  readonly bytes: Buffer;
  /** Where the label is, and in which characters. */
  readonly label?: readonly [offset: number, length: number];
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** The first that fits; those that are told by more bytes first. */
const marks: readonly Mark[] = [
  { name: 'XFS', type: 'xfs', offset: 0, bytes: latin1('XFSB'), label: [108, 12] },
  { name: 'BitLocker', offset: 3, bytes: latin1('-FVE-FS-') },
  { name: 'NTFS', type: 'ntfs', offset: 3, bytes: latin1('NTFS    ') },
  { name: 'exFAT', type: 'exfat', offset: 3, bytes: latin1('EXFAT   ') },
  { name: 'ReFS', offset: 3, bytes: hex('5265465300000000') },
  { name: 'LUKS', offset: 0, bytes: hex('4c554b53babe') },
  { name: 'LVM2', offset: 512, bytes: latin1('LABELONE') },
  {
    name: 'Btrfs',
    type: 'btrfs',
    offset: 0x10040,
    bytes: latin1('_BHRfS_M'),
    label: [0x1012b, 256],
  },
  { name: 'Linux swap', offset: 4086, bytes: latin1('SWAPSPACE2') },
  { name: 'Linux RAID', offset: 4096, bytes: hex('fc4e2ba9') },
  { name: 'ext', type: 'ext4', offset: 0x438, bytes: hex('53ef'), label: [0x478, 16] },
  { name: 'F2FS', offset: 1024, bytes: hex('1020f5f2') },
  { name: 'HFS+', offset: 1024, bytes: latin1('H+\0\x04') },
  { name: 'APFS', offset: 32, bytes: latin1('NXSB') },
  { name: 'SquashFS', offset: 0, bytes: latin1('hsqs') },
  {
    name: 'ISO 9660',
    type: 'iso9660',
    offset: 0x8001,
    bytes: latin1('CD001'),
    label: [0x8028, 32],
  },
  { name: 'UDF', type: 'udf', offset: 0x8801, bytes: latin1('NSR0') },
  { name: 'UDF', type: 'udf', offset: 0x9001, bytes: latin1('NSR0') },
  { name: 'FAT32', type: 'vfat', offset: 82, bytes: latin1('FAT32   '), label: [71, 11] },
  { name: 'FAT16', type: 'vfat', offset: 54, bytes: latin1('FAT16   '), label: [43, 11] },
  { name: 'FAT12', type: 'vfat', offset: 54, bytes: latin1('FAT12   '), label: [43, 11] },
  { name: 'FAT', type: 'vfat', offset: 54, bytes: latin1('FAT     '), label: [43, 11] },
];

const probedBytes = 0x11000;

export interface NamedFileSystem {
  readonly name: string;
  readonly type: ReadableType | undefined;
  /** Empty where there is none. */
  readonly label: string;
}

/** Undefined where no mark fits. */
export async function nameFileSystem(
  device: Pick<BlockDevice, 'sizeBytes' | 'read'>,
  start: number,
  sizeBytes: number,
): Promise<NamedFileSystem | undefined> {
  const length = Math.min(probedBytes, sizeBytes, device.sizeBytes - start);
  if (start < 0 || length <= 0) return undefined;
  const bytes = Buffer.alloc(length - (length % 512));
  await device.read(bytes, start);
  const mark = marks.find(({ offset, bytes: wanted }) =>
    bytes.subarray(offset, offset + wanted.length).equals(wanted),
  );
  if (mark === undefined) return undefined;
  const name = mark.name === 'ext' ? nameOfExt(bytes) : mark.name;
  return { name, type: mark.type, label: labelOf(bytes, mark) };
}

/** ext2 has no journal; ext4 is told by extents (kernel documentation, filesystems/ext4, super block). */
function nameOfExt(bytes: Buffer): string {
  const compatible = bytes.readUInt32LE(0x45c);
  const incompatible = bytes.readUInt32LE(0x460);
  if ((incompatible & 0x2c0) !== 0) return 'ext4';
  return (compatible & 0x4) === 0 ? 'ext2' : 'ext3';
}

function labelOf(bytes: Buffer, { label }: Mark): string {
  if (label === undefined) return '';
  const [offset, length] = label;
  const [text = ''] = bytes.toString('utf8', offset, offset + length).split('\0');
  const clean = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return clean === 'NO NAME' ? '' : clean;
}
