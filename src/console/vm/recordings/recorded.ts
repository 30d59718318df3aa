/**
 * Recordings as they are read from their files (docs/rfd/0033): pieces of what a console showed, with their times. A file may be
 * cut off where the coordinator was killed: what is whole is played.
 */
import { Fault } from '#lib';

export interface Piece {
  /** Since the beginning. Never less than that of the piece before. */
  readonly atMs: number;
  readonly data: Uint8Array | string;
}

export interface Recorded {
  readonly pieces: readonly Piece[];
  /** Of a terminal, in characters; of a screen 0, which says it itself. */
  readonly columns: number;
  readonly rows: number;
}

const fbsName = 'FBS 001.000\n';
const longestMs = 24 * 3_600_000;
const largestTerminal = 500;

/** `FBS 001.000`: blocks of a length, bytes filled up to a multiple of four, and milliseconds. Errors: `invalid`. */
export function readFbs(file: Uint8Array): Recorded {
  if (new TextDecoder('latin1').decode(file.subarray(0, fbsName.length)) !== fbsName)
    throw new Fault('invalid', 'this is no recording of a screen');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pieces: Piece[] = [];
  for (let at = fbsName.length; at + 8 <= file.length;) {
    const length = view.getUint32(at);
    const end = at + 4 + Math.ceil(length / 4) * 4;
    if (end + 4 > file.length) break;
    push(pieces, view.getUint32(end), file.subarray(at + 4, at + 4 + length));
    at = end + 4;
  }
  return { pieces, columns: 0, rows: 0 };
}

/** asciicast v2: a line of JSON for the header, and one for each piece. Errors: `invalid`. */
export function readCast(file: Uint8Array): Recorded {
  const [head = '', ...lines] = new TextDecoder().decode(file).split('\n');
  const header = parseLine(head) as Partial<Record<string, unknown>> | null | undefined;
  if (header?.['version'] !== 2) throw new Fault('invalid', 'this is no recording of a terminal');
  const pieces: Piece[] = [];
  for (const line of lines) {
    const [seconds, kind, text] = asList(parseLine(line));
    if (typeof seconds === 'number' && kind === 'o' && typeof text === 'string')
      push(pieces, seconds * 1000, text);
  }
  return {
    pieces,
    columns: sizeOf(header['width'], 80),
    rows: sizeOf(header['height'], 24),
  };
}

/** When each piece is shown, in milliseconds; no pause is longer than `maxPauseMs`. */
export function timesOf(pieces: readonly Piece[], maxPauseMs: number): readonly number[] {
  let [before, at] = [0, 0];
  return pieces.map(({ atMs }) => {
    at += Math.min(atMs - before, maxPauseMs);
    before = atMs;
    return at;
  });
}

function push(pieces: Piece[], asked: number, data: Piece['data']): void {
  const before = pieces.at(-1)?.atMs ?? 0;
  pieces.push({ atMs: Math.min(Math.max(asked, before), longestMs), data });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function sizeOf(value: unknown, usual: number): number {
  const isSize = typeof value === 'number' && Number.isInteger(value);
  return isSize && value >= 1 && value <= largestTerminal ? value : usual;
}
