/**
 * The batmap of tapdisk (Xen, XenServer, XCP-ng): behind the block allocation table of a VHD a bit for each block, the highest of
 * a byte first, that says that all sectors of the block are in its bitmap. It repeats what bitmaps say, which are written first; so
 * content is read by these alone. Whoever changes the table's place takes the batmap out of use by another creator in the footer.
 */
import { isFault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { sectorBytes } from '../limits.ts';
import { readStructure } from '../structure.ts';
import { batBytesOf, type DynamicHeader } from './dynamic-header.ts';
import type { VhdFooter } from './footer.ts';

const cookie = 'tdbatmap';
const headerBytes = sectorBytes;
/** Before it tapdisk had no batmap. */
const firstVersion = 0x0001_0001;

export interface Batmap {
  /** Of its header, which lies right behind the table. */
  readonly headerOffset: number;
  readonly headerBytes: number;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly version: number;
}

/** Whether the lowest bit of each byte comes first, as in no other VHD. */
export function hasOldBitmaps({ creator, creatorVersion }: VhdFooter): boolean {
  return creator.startsWith('tap') && creatorVersion === 1;
}

/** Undefined where the creator keeps none, or what is in its place is none. */
export async function readBatmap(
  file: DiskFile,
  footer: VhdFooter,
  header: DynamicHeader,
): Promise<Batmap | undefined> {
  if (!footer.creator.startsWith('tap') || footer.creatorVersion < firstVersion) return undefined;
  const offset = header.tableOffset + batBytesOf(header);
  try {
    const place = { format: 'vhd', structure: 'batmap header', offset };
    const bytes = await readStructure(file, place, headerBytes);
    if (bytes.latin1(0, 8) !== cookie) return undefined;
    const found = {
      headerOffset: offset,
      headerBytes,
      offset: bytes.u64be(8),
      lengthBytes: bytes.u32be(16) * sectorBytes,
      version: bytes.u32be(20),
    };
    const isLongEnough = found.lengthBytes * 8 >= header.tableEntries;
    const isInside = found.offset + found.lengthBytes <= (await file.size());
    return isLongEnough && isInside ? found : undefined;
  } catch (error) {
    // what lies there is nothing that content depends on
    if (isFault(error, 'corrupt')) return undefined;
    throw error;
  }
}
