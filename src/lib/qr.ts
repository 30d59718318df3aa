/**
 * QR codes (ISO/IEC 18004) of texts, as bytes in UTF-8 with error correction level M: versions 1 to 10, which is 213 bytes.
 * Readers guess how what is beyond ASCII is written.
 * Pure. What is made is a square of dark and light modules without its quiet zone.
 */
import { assert } from './assert.ts';
import { Fault } from './fault.ts';

export type QrCode = readonly (readonly boolean[])[];

/** By version, from 1: codewords in all, codewords of error correction of each block, blocks (table 9, level M). */
const capacities = [
  [26, 10, 1],
  [44, 16, 1],
  [70, 26, 1],
  [100, 18, 2],
  [134, 24, 2],
  [172, 16, 4],
  [196, 18, 4],
  [242, 22, 4],
  [292, 22, 5],
  [346, 26, 5],
] as const;

/** Centres of alignment patterns by version (annex E). */
const alignments = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
] as const;

const byteMode = 0b0100;
const levelM = 0b00;
/** Generators of the codes that protect format and version (annexes C and D). */
const formatGenerator = 0x537;
const formatMask = 0x5412;
const versionGenerator = 0x1f25;
/** x^8 + x^4 + x^3 + x^2 + 1 (section 7.5.2). */
const fieldGenerator = 0x11d;

/** Section 7.8.2: which modules each mask turns, by row and column. */
const masks: readonly ((row: number, column: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_i, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
  (i, j) => ((i * j) % 2) + ((i * j) % 3) === 0,
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
  (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
];

/** Errors: `too-large`. */
export function makeQrCode(text: string): QrCode {
  const bytes = new TextEncoder().encode(text);
  const version = capacities.findIndex((_, index) => bytes.length <= room(index + 1)) + 1;
  if (version === 0)
    throw new Fault('too-large', 'the text is too long for a QR code', {
      facts: { bytes: bytes.length },
    });
  const codewords = interleave(encode(bytes, version), version);
  const drawn = masks.map((_, mask) => draw(codewords, version, mask));
  const [best] = drawn.toSorted((one, other) => penalty(one) - penalty(other));
  assert(best !== undefined, 'there are masks');
  return best;
}

function capacityOf(version: number): { total: number; correction: number; blocks: number } {
  const [total, correction, blocks] = capacities[version - 1] ?? [0, 0, 1];
  return { total, correction, blocks };
}

const dataCodewords = (version: number): number => {
  const { total, correction, blocks } = capacityOf(version);
  return total - correction * blocks;
};

const countBits = (version: number): number => (version < 10 ? 8 : 16);

/** Bytes of text that a version takes. */
const room = (version: number): number =>
  Math.floor((dataCodewords(version) * 8 - 4 - countBits(version)) / 8);

/** Mode, count, text, terminator and padding (section 7.4). */
function encode(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const write = (value: number, length: number): void => {
    for (let at = length - 1; at >= 0; at -= 1) bits.push((value >> at) & 1);
  };
  write(byteMode, 4);
  write(bytes.length, countBits(version));
  for (const byte of bytes) write(byte, 8);
  const size = dataCodewords(version);
  write(0, Math.min(4, size * 8 - bits.length));
  while (bits.length % 8 !== 0) bits.push(0);
  const codewords: number[] = [];
  for (let at = 0; at < bits.length; at += 8)
    codewords.push(bits.slice(at, at + 8).reduce((value, bit) => value * 2 + bit, 0));
  for (let pad = 0xec; codewords.length < size; pad ^= 0xec ^ 0x11) codewords.push(pad);
  return codewords;
}

/** Blocks with their error correction, one codeword of each in turn (section 7.6). */
function interleave(data: readonly number[], version: number): number[] {
  const { correction, blocks } = capacityOf(version);
  const short = Math.floor(data.length / blocks);
  const long = data.length % blocks;
  const parts: number[][] = [];
  for (let at = 0, index = 0; index < blocks; index += 1) {
    const length = index < blocks - long ? short : short + 1;
    parts.push(data.slice(at, at + length));
    at += length;
  }
  const protecting = parts.map((part) => correct(part, correction));
  const turn = (columns: readonly (readonly number[])[]): number[] => {
    const longest = Math.max(...columns.map(({ length }) => length));
    return Array.from({ length: longest }, (_, at) =>
      columns.flatMap((one) => one[at] ?? []),
    ).flat();
  };
  return [...turn(parts), ...turn(protecting)];
}

function multiply(one: number, other: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product <<= 1;
    if (product & 0x100) product ^= fieldGenerator;
    if ((other >> bit) & 1) product ^= one;
  }
  return product;
}

/** The remainder of the data by the generator of this degree, Reed and Solomon's (section 7.5.2). */
function correct(data: readonly number[], degree: number): number[] {
  let generator = [1];
  for (let power = 1, index = 0; index < degree; index += 1) {
    const next = [...generator, 0];
    for (const [at, factor] of generator.entries())
      next[at + 1] = (next[at + 1] ?? 0) ^ multiply(factor, power);
    generator = next;
    power = multiply(power, 2);
  }
  const rest = [...data, ...Array<number>(degree).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const factor = rest[at] ?? 0;
    for (const [index, one] of generator.entries())
      rest[at + index] = (rest[at + index] ?? 0) ^ multiply(one, factor);
  }
  return rest.slice(data.length);
}

/** A value with the remainder that protects it behind. */
function protect(value: number, generator: number, bits: number): number {
  let rest = value << bits;
  const top = 31 - Math.clz32(generator);
  while (31 - Math.clz32(rest) >= top && rest !== 0)
    rest ^= generator << (31 - Math.clz32(rest) - top);
  return (value << bits) | rest;
}

type Grid = boolean[][];

/** All modules, with the mask (sections 6.3 and 7.7 to 7.10). */
function draw(codewords: readonly number[], version: number, mask: number): Grid {
  const size = 17 + 4 * version;
  const grid: Grid = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const fixed: Grid = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const put = (row: number, column: number, isDark: boolean): void => {
    const line = grid[row];
    const taken = fixed[row];
    if (line === undefined || taken === undefined || column < 0 || column >= size) return;
    line[column] = isDark;
    taken[column] = true;
  };
  drawPatterns(put, version, size);
  drawFormat(put, size, mask);
  drawVersion(put, size, version);
  const turn = masks[mask];
  assert(turn !== undefined, 'a mask of eight');
  const isFree = (row: number, column: number): boolean => fixed[row]?.[column] === false;
  let bit = 0;
  for (const [row, column] of zigzag(size)) {
    if (!isFree(row, column)) continue;
    const codeword = codewords[bit >> 3] ?? 0;
    const isDark = bit < codewords.length * 8 && ((codeword >> (7 - (bit & 7))) & 1) === 1;
    const line = grid[row];
    if (line !== undefined) line[column] = isDark !== turn(row, column);
    bit += 1;
  }
  return grid;
}

type Put = (row: number, column: number, isDark: boolean) => void;

/** Finders with their separators, timing, alignment. */
function drawPatterns(put: Put, version: number, size: number): void {
  for (let at = 8; at < size - 8; at += 1) {
    put(6, at, at % 2 === 0);
    put(at, 6, at % 2 === 0);
  }
  for (const [top, left] of [
    [0, 0],
    [0, size - 7],
    [size - 7, 0],
  ] as const)
    for (let row = -1; row <= 7; row += 1)
      for (let column = -1; column <= 7; column += 1) {
        const ring = Math.max(Math.abs(row - 3), Math.abs(column - 3));
        if (top + row >= 0) put(top + row, left + column, ring !== 2 && ring !== 4);
      }
  const centres: readonly number[] = alignments[version - 1] ?? [];
  const last = centres.at(-1);
  for (const row of centres)
    for (const column of centres) {
      const inFinder =
        (row === 6 && (column === 6 || column === last)) || (column === 6 && row === last);
      if (inFinder) continue;
      for (let down = -2; down <= 2; down += 1)
        for (let right = -2; right <= 2; right += 1)
          put(row + down, column + right, Math.max(Math.abs(down), Math.abs(right)) !== 1);
    }
}

/** Level and mask, twice, and the module that is always dark (section 7.9). */
function drawFormat(put: Put, size: number, mask: number): void {
  const bits = protect((levelM << 3) | mask, formatGenerator, 10) ^ formatMask;
  for (let at = 0; at < 15; at += 1) {
    const isDark = ((bits >> at) & 1) === 1;
    // Beside the finder on the top left: upwards, then to the left, past the timing patterns.
    if (at < 8) put(at < 6 ? at : at + 1, 8, isDark);
    else put(8, at === 8 ? 7 : 14 - at, isDark);
    if (at < 8) put(8, size - 1 - at, isDark);
    else put(size - 15 + at, 8, isDark);
  }
  put(size - 8, 8, true);
}

/** From version 7 on, twice (section 7.10). */
function drawVersion(put: Put, size: number, version: number): void {
  if (version < 7) return;
  const bits = protect(version, versionGenerator, 12);
  for (let at = 0; at < 18; at += 1) {
    const isDark = ((bits >> at) & 1) === 1;
    const [near, far] = [Math.floor(at / 3), size - 11 + (at % 3)];
    put(near, far, isDark);
    put(far, near, isDark);
  }
}

/** The way of the data: pairs of columns from the right, up and down in turn, around the timing pattern. */
function* zigzag(size: number): Generator<readonly [number, number]> {
  let isUp = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const row = isUp ? size - 1 - step : step;
      yield [row, right];
      yield [row, right - 1];
    }
    isUp = !isUp;
  }
}

/** How hard it is to read (section 7.8.3). */
function penalty(grid: Grid): number {
  const size = grid.length;
  const columns = grid.map((_, column) => grid.map((row) => row[column] === true));
  let points = 0;
  for (const line of [...grid, ...columns]) {
    const text = line.map((isDark) => (isDark ? '1' : '0')).join('');
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) points += run.length - 2;
    for (const pattern of [/(?=10111010000)/g, /(?=00001011101)/g])
      points += 40 * [...text.matchAll(pattern)].length;
  }
  let dark = 0;
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const here = grid[row]?.[column];
      if (here === true) dark += 1;
      if (
        row > 0 &&
        column > 0 &&
        here === grid[row - 1]?.[column] &&
        here === grid[row]?.[column - 1] &&
        here === grid[row - 1]?.[column - 1]
      )
        points += 3;
    }
  const percent = (dark * 100) / (size * size);
  return points + 10 * Math.floor(Math.abs(percent - 50) / 5);
}
