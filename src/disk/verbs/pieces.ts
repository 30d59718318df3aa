/**
 * The pieces of a split disk file: the bytes of the file, one after the other, and a list beside them that says how many and gives a
 * checksum of each, so that nothing is joined that is not whole.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault, miB } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { openNodeFile } from '../file/node-file.ts';
import { isZero, zeroBytes } from '../zeros.ts';
import { chunkBytes } from './pipeline.ts';
import type { ProgressMeter } from './progress.ts';

export const maxPieces = 10_000;
const maxListBytes = 4 * miB;

export interface Piece {
  /** Name beside the list. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface PieceList {
  readonly gantry: 'disk-pieces';
  /** Name and format of the file that was split. */
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly pieces: readonly Piece[];
}

export interface FileRange {
  readonly file: DiskFile;
  readonly start: number;
  readonly length: number;
}

/** Copies a range of a file into another and answers its SHA-256; what is zeros stays a hole. */
export async function copyInto(
  { file, start, length }: FileRange,
  target: Pick<DiskFile, 'write' | 'truncate'>,
  at: number,
  meter: ProgressMeter,
): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  for (let done = 0; done < length;) {
    const part = Math.min(chunkBytes, length - done);
    const run = file.runAt?.(start + done, part);
    if (run?.kind === 'hole' && run.length >= part) hash.update(zeroBytes(part));
    else {
      const bytes = buffer.subarray(0, part);
      const count = await file.read(bytes, start + done);
      if (count < part) {
        throw new Fault('corrupt', `${file.name} ends at ${start + done + count}, too early`);
      }
      hash.update(bytes);
      if (!isZero(bytes)) await target.write(bytes, at + done);
    }
    done += part;
    meter.add(part);
  }
  await target.truncate(at + length);
  return hash.digest('hex');
}

/** SHA-256 of a range of a file. Faults: `corrupt` when the file ends before it. */
export async function hashRange(range: FileRange, meter: ProgressMeter): Promise<string> {
  const nowhere = { write: () => Promise.resolve(), truncate: () => Promise.resolve() };
  return await copyInto(range, nowhere, 0, meter);
}

/** Reads a list of pieces. Faults: `not-found`, `corrupt` when it is not one, `forbidden` for names that lead elsewhere. */
export async function readPieceList(path: string): Promise<PieceList> {
  const file = await openNodeFile(path, 'read');
  let text: string;
  try {
    if ((await file.size()) > maxListBytes) {
      throw new Fault('too-large', `${path} is longer than a list of pieces can be`);
    }
    text = await readFile(path, 'utf8');
  } finally {
    await file.close();
  }
  const list = parsePieceList(text);
  if (list === undefined) {
    throw new Fault('corrupt', `${path} is not a list of the pieces of a disk`, {
      hint: 'name the file that ends in .pieces.json',
    });
  }
  for (const { name } of [...list.pieces, { name: list.file }]) {
    if (name === basename(name) && name !== '' && name !== '..' && name !== '.') continue;
    throw new Fault('forbidden', `${path} names ${name}, which is not beside it`);
  }
  return list;
}

function parsePieceList(text: string): PieceList | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['gantry'] !== 'disk-pieces') return undefined;
  const { file, format, sizeBytes, pieces } = value;
  if (typeof file !== 'string' || typeof format !== 'string' || !isSize(sizeBytes))
    return undefined;
  if (!Array.isArray(pieces) || pieces.length === 0 || pieces.length > maxPieces) return undefined;
  const read: Piece[] = [];
  for (const piece of pieces as readonly unknown[]) {
    if (!isRecord(piece)) return undefined;
    const { name, sizeBytes: length, sha256 } = piece;
    if (typeof name !== 'string' || typeof sha256 !== 'string' || !isSize(length)) return undefined;
    read.push({ name, sizeBytes: length, sha256 });
  }
  const total = read.reduce((sum, piece) => sum + piece.sizeBytes, 0);
  if (total !== sizeBytes) return undefined;
  return { gantry: 'disk-pieces', file, format, sizeBytes, pieces: read };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
