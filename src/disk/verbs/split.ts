/**
 * Splits a disk file into pieces that fit on a medium or through a service with a limit, and joins them again. The pieces
 * are the bytes of the file, one after the other; a list beside them says how many and gives a checksum of each, so
 * that nothing is joined that is not whole.
 */
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault, miB } from '#lib';
import type { Disk } from '../disk.ts';
import type { DiskFile } from '../file/disk-file.ts';
import { hostFault, openNodeFile } from '../file/node-file.ts';
import { isZero, zeroBytes } from '../zeros.ts';
import { demandSpace, publishFile, temporaryName } from './create.ts';
import { chunkBytes } from './pipeline.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';

export const maxPieces = 10_000;
export const smallestPieceBytes = miB;
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

export interface SplitOptions extends VerbOptions {
  readonly pieceBytes: number;
  /** The folder for pieces and list. */
  readonly folder: string;
}

/** The path of the list: `NAME.pieces.json`; the pieces are `NAME.001`, `NAME.002`, … Faults: `exists`, `exhausted`, `unsupported`. */
export async function splitDisk(disk: Disk, options: SplitOptions): Promise<string> {
  const { pieceBytes, folder } = options;
  const { file } = disk.layer;
  const sizeBytes = await file.size();
  const count = Math.max(1, Math.ceil(sizeBytes / pieceBytes));
  demandSplittable(disk, pieceBytes, count);
  const name = basename(file.name);
  const list = join(folder, `${name}.pieces.json`);
  await demandSpace(list, (await file.storedBytes?.()) ?? sizeBytes);
  const meter = new ProgressMeter(sizeBytes, options);
  const made: { readonly temporary: string; readonly path: string }[] = [];
  const published: string[] = [];
  try {
    const pieces: Piece[] = [];
    for (let index = 0; index < count; index += 1) {
      const pieceName = `${name}.${String(index + 1).padStart(3, '0')}`;
      const path = join(folder, pieceName);
      const temporary = temporaryName(path);
      made.push({ temporary, path });
      const start = index * pieceBytes;
      const length = Math.min(pieceBytes, sizeBytes - start);
      const sha256 = await copyRange({ file, start, length }, temporary, meter);
      pieces.push({ name: pieceName, sizeBytes: length, sha256 });
    }
    // the list comes last: without it nothing is joined
    for (const { temporary, path } of made) {
      await publishFile(temporary, path, 'keep');
      published.push(path);
    }
    const written: PieceList = {
      gantry: 'disk-pieces',
      file: name,
      format: disk.format,
      sizeBytes,
      pieces,
    };
    const temporary = temporaryName(list);
    made.push({ temporary, path: list });
    await writeFile(temporary, `${JSON.stringify(written, null, 2)}\n`, { flush: true });
    await publishFile(temporary, list, 'keep');
  } catch (error) {
    for (const { temporary } of made) await rm(temporary, { force: true });
    for (const path of published) await rm(path, { force: true });
    throw hostFault(list, 'split a disk into', error);
  }
  meter.end();
  return list;
}

function demandSplittable(disk: Disk, pieceBytes: number, count: number): void {
  const { extents } = disk.layer.describe().fields;
  const isSeveral =
    Array.isArray(extents) &&
    extents.some((extent: { readonly file?: string }) => extent.file !== disk.name);
  if (isSeveral) {
    throw new Fault('unsupported', `cannot split ${disk.name}: it consists of several files`, {
      hint: 'convert it to one file first',
    });
  }
  if (pieceBytes < smallestPieceBytes || count > maxPieces) {
    throw new Fault('invalid', `pieces of ${pieceBytes} bytes would be ${count}`, {
      hint: `at least ${smallestPieceBytes} bytes each, and at most ${maxPieces} pieces`,
    });
  }
}

interface Range {
  readonly file: DiskFile;
  readonly start: number;
  readonly length: number;
}

/** Copies a range of a file to a new one and returns the checksum; what is zeros stays a hole. */
async function copyRange(range: Range, path: string, meter: ProgressMeter): Promise<string> {
  const target = await openNodeFile(path, 'create');
  try {
    const sha256 = await copyInto(range, target, 0, meter);
    await target.sync();
    return sha256;
  } finally {
    await target.close();
  }
}

async function copyInto(
  { file, start, length }: Range,
  target: DiskFile,
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

/** Makes the file again that a list of pieces was made of. Faults: `corrupt` naming the piece that is not as it was; `exists`. */
export async function joinDisk(
  listPath: string,
  path: string,
  options: VerbOptions = {},
): Promise<PieceList> {
  const list = await readPieceList(listPath);
  await demandSpace(path, list.sizeBytes);
  const meter = new ProgressMeter(list.sizeBytes, options);
  const temporary = temporaryName(path);
  try {
    const target = await openNodeFile(temporary, 'create');
    try {
      let at = 0;
      for (const piece of list.pieces) {
        await joinPiece(join(dirname(listPath), piece.name), piece, target, at, meter);
        at += piece.sizeBytes;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    await publishFile(temporary, path, 'keep');
  } catch (error) {
    await rm(temporary, { force: true });
    throw hostFault(path, 'join', error);
  }
  meter.end();
  return list;
}

async function joinPiece(
  path: string,
  piece: Piece,
  target: DiskFile,
  at: number,
  meter: ProgressMeter,
): Promise<void> {
  const file = await openNodeFile(path, 'read');
  try {
    const sizeBytes = await file.size();
    const isWhole =
      sizeBytes === piece.sizeBytes &&
      (await copyInto({ file, start: 0, length: sizeBytes }, target, at, meter)) === piece.sha256;
    if (isWhole) return;
    throw new Fault('corrupt', `${path} is not the piece it was: size or checksum differ`, {
      facts: { file: path, sizeBytes, wanted: piece.sizeBytes },
      hint: 'copy this piece again from where it was split',
    });
  } finally {
    await file.close();
  }
}
