/** Compares the content of two disks, whatever their formats. Of different sizes, the longer must end in zeros. */
import { miB } from '#lib';
import type { Disk } from '../disk.ts';
import { sharedBuffer } from '../packing/shared-memory.ts';
import { isZero } from '../zeros.ts';
import { chunkBytes, defaultInFlight, eachInFlight } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';

/** Each way to a thread and back costs as much as some 200 KiB. */
const largestPiece = 2 * miB;

export interface Comparison {
  readonly isEqual: boolean;
  readonly sizesDiffer: boolean;
  /** Offset of the first sector that differs. */
  readonly firstDifference: number | undefined;
}

/** A range of bounded length in which two disks may differ. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
  /** Which of the two may hold something else than zeros there. */
  readonly first: boolean;
  readonly second: boolean;
}

export interface CompareOptions extends VerbOptions {
  /** Only this much from the start on; all when absent. */
  readonly limitBytes?: number | undefined;
}

export async function compareDisks(
  first: Disk,
  second: Disk,
  options: CompareOptions = {},
): Promise<Comparison> {
  const longer = Math.max(first.sizeBytes, second.sizeBytes);
  const total = Math.min(longer, options.limitBytes ?? longer);
  const meter = new ProgressMeter(total, options);
  let difference: number | undefined;
  const others: Buffer[] = [];
  const pieces = piecesOf(first, second, total, largestPiece);
  const work = async (piece: Piece, buffer: Buffer): Promise<void> => {
    meter.add(piece.length);
    if (difference !== undefined && difference < piece.offset) return;
    const other = others.pop() ?? sharedBuffer(largestPiece);
    const at = await differenceIn(first, second, piece, buffer, other);
    others.push(other);
    if (at !== undefined) difference = Math.min(difference ?? at, at);
  };
  await eachInFlight(pieces, () => defaultInFlight, work, largestPiece);
  meter.end();
  return {
    isEqual: difference === undefined,
    sizesDiffer: first.sizeBytes !== second.sizeBytes,
    firstDifference: difference,
  };
}

/** The ranges to look at, in ascending order: neither both zero nor both the same bytes of the same file. */
export async function* piecesOf(
  first: Disk,
  second: Disk,
  total: number,
  largest = chunkBytes,
): AsyncGenerator<Piece> {
  const [known, other] = [runOf(first), runOf(second)];
  for (let offset = 0; offset < total;) {
    const [a, b] = [await known(offset), await other(offset)];
    const end = Math.min(a.end, b.end, total);
    const isSame = (!a.hasData && !b.hasData) || isSamePlace(a, b);
    const length = isSame ? end - offset : Math.min(end - offset, largest);
    if (!isSame) yield { offset, length, first: a.hasData, second: b.hasData };
    offset += length;
  }
}

interface KnownRun {
  readonly start: number;
  readonly end: number;
  readonly hasData: boolean;
  /** Which file holds the bytes as they are, and where in it the guest's offset 0 would be. */
  readonly file?: string;
  readonly origin?: number;
}

/** A child and its parent, or two children of one, share what neither has changed. */
function isSamePlace(a: KnownRun, b: KnownRun): boolean {
  return a.file !== undefined && a.file === b.file && a.origin === b.origin;
}

/** The run at an offset, remembered while offsets stay in it. Beyond its end a disk counts as zeros. */
function runOf(disk: Disk): (offset: number) => Promise<KnownRun> {
  let run: KnownRun = { start: 0, end: 0, hasData: false };
  return async (offset) => {
    if (offset >= disk.sizeBytes) return { start: offset, end: Infinity, hasData: false };
    if (offset < run.start || offset >= run.end) {
      const found = await disk.runAt(offset, disk.sizeBytes - offset);
      run = {
        start: offset,
        end: offset + found.length,
        hasData: found.kind !== 'zero',
        ...(found.kind === 'data'
          ? { file: found.fileIdentity, origin: found.fileOffset - offset }
          : {}),
      };
    }
    return run;
  };
}

async function differenceIn(
  first: Disk,
  second: Disk,
  piece: Piece,
  buffer: Buffer,
  other: Buffer,
): Promise<number | undefined> {
  const [a, b] = [buffer.subarray(0, piece.length), other.subarray(0, piece.length)];
  await Promise.all([
    piece.first ? first.read(a, piece.offset) : undefined,
    piece.second ? second.read(b, piece.offset) : undefined,
  ]);
  if (piece.first && piece.second && a.equals(b)) return undefined;
  if (piece.first !== piece.second && isZero(piece.first ? a : b)) return undefined;
  if (!piece.first) a.fill(0);
  if (!piece.second) b.fill(0);
  for (let at = 0; at < piece.length; at += 512) {
    if (!a.subarray(at, at + 512).equals(b.subarray(at, at + 512))) return piece.offset + at;
  }
  return undefined;
}
