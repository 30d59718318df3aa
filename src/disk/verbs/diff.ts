/** What differs between two disks, as ranges: of any formats, or a child and its parent. */
import type { Disk } from '../disk.ts';
import { sectorBytes } from '../limits.ts';
import { isZeroRange } from '../zeros.ts';
import { piecesOf, type Piece } from './compare.ts';
import { chunkBytes, eachInOrder } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';

/** What one of the two holds in a range: only zeros, something else, or nothing because it ends before. */
export type Held = 'data' | 'zero' | 'beyond';

export interface Difference {
  readonly offset: number;
  readonly length: number;
  readonly first: Held;
  readonly second: Held;
}

/** Pairs of buffers, and so reads, in flight. */
const pairsInFlight = 4;

/**
 * Every range in which the contents differ, in ascending order, in whole sectors, as long as possible; what the
 * longer disk has beyond the end of the other is a difference even where it is zeros. Faults: those of reading.
 */
export async function* diffDisks(
  first: Disk,
  second: Disk,
  options: VerbOptions = {},
): AsyncGenerator<Difference> {
  const shorter = Math.min(first.sizeBytes, second.sizeBytes);
  const meter = new ProgressMeter(shorter, options);
  const buffers = Array.from({ length: pairsInFlight }, () => ({
    a: Buffer.allocUnsafeSlow(chunkBytes),
    b: Buffer.allocUnsafeSlow(chunkBytes),
  }));
  const pieces = eachInOrder(
    piecesOf(first, second, shorter),
    pairsInFlight,
    async (piece, slot) => {
      const pair = buffers[slot];
      const a = pair?.a.subarray(0, piece.length) ?? Buffer.alloc(piece.length);
      const b = pair?.b.subarray(0, piece.length) ?? Buffer.alloc(piece.length);
      await Promise.all([
        piece.first ? first.read(a, piece.offset) : a.fill(0),
        piece.second ? second.read(b, piece.offset) : b.fill(0),
      ]);
      return { piece, a, b };
    },
  );
  let last: Difference | undefined;
  let counted = 0;
  for await (const { piece, a, b } of pieces) {
    for (const found of a.equals(b) ? [] : differencesIn(piece, a, b)) {
      if (last !== undefined && continues(last, found)) {
        last = { ...last, length: last.length + found.length };
        continue;
      }
      if (last !== undefined) yield last;
      last = found;
    }
    meter.add(piece.offset + piece.length - counted);
    counted = piece.offset + piece.length;
  }
  if (last !== undefined) yield last;
  yield* beyond(first, second, shorter);
  meter.end();
}

function continues(last: Difference, next: Difference): boolean {
  return (
    last.offset + last.length === next.offset &&
    last.first === next.first &&
    last.second === next.second
  );
}

function differencesIn(piece: Piece, a: Buffer, b: Buffer): readonly Difference[] {
  const found: Difference[] = [];
  for (let at = 0; at < piece.length; at += sectorBytes) {
    const end = Math.min(at + sectorBytes, piece.length);
    if (a.compare(b, at, end, at, end) === 0) continue;
    const held = (bytes: Buffer): Held => (isZeroRange(bytes, at, end) ? 'zero' : 'data');
    const here: Difference = {
      offset: piece.offset + at,
      length: end - at,
      first: held(a),
      second: held(b),
    };
    const last = found.at(-1);
    if (last !== undefined && continues(last, here)) {
      found[found.length - 1] = { ...last, length: last.length + here.length };
    } else found.push(here);
  }
  return found;
}

/** What the longer disk has where the other has ended, told from the map alone. */
async function* beyond(first: Disk, second: Disk, from: number): AsyncGenerator<Difference> {
  const longer = first.sizeBytes > second.sizeBytes ? first : second;
  for (let offset = from; offset < longer.sizeBytes;) {
    const run = await longer.runAt(offset, longer.sizeBytes - offset);
    const held = run.kind === 'zero' ? 'zero' : 'data';
    const { length } = run;
    yield longer === first
      ? { offset, length, first: held, second: 'beyond' }
      : { offset, length, first: 'beyond', second: held };
    offset += length;
  }
}
