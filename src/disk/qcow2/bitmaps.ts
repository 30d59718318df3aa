/**
 * Persistent dirty bitmaps: listed, counted by check, and kept. A bitmap that tracks writes is marked "in use"
 * before the first write of ours, which says that it may miss changes; one that stands still stays as it is.
 */
import type { DiskFile } from '../file/disk-file.ts';
import { maxStructureBytes } from '../limits.ts';
import { readStructure } from '../structure.ts';
import type { Qcow2Header } from './header.ts';

const inUse = 1;
const auto = 2;

export interface Qcow2Bitmap {
  readonly name: string;
  readonly granularityBytes: number;
  readonly isInUse: boolean;
  readonly isTracking: boolean;
  readonly tableOffset: number;
  readonly tableEntries: number;
  /** Of the flags, in the file. */
  readonly flagsOffset: number;
  readonly flags: number;
}

/** Faults: `corrupt`. */
export async function readBitmaps(file: DiskFile, header: Qcow2Header): Promise<Qcow2Bitmap[]> {
  const found: Qcow2Bitmap[] = [];
  const extension = header.bitmaps;
  if (extension === undefined) return found;
  const place = {
    format: 'qcow2',
    structure: 'bitmap directory',
    offset: extension.directoryOffset,
  };
  const directory = await readStructure(file, place, extension.directoryBytes);
  let at = 0;
  for (let index = 0; index < extension.count; index += 1) {
    const nameBytes = directory.u16be(at + 18);
    const extraBytes = directory.u32be(at + 20);
    const tableEntries = directory.u32be(at + 8);
    directory.demand(tableEntries * 8 <= maxStructureBytes, at + 8, `${tableEntries} entries`);
    directory.demand(directory.u8(at + 17) <= 31, at + 17, 'its granularity is out of bounds');
    const flags = directory.u32be(at + 12);
    found.push({
      name: directory.slice(at + 24 + extraBytes, nameBytes).toString('utf8'),
      granularityBytes: 2 ** directory.u8(at + 17),
      isInUse: (flags & inUse) !== 0,
      isTracking: (flags & auto) !== 0,
      tableOffset: directory.u64be(at),
      tableEntries,
      flagsOffset: extension.directoryOffset + at + 12,
      flags,
    });
    at += Math.ceil((24 + extraBytes + nameBytes) / 8) * 8;
  }
  return found;
}

/** Marks bitmaps that a write makes incomplete; durable on return. */
export async function markBitmapsInUse(file: DiskFile, header: Qcow2Header): Promise<void> {
  const stale = (await readBitmaps(file, header)).filter((one) => one.isTracking && !one.isInUse);
  for (const { flagsOffset, flags } of stale) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE((flags | inUse) >>> 0);
    await file.write(bytes, flagsOffset);
  }
  if (stale.length > 0) await file.sync();
}
