/** Splits a disk file into pieces that fit on a medium or through a service with a limit. */
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Fault, miB } from '#lib';
import type { Disk } from '../disk.ts';
import { hostFault, openNodeFile } from '../file/node-file.ts';
import { demandSpace, publishFile } from './create.ts';
import {
  dropUnfinished,
  journalStepBytes,
  readStanding,
  unfinishedPaths,
  writeStanding,
} from './journal.ts';
import { temporaryName } from './leftovers.ts';
import {
  copyInto,
  hashRange,
  maxPieces,
  type FileRange,
  type Piece,
  type PieceList,
} from './pieces.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import type { ResumeChoice } from './resume.ts';

const smallestPieceBytes = miB;

export interface SplitOptions extends VerbOptions, ResumeChoice {
  readonly pieceBytes: number;
  /** The folder for pieces and list. */
  readonly folder: string;
}

interface Place {
  readonly path: string;
  /** Until all pieces are made. */
  readonly temporary: string;
}

/**
 * The path of the list: `NAME.pieces.json`; the pieces are `NAME.001`, `NAME.002`, … Going on, pieces that are whole stay.
 * Faults: `exists`, `exhausted`, `unsupported`.
 */
export async function splitDisk(disk: Disk, options: SplitOptions): Promise<string> {
  const { pieceBytes, folder, resume, stepBytes = journalStepBytes } = options;
  const { file } = disk.layer;
  const sizeBytes = await file.size();
  const count = Math.max(1, Math.ceil(sizeBytes / pieceBytes));
  demandSplittable(disk, pieceBytes, count);
  const name = basename(file.name);
  const list = join(folder, `${name}.pieces.json`);
  const work = JSON.stringify([file.identity, sizeBytes, await file.modifiedMs?.(), pieceBytes]);
  const standing = resume === undefined ? undefined : await readStanding(list, work);
  const left = sizeBytes - (standing?.doneBytes ?? 0);
  await demandSpace(list, Math.min(left, (await file.storedBytes?.()) ?? sizeBytes));
  const meter = new ProgressMeter(sizeBytes, options);
  const places: Place[] = [];
  const named: Place[] = [];
  const pieces: Piece[] = [];
  const note = (doneBytes: number): Promise<void> =>
    writeStanding(list, { work, doneBytes, checksums: pieces.map(({ sha256 }) => sha256) });
  try {
    let notedBytes = standing?.doneBytes ?? 0;
    for (let index = 0; index < count; index += 1) {
      const pieceName = `${name}.${String(index + 1).padStart(3, '0')}`;
      const path = join(folder, pieceName);
      const temporary = resume === undefined ? temporaryName(path) : unfinishedPaths(path).part;
      const place = { path, temporary };
      places.push(place);
      const start = index * pieceBytes;
      const range = { file, start, length: Math.min(pieceBytes, sizeBytes - start) };
      const known = standing?.checksums[index];
      const isThere = known !== undefined && (await isWhole(place, range.length, known, options));
      const sha256 = isThere ? known : await copyRange(range, temporary, meter);
      if (isThere) meter.add(range.length);
      pieces.push({ name: pieceName, sizeBytes: range.length, sha256 });
      if (resume === undefined || start + range.length - notedBytes < stepBytes) continue;
      notedBytes = start + range.length;
      await note(notedBytes);
    }
    if (resume !== undefined) await note(sizeBytes);
    for (const place of places) {
      await publishFile(place.temporary, place.path, 'keep');
      named.push(place);
    }
    // the list comes last: without it nothing is joined
    const { format } = disk;
    await writeList(list, { gantry: 'disk-pieces', file: name, format, sizeBytes, pieces });
  } catch (error) {
    for (const { temporary, path } of named) await rename(path, temporary);
    if (resume === undefined)
      for (const { temporary } of places) await rm(temporary, { force: true });
    throw hostFault(list, 'split a disk into', error);
  }
  if (resume !== undefined) await dropUnfinished(list);
  meter.end();
  return list;
}

async function writeList(path: string, list: PieceList): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, `${JSON.stringify(list, null, 2)}\n`, { flush: true });
    await publishFile(temporary, path, 'keep');
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether a piece of an earlier run is as it was when it was made; it may have its name already. */
async function isWhole(
  { path, temporary }: Place,
  length: number,
  sha256: string,
  { signal }: VerbOptions,
): Promise<boolean> {
  const place = existsSync(temporary) ? temporary : path;
  if (!existsSync(place)) return false;
  const file = await openNodeFile(place, 'read');
  try {
    if ((await file.size()) !== length) return false;
    const meter = new ProgressMeter(length, { signal });
    if ((await hashRange({ file, start: 0, length }, meter)) !== sha256) return false;
  } finally {
    await file.close();
  }
  if (place === path) await rename(path, temporary);
  return true;
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

/** Copies a range of a file to a new one and returns the checksum. */
async function copyRange(range: FileRange, path: string, meter: ProgressMeter): Promise<string> {
  await rm(path, { force: true });
  const target = await openNodeFile(path, 'create');
  try {
    const sha256 = await copyInto(range, target, 0, meter);
    await target.sync();
    return sha256;
  } finally {
    await target.close();
  }
}
