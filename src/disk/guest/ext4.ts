/**
 * Free blocks of ext2, ext3 and ext4 (the kernel's Documentation/filesystems/ext4). Believed only where the file
 * system was unmounted cleanly and every group's bitmap has as many free blocks as its descriptor says. A group that
 * was never used has no bitmap yet, but a rule that says what would be in it.
 */
import { abortReason } from '#lib';
import { readStructure, type Structure } from '../structure.ts';
import { eachClearRun, RangeList } from './ranges.ts';
import type { FreeReading } from './free-space.ts';
import type { GuestWindow } from './window.ts';

const superblockOffset = 1024;
const magic = 0xef53;
const isCleanState = 1;
const hasErrors = 2;
/** Features that change nothing about where free blocks are told; any other is not believed. */
const knownIncompatible =
  0x2 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const needsRecovery = 0x4;
const has64Bits = 0x80;
const hasBigClusters = 0x200;
const bitmapIsNotMade = 0x2;
/** Either of two features with which that is said. */
const hasNewGroups = 0x410;
const maxGroups = 4_000_000;

function read(
  window: GuestWindow,
  structure: string,
  offset: number,
  length: number,
): Promise<Structure> {
  return readStructure(window, { format: 'ext4', structure, offset }, length);
}

/** Undefined when this is not such a file system. */
export async function readExt4(
  window: GuestWindow,
  signal: AbortSignal | undefined,
): Promise<FreeReading | undefined> {
  if (window.sizeBytes < 4096) return undefined;
  const sb = await read(window, 'superblock', superblockOffset, 1024);
  if (sb.u16le(0x38) !== magic) return undefined;
  const incompatible = sb.u32le(0x60);
  if ((incompatible & needsRecovery) !== 0) return { reason: 'its journal is to be replayed' };
  const state = sb.u16le(0x3a);
  if ((state & isCleanState) === 0) return { reason: 'it was not unmounted' };
  if ((state & hasErrors) !== 0) return { reason: 'it has errors' };
  if ((incompatible & ~knownIncompatible) !== 0 || (sb.u32le(0x64) & hasBigClusters) !== 0) {
    return { reason: 'it has features that are not known here' };
  }
  const isWide = (incompatible & has64Bits) !== 0;
  const blockBytes = 1024 * 2 ** Math.min(sb.u32le(0x18), 16);
  const blocks = sb.u32le(0x4) + (isWide ? sb.u32le(0x150) * 2 ** 32 : 0);
  const firstBlock = sb.u32le(0x14);
  const perGroup = sb.u32le(0x20);
  const descriptorBytes = isWide ? sb.u16le(0xfe) : 32;
  sb.demand(blockBytes <= 65536, 0x18, 'blocks of an unknown size');
  sb.demand(perGroup > 0 && perGroup <= blockBytes * 8, 0x20, 'groups of an unknown size');
  sb.demand(
    descriptorBytes >= 32 && descriptorBytes <= 1024,
    0xfe,
    'descriptors of an unknown size',
  );
  sb.demand(
    firstBlock <= 1 && blocks * blockBytes <= window.sizeBytes,
    0x4,
    'longer than its place',
  );
  const groups = Math.ceil((blocks - firstBlock) / perGroup);
  sb.demand(groups > 0 && groups <= maxGroups, 0x4, 'too many groups');
  const layout = layoutOf(sb, { blockBytes, descriptorBytes, groups });
  const ranges = new RangeList();
  const bitmapBytes = Math.ceil(perGroup / 8);
  for (let group = 0; group < groups; group += 1) {
    if (signal?.aborted) throw abortReason(signal);
    const at = (firstBlock + 1) * blockBytes + group * descriptorBytes;
    const entry = await read(window, 'group descriptor', at, descriptorBytes);
    const isLong = descriptorBytes >= 64;
    const isNew = (entry.u16le(0x12) & bitmapIsNotMade) !== 0;
    if (isNew && (sb.u32le(0x64) & hasNewGroups) === 0) continue;
    const place = entry.u32le(0) + (isLong ? entry.u32le(0x20) * 2 ** 32 : 0);
    const free = entry.u16le(0xc) + (isLong ? entry.u16le(0x2c) * 2 ** 16 : 0);
    entry.demand(place >= firstBlock && place < blocks, 0, 'its bitmap is not in the file system');
    const first = firstBlock + group * perGroup;
    const bitmap = isNew
      ? bitmapOfNew(entry, layout, { group, first, bitmapBytes })
      : (await read(window, 'block bitmap', place * blockBytes, bitmapBytes)).bytes;
    let counted = 0;
    const found: (readonly [number, number])[] = [];
    eachClearRun(bitmap, Math.min(perGroup, blocks - first), (from, to) => {
      counted += to - from;
      found.push([first + from, first + to]);
    });
    // one that was never used, and holds more than the rule says, is left alone
    if (counted !== free && isNew) continue;
    if (counted !== free) return { reason: `the counts of its group ${group} are not right` };
    for (const [from, to] of found) {
      ranges.add(window.start + from * blockBytes, window.start + to * blockBytes);
    }
  }
  return { ranges: ranges.end() };
}

const hasResizeInode = 0x10;
const hasFewCopies = 0x1;
const hasTwoCopies = 0x200;

interface Layout {
  /** Blocks at the start of a group: the superblock or its copy, the descriptors, and room for more of them. */
  readonly headOf: (group: number) => number;
  /** Blocks of the inodes of a group. */
  readonly inodeBlocks: number;
}

function layoutOf(
  sb: Structure,
  {
    blockBytes,
    descriptorBytes,
    groups,
  }: Readonly<Record<'blockBytes' | 'descriptorBytes' | 'groups', number>>,
): Layout {
  const compatible = sb.u32le(0x5c);
  const reserved = (compatible & hasResizeInode) === 0 ? 0 : sb.u16le(0xce);
  const head = 1 + Math.ceil((groups * descriptorBytes) / blockBytes) + reserved;
  const two = [sb.u32le(0x24c), sb.u32le(0x250)];
  const hasCopy = (group: number): boolean => {
    if (group === 0) return true;
    if ((compatible & hasTwoCopies) !== 0) return two.includes(group);
    return (sb.u32le(0x64) & hasFewCopies) === 0 || group === 1 || isPowerOfFew(group);
  };
  const inodeBytes = sb.u32le(0x4c) === 0 ? 128 : sb.u16le(0x58);
  return {
    headOf: (group) => (hasCopy(group) ? head : 0),
    inodeBlocks: Math.ceil((sb.u32le(0x28) * inodeBytes) / blockBytes),
  };
}

/** Whether it is a power of 3, 5 or 7. */
function isPowerOfFew(group: number): boolean {
  return [3, 5, 7].some((base) => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  });
}

/** The bitmap that the first use of a group would make: its head, and what of its own bitmaps and inodes lies in it. */
function bitmapOfNew(
  entry: Structure,
  { headOf, inodeBlocks }: Layout,
  { group, first, bitmapBytes }: Readonly<Record<'group' | 'first' | 'bitmapBytes', number>>,
): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes);
  const take = (from: number, count: number): void => {
    const start = Math.max(0, from - first);
    const end = Math.min(bitmapBytes * 8, from + count - first);
    for (let bit = start; bit < end; bit += 1)
      bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7));
  };
  const isLong = entry.length >= 64;
  const blockAt = (low: number, high: number): number =>
    entry.u32le(low) + (isLong ? entry.u32le(high) * 2 ** 32 : 0);
  take(first, headOf(group));
  take(blockAt(0, 0x20), 1);
  take(blockAt(0x4, 0x24), 1);
  take(blockAt(0x8, 0x28), inodeBlocks);
  return bitmap;
}
