/**
 * How samples lie on the disk, version 1. Whole numbers without sign are LEB128 (seven bits a byte, lowest
 * first, the top bit says that more follow).
 *
 *   block   = version, grid                          of one thing: a point for each step
 *   pending = version, things, their ids (16 bytes each), grid   of one minute: a point for each thing
 *   grid    = points, columns, then for each column: its number (metrics.ts), its tokens
 *   token   = 0, n       n gaps
 *           | 1, n       n times the value before (0 at the beginning)
 *           | 2 + z      the value before plus a difference, which is z = 2d for d >= 0, -2d - 1 for d < 0
 *
 * A value is a whole number of what `wholesOf` says. A column of gaps alone is left out; the tokens of a
 * column end when it has all its points. What is read is from the disk, so every count is bounded first.
 */
import { assert, Fault } from '#lib';
import { isUuid } from '#api';
import { makeColumn, makeGrid, type Grid } from './grid.ts';
import { wholesOf } from './metrics.ts';

const version = 1;
const maxPoints = 100_000;
const maxColumns = 256;
/** Far below what a double holds exactly, so that no difference leaves it. */
const maxWhole = 2 ** 50;
const idBytes = 16;

export function encodeBlock(grid: Grid): Uint8Array {
  const out = new Bytes();
  out.number(version);
  writeGrid(out, grid);
  return out.take();
}

/** Errors: `corrupt`. */
export function decodeBlock(data: Uint8Array): Grid {
  const input = new Input(data);
  checkVersion(input);
  const grid = readGrid(input);
  input.end();
  return grid;
}

/** The points of the grid are those of the things, in their order. */
export interface Pending {
  readonly ids: readonly string[];
  readonly grid: Grid;
}

export function encodePending({ ids, grid }: Pending): Uint8Array {
  const out = new Bytes();
  out.number(version);
  out.number(ids.length);
  for (const id of ids) {
    assert(isUuid(id), 'samples of a thing whose id is no UUID');
    out.bytes(Buffer.from(id.replaceAll('-', ''), 'hex'));
  }
  writeGrid(out, grid);
  return out.take();
}

/** Errors: `corrupt`. */
export function decodePending(data: Uint8Array): Pending {
  const input = new Input(data);
  checkVersion(input);
  const count = input.number(maxPoints);
  const ids = Array.from({ length: count }, () => {
    const hex = Buffer.from(input.bytes(idBytes)).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  });
  const grid = readGrid(input);
  input.end();
  if (grid.points !== count) throw corrupt('a block of a minute has not a point for each thing');
  return { ids, grid };
}

function writeGrid(out: Bytes, { points, columns }: Grid): void {
  const known = [...columns].filter(([, values]) => values.some((value) => !Number.isNaN(value)));
  out.number(points);
  out.number(known.length);
  for (const [column, values] of known.sort(([a], [b]) => a - b)) {
    out.number(column);
    writeColumn(out, values, wholesOf(column) ?? 1);
  }
}

function writeColumn(out: Bytes, values: readonly number[], wholes: number): void {
  let before = 0;
  let gaps = 0;
  let same = 0;
  const flush = (): void => {
    if (gaps > 0) out.run(0, gaps);
    if (same > 0) out.run(1, same);
    gaps = 0;
    same = 0;
  };
  for (const value of values) {
    if (Number.isNaN(value)) {
      if (same > 0) flush();
      gaps += 1;
      continue;
    }
    if (gaps > 0) flush();
    const whole = Math.min(maxWhole, Math.max(0, Math.round(value * wholes)));
    if (whole === before) {
      same += 1;
      continue;
    }
    flush();
    const difference = whole - before;
    out.number(2 + (difference < 0 ? -2 * difference - 1 : 2 * difference));
    before = whole;
  }
  flush();
}

function readGrid(input: Input): Grid {
  const points = input.number(maxPoints);
  const grid = makeGrid(points);
  const count = input.number(maxColumns);
  for (let index = 0; index < count; index += 1) {
    const column = input.number(4 * maxColumns);
    const wholes = wholesOf(column);
    const values = readColumn(input, points, wholes ?? 1);
    // One of a metric that a newer version keeps is passed over.
    if (wholes !== undefined) grid.columns.set(column, values);
  }
  return grid;
}

function readColumn(input: Input, points: number, wholes: number): number[] {
  const values = makeColumn(points);
  let before = 0;
  let at = 0;
  while (at < points) {
    const token = input.number(2 + 2 * maxWhole);
    if (token >= 2) {
      const difference = token - 2;
      before += difference % 2 === 0 ? difference / 2 : -(difference + 1) / 2;
      values[at] = before / wholes;
      at += 1;
      continue;
    }
    const run = input.number(points - at);
    if (run === 0) throw corrupt('a run of nothing in a block of samples');
    if (token === 1) values.fill(before / wholes, at, at + run);
    at += run;
  }
  return values;
}

function checkVersion(input: Input): void {
  const found = input.number(Number.MAX_SAFE_INTEGER);
  if (found !== version) throw corrupt(`a block of samples of version ${found}`);
}

function corrupt(message: string): Fault {
  return new Fault('corrupt', message);
}

/** Grows as it is written. */
class Bytes {
  #buffer = new Uint8Array(256);
  #length = 0;

  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    // Beyond 32 bits the operators on bits do not reach.
    while (rest >= 0x80) {
      this.#buffer[this.#length] = (rest % 0x80) + 0x80;
      this.#length += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length] = rest;
    this.#length += 1;
  }

  run(token: 0 | 1, count: number): void {
    this.number(token);
    this.number(count);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  take(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

class Input {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  number(most: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.#data[this.#at];
      if (byte === undefined) throw corrupt('a block of samples is too short');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte >= 0x80) continue;
      if (value > most) throw corrupt('a number in a block of samples is too large');
      return value;
    }
    throw corrupt('a number in a block of samples does not end');
  }

  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#data.length) throw corrupt('a block of samples is too short');
    this.#at += count;
    return this.#data.subarray(this.#at - count, this.#at);
  }

  end(): void {
    if (this.#at !== this.#data.length) throw corrupt('a block of samples goes on after its end');
  }
}
