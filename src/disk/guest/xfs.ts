/**
 * Free space of XFS (XFS Algorithms & Data Structures, 3rd edition): the tree of free extents by block number of each
 * allocation group. Believed only where the log ends with an unmount and the trees hold as much as their group says.
 */
import { abortReason, miB } from '#lib';
import { maxDiskBytes } from '../limits.ts';
import { readStructure, type Structure } from '../structure.ts';
import type { FreeReading } from './free-space.ts';
import { RangeList } from './ranges.ts';
import type { GuestWindow } from './window.ts';

const magics = { superblock: 0x58465342, group: 0x58414746, log: 0xfeed_babe } as const;
/** Blocks of the tree, in version 4 and 5 of the format, and the length of their header. */
const treeHeaders: Readonly<Record<number, number>> = { 0x41425442: 16, 0x41423342: 56 };
const needsRepair = 0x10;
const unmountFlag = 0x20;
const none = 0xffff_ffff;
const maxGroups = 1_000_000;
const maxLogBytes = 2 * 1024 * miB;

interface Geometry {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly groupBlocks: number;
  readonly groups: number;
  readonly sectorBytes: number;
}

function read(
  window: GuestWindow,
  structure: string,
  offset: number,
  length: number,
): Promise<Structure> {
  return readStructure(window, { format: 'xfs', structure, offset }, length);
}

/** Undefined when this is not such a file system. */
export async function readXfs(
  window: GuestWindow,
  signal: AbortSignal | undefined,
): Promise<FreeReading | undefined> {
  if (window.sizeBytes < 4096) return undefined;
  const sb = await read(window, 'superblock', 0, 512);
  if (sb.u32be(0) !== magics.superblock) return undefined;
  const version = sb.u16be(100) & 0xf;
  if (version !== 4 && version !== 5) return { reason: 'its version is not known here' };
  if (sb.u8(126) !== 0) return { reason: 'it was not made to its end' };
  if (version === 5 && (sb.u32be(216) & needsRepair) !== 0) return { reason: 'it needs repair' };
  const geometry: Geometry = {
    blockBytes: sb.u32be(4),
    blocks: sb.u64be(8),
    groupBlocks: sb.u32be(84),
    groups: sb.u32be(88),
    sectorBytes: sb.u16be(102),
  };
  const { blockBytes, blocks, groupBlocks, groups, sectorBytes } = geometry;
  sb.demand(
    blockBytes >= 512 && blockBytes <= 65536 && blockBytes % 512 === 0,
    4,
    'an odd block size',
  );
  sb.demand(
    blocks * blockBytes <= Math.min(window.sizeBytes, maxDiskBytes),
    8,
    'longer than its place',
  );
  sb.demand(groups > 0 && groups <= maxGroups && groupBlocks > 4, 84, 'an odd number of groups');
  sb.demand(Math.ceil(blocks / groupBlocks) === groups, 88, 'an odd number of groups');
  sb.demand(sectorBytes >= 512 && sectorBytes <= 32768, 102, 'an odd sector size');
  const dirty = await whyLogIsDirty(window, sb, geometry, signal);
  if (dirty !== undefined) return { reason: dirty };
  const ranges = new RangeList();
  for (let group = 0; group < groups; group += 1) {
    if (signal?.aborted) throw abortReason(signal);
    const reason = await readGroup(window, geometry, group, ranges);
    if (reason !== undefined) return { reason };
  }
  return { ranges: ranges.end() };
}

/** Adds the free extents of a group; why they are not believed, else undefined. */
async function readGroup(
  window: GuestWindow,
  geometry: Geometry,
  group: number,
  ranges: RangeList,
): Promise<string | undefined> {
  const { blockBytes, blocks, groupBlocks, sectorBytes } = geometry;
  const groupStart = group * groupBlocks * blockBytes;
  const agf = await read(window, 'group header', groupStart + sectorBytes, 64);
  agf.demand(agf.u32be(0) === magics.group && agf.u32be(8) === group, 0, 'is not one');
  const length = Math.min(groupBlocks, blocks - group * groupBlocks);
  agf.demand(agf.u32be(12) === length, 12, 'its length is not right');
  const block = async (number: number, level: number): Promise<Structure> => {
    agf.demand(number < length, 16, 'its tree leaves the group');
    const found = await read(
      window,
      'free space tree',
      groupStart + number * blockBytes,
      blockBytes,
    );
    found.demand(
      headerOf(found) !== undefined && found.u16be(4) === level,
      0,
      'is not of the tree',
    );
    return found;
  };
  const levels = agf.u32be(28);
  agf.demand(levels >= 1 && levels <= 8, 28, 'a tree too high');
  let at = agf.u32be(16);
  for (let level = levels - 1; level > 0; level -= 1) {
    const node = await block(at, level);
    const header = headerOf(node) ?? 0;
    const most = Math.floor((blockBytes - header) / 12);
    at = node.u32be(header + most * 8);
  }
  let [counted, lastEnd, looked] = [0, 0, 0];
  for (; at !== none; looked += 1) {
    agf.demand(looked < length, 16, 'its tree turns back on itself');
    const leaf = await block(at, 0);
    const header = headerOf(leaf) ?? 0;
    for (let index = 0; index < leaf.u16be(6); index += 1) {
      const [start, count] = [leaf.u32be(header + index * 8), leaf.u32be(header + index * 8 + 4)];
      leaf.demand(count > 0 && start >= lastEnd && start + count <= length, header, 'odd extents');
      lastEnd = start + count;
      counted += count;
      const from = window.start + groupStart + start * blockBytes;
      ranges.add(from, from + count * blockBytes);
    }
    at = leaf.u32be(12);
  }
  return counted === agf.u32be(52) ? undefined : `the counts of its group ${group} are not right`;
}

function headerOf(block: Structure): number | undefined {
  return treeHeaders[block.u32be(0)];
}

/** The newest record of the log must be that of an unmount: then the trees on the disk are the present ones. */
async function whyLogIsDirty(
  window: GuestWindow,
  sb: Structure,
  { blockBytes, blocks, groupBlocks }: Geometry,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const start = sb.u64be(48);
  if (start === 0) return 'its log is on another device';
  const groupBits = sb.u8(124);
  const first = Math.floor(start / 2 ** groupBits) * groupBlocks + (start % 2 ** groupBits);
  const logBytes = sb.u32be(96) * blockBytes;
  sb.demand(first + sb.u32be(96) <= blocks && logBytes <= maxLogBytes, 48, 'an odd log');
  const logAt = first * blockBytes;
  let newest: { readonly lsn: bigint; readonly at: number } | undefined;
  for (let done = 0; done < logBytes; done += miB) {
    if (signal?.aborted) throw abortReason(signal);
    const part = await read(window, 'log', logAt + done, Math.min(miB, logBytes - done));
    for (let at = 0; at + 512 <= part.length; at += 512) {
      if (part.u32be(at) !== magics.log) continue;
      const lsn = part.big64be(at + 16);
      if (newest === undefined || lsn > newest.lsn) newest = { lsn, at: done + at };
    }
  }
  if (newest === undefined) return 'its log cannot be read';
  const record = await read(window, 'log record', logAt + newest.at, 512);
  const headers = Math.max(1, Math.ceil(record.u32be(320) / 32768));
  const opAt = (newest.at + headers * 512) % logBytes;
  const op = await read(window, 'log operation', logAt + opAt, 512);
  const isUnmount = record.u32be(40) === 1 && (op.u8(9) & unmountFlag) !== 0;
  return isUnmount ? undefined : 'it was not unmounted';
}
