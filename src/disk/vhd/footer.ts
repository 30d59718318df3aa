/**
 * The VHD hard disk footer (512 bytes, big endian): at the end of every VHD, and once more at the start of a
 * dynamic or differencing one. Old Virtual PC wrote footers of 511 bytes.
 */
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { Structure } from '../structure.ts';
import { geometryFor, geometrySectors, isLargestGeometry, type Geometry } from './geometry.ts';

export const footerBytes = 512;
const cookie = 'conectix';
const fixedOffset = 0xffff_ffff_ffff_ffffn;
/** Footers count seconds from 2000-01-01T00:00Z. */
const epochMs = 946_684_800_000;

export const diskTypes = { fixed: 2, dynamic: 3, differencing: 4 } as const;
/** Of the specification: without a meaning. */
const reservedTypes: readonly number[] = [1, 5, 6];
export type VhdVariant = keyof typeof diskTypes;

export interface VhdFooter {
  readonly variant: VhdVariant;
  /** Of the dynamic header; undefined in a fixed disk. */
  readonly headerOffset: number | undefined;
  readonly createdMs: number;
  readonly creator: string;
  readonly creatorVersion: number;
  readonly creatorHost: string;
  readonly originalBytes: number;
  readonly currentBytes: number;
  readonly geometry: Geometry;
  /** 32 hexadecimal digits. */
  readonly identity: string;
  readonly hasSavedState: boolean;
}

export function toVhdSeconds(ms: number): number {
  return Math.max(0, Math.min(0xffff_ffff, Math.floor((ms - epochMs) / 1000)));
}

export function fromVhdSeconds(seconds: number): number {
  return epochMs + seconds * 1000;
}

/** The one's complement of the sum of all bytes but those of the checksum itself. */
export function vhdChecksum(bytes: Uint8Array, checksumAt: number): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (at < checksumAt || at >= checksumAt + 4) sum += bytes[at] ?? 0;
  }
  return ~sum >>> 0;
}

export function looksLikeFooter(bytes: Buffer): boolean {
  return bytes.length >= 511 && bytes.toString('latin1', 0, 8) === cookie;
}

/** Faults: `corrupt` when it is not a footer or contradicts itself, `unsupported` for unknown kinds. */
export function parseFooter(file: DiskFile, offset: number, bytes: Buffer): VhdFooter {
  const place = { format: 'vhd', structure: 'footer', offset };
  const footer = new Structure(file, place, bytes);
  footer.demand(looksLikeFooter(bytes), 0, 'has no cookie "conectix"');
  const sum = vhdChecksum(bytes, 64);
  footer.demand(footer.u32be(64) === sum, 64, `its checksum does not match (${sum} computed)`);
  footer.demand(
    footer.u32be(12) >>> 16 === 1,
    12,
    `version ${footer.u32be(12) >>> 16} is not known`,
    'unsupported',
  );
  const type = footer.u32be(60);
  const variant = (Object.keys(diskTypes) as VhdVariant[]).find((name) => diskTypes[name] === type);
  if (variant === undefined) throw unknownType(footer, type);
  const fixed = variant === 'fixed' || footer.big64be(16) === fixedOffset;
  footer.demand(variant === 'fixed' || !fixed, 16, 'a dynamic disk without a dynamic header');
  return {
    variant,
    headerOffset: fixed ? undefined : footer.u64be(16),
    createdMs: fromVhdSeconds(footer.u32be(24)),
    creator: footer.latin1(28, 4),
    creatorVersion: footer.u32be(32),
    creatorHost: footer.latin1(36, 4),
    originalBytes: footer.u64be(40),
    currentBytes: footer.u64be(48),
    geometry: {
      cylinders: footer.u16be(56),
      heads: footer.u8(58),
      sectorsPerTrack: footer.u8(59),
    },
    identity: footer.slice(68, 16).toString('hex'),
    hasSavedState: footer.u8(84) !== 0,
  };
}

/**
 * A linked disk of Virtual Server points to a whole physical drive and holds nothing of it. How it is written was never published; the
 * specification reserves three types.
 */
function unknownType(footer: Structure, type: number): Fault {
  if (!reservedTypes.includes(type))
    return footer.fault(60, `disk type ${type} is not known`, 'unsupported');
  const { message, facts } = footer.fault(60, `disk type ${type} is a reserved one`, 'unsupported');
  return new Fault(
    'unsupported',
    `${message}, as of a linked disk, which points to a physical drive and holds no content`,
    {
      facts,
      hint: 'convert the drive itself, on the host that has it: attach it as a linked disk',
    },
  );
}

/**
 * The size of the disk. Two fields can give it, and makers differ: Virtual PC and old QEMU mean the geometry,
 * all others the current size. A geometry at its limit, or larger than the current size, says nothing.
 */
export function footerSizeBytes(footer: VhdFooter): number {
  const byGeometry = geometrySectors(footer.geometry) * 512;
  const meansGeometry = footer.creator === 'vpc ' || footer.creator === 'qemu';
  const usable = byGeometry > 0 && byGeometry <= footer.currentBytes;
  if (meansGeometry && usable && !isLargestGeometry(footer.geometry)) return byGeometry;
  return footer.currentBytes - (footer.currentBytes % 512);
}

export function buildFooter(footer: VhdFooter): Buffer {
  const bytes = Buffer.alloc(footerBytes);
  bytes.write(cookie, 0, 'latin1');
  bytes.writeUInt32BE(2, 8); // the reserved feature bit, which is always set
  bytes.writeUInt32BE(0x0001_0000, 12);
  bytes.writeBigUInt64BE(
    footer.headerOffset === undefined ? fixedOffset : BigInt(footer.headerOffset),
    16,
  );
  bytes.writeUInt32BE(toVhdSeconds(footer.createdMs), 24);
  bytes.write(footer.creator, 28, 4, 'latin1');
  bytes.writeUInt32BE(footer.creatorVersion, 32);
  bytes.write(footer.creatorHost, 36, 4, 'latin1');
  bytes.writeBigUInt64BE(BigInt(footer.originalBytes), 40);
  bytes.writeBigUInt64BE(BigInt(footer.currentBytes), 48);
  bytes.writeUInt16BE(footer.geometry.cylinders, 56);
  bytes.writeUInt8(footer.geometry.heads, 58);
  bytes.writeUInt8(footer.geometry.sectorsPerTrack, 59);
  bytes.writeUInt32BE(diskTypes[footer.variant], 60);
  bytes.write(footer.identity, 68, 16, 'hex');
  bytes.writeUInt8(footer.hasSavedState ? 1 : 0, 84);
  bytes.writeUInt32BE(vhdChecksum(bytes, 64), 64);
  return bytes;
}

/**
 * Size and maker of a disk that is written here. Readers take the size from the geometry when the maker is "vpc ", else from the
 * current size; so that is named only where both are the same.
 */
export function madeHere(
  sizeBytes: number,
): Pick<VhdFooter, 'creator' | 'creatorVersion' | 'creatorHost' | 'currentBytes' | 'geometry'> {
  const geometry = geometryFor(sizeBytes / 512);
  return {
    creator: geometrySectors(geometry) * 512 === sizeBytes ? 'vpc ' : 'win ',
    creatorVersion: 0x0005_0003,
    creatorHost: 'Wi2k',
    currentBytes: sizeBytes,
    geometry,
  };
}

/** The footer of the same disk with another size; whoever made the disk may have meant its size, and its batmap, in another way. */
export function resizedFooter(footer: VhdFooter, sizeBytes: number): VhdFooter {
  return { ...footer, ...madeHere(sizeBytes) };
}
