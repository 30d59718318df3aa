/** Joins the pieces of a disk file that was split, each of which is checked. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '#lib';
import type { DiskFile } from '../file/disk-file.ts';
import { hostFault, openNodeFile } from '../file/node-file.ts';
import { demandSpace, publishFile } from './create.ts';
import {
  dropUnfinished,
  journalStepBytes,
  readStanding,
  unfinishedPaths,
  writeStanding,
} from './journal.ts';
import { removeLeftovers, temporaryName } from './leftovers.ts';
import { copyInto, hashRange, readPieceList, type Piece, type PieceList } from './pieces.ts';
import { ProgressMeter, type VerbOptions } from './progress.ts';
import type { ResumeChoice } from './resume.ts';

export type JoinOptions = VerbOptions & ResumeChoice;

/**
 * Makes the file again that a list of pieces was made of. Going on, what is there is compared with the list first.
 * Faults: `corrupt` naming the piece that is not as it was; `exists`.
 */
export async function joinDisk(
  listPath: string,
  path: string,
  options: JoinOptions = {},
): Promise<PieceList> {
  const { resume, stepBytes = journalStepBytes } = options;
  const list = await readPieceList(listPath);
  if (existsSync(path)) throw new Fault('exists', `${path} is there already`);
  const meter = new ProgressMeter(list.sizeBytes, options);
  const temporary = resume === undefined ? temporaryName(path) : unfinishedPaths(path).part;
  const work = JSON.stringify(list);
  const note = (doneBytes: number): Promise<void> =>
    writeStanding(path, { work, doneBytes, checksums: [] });
  try {
    const there = resume === undefined ? 0 : await usableBytes(path, list, work, options);
    if (there === 0) await rm(temporary, { force: true });
    await removeLeftovers(path);
    await demandSpace(path, list.sizeBytes - there);
    const target = await openNodeFile(temporary, there === 0 ? 'create' : 'write');
    target.lock?.('write');
    try {
      await target.truncate(there);
      let at = 0;
      let notedBytes = there;
      for (const piece of list.pieces) {
        const end = at + piece.sizeBytes;
        if (end <= there) meter.add(piece.sizeBytes);
        else await joinPiece(join(dirname(listPath), piece.name), piece, target, at, meter);
        at = end;
        if (resume === undefined || at - notedBytes < stepBytes) continue;
        // durable before the journal counts on it
        await target.sync();
        await note(at);
        notedBytes = at;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    await publishFile(temporary, path, 'keep');
  } catch (error) {
    if (resume === undefined) await rm(temporary, { force: true });
    throw hostFault(path, 'join', error);
  }
  if (resume !== undefined) await dropUnfinished(path);
  meter.end();
  return list;
}

/** How much of an unfinished file can be gone on with: whole pieces whose checksums are right. */
async function usableBytes(
  path: string,
  list: PieceList,
  work: string,
  { signal }: VerbOptions,
): Promise<number> {
  const { part } = unfinishedPaths(path);
  const standing = await readStanding(path, work);
  if (standing === undefined || !existsSync(part)) return 0;
  const meter = new ProgressMeter(standing.doneBytes, { signal });
  const file = await openNodeFile(part, 'read');
  try {
    if ((await file.size()) < standing.doneBytes) return 0;
    let start = 0;
    for (const { sizeBytes: length, sha256 } of list.pieces) {
      if (start + length > standing.doneBytes) break;
      if ((await hashRange({ file, start, length }, meter)) !== sha256) break;
      start += length;
    }
    return start;
  } finally {
    await file.close();
  }
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
