/**
 * An archive with a vm of another product becomes a folder beside it: zip, tar, and tar in gzip, xz or Zstandard, told by content.
 * The folder has its name when all of it is on the disk; zeros become holes; the archive stays as it is.
 */
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { maxUnpackedBytes, packingOf, type Packing } from '#api';
import { openNodeFile, SparseWriter, type Progress } from '#disk';
import { abortReason, Fault, isFault } from '#lib';
import { flushFolder } from '../atomic-file.ts';
import { modeOfFile } from '../file-mode.ts';
import { unpackers } from '../uploads/unpack.ts';
import { MemberLimits, type Member } from './members.ts';
import { isTar, tarMembers } from './tar.ts';
import { zipMembers } from './zip.ts';

/** Of a tar header. */
const headBytes = 512;

export interface UnpackArchive {
  readonly archive: string;
  /** To make; what is there of it goes first. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Default: what the contract says of anything that is unpacked. */
  readonly maxContentBytes?: number;
}

export interface Unpacked {
  /** Paths below the folder. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly contentBytes: number;
}

/** Faults: `invalid` for what is no archive, is torn or leads out of its folder; `unsupported`, `too-large`, `cancelled`. */
export async function unpackArchive(asked: UnpackArchive): Promise<Unpacked> {
  const { archive, folder, signal, maxContentBytes = maxUnpackedBytes } = asked;
  const { packing, isBare, sizeBytes } = await lookAt(archive);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o755 });
  const limits = new MemberLimits(maxContentBytes);
  const begunMs = performance.now();
  let readBytes = 0;
  const told = (doneBytes: number): void => {
    const seconds = (performance.now() - begunMs) / 1000;
    const bytesPerSecond = seconds === 0 ? 0 : doneBytes / seconds;
    asked.onProgress({ doneBytes, totalBytes: sizeBytes, bytesPerSecond, remainingMs: undefined });
  };
  const source = async function* (): AsyncGenerator<Buffer> {
    for await (const bytes of createReadStream(archive, { signal })) {
      readBytes += (bytes as Buffer).length;
      told(readBytes);
      yield bytes as Buffer;
    }
  };
  try {
    const members =
      packing === 'zip'
        ? zipMembers(archive, signal)
        : tarMembers(
            isBare ? source() : unpackers[packing === 'none' ? 'gzip' : packing](source()),
          );
    for await (const member of members) {
      signal.throwIfAborted();
      await writeMember(folder, member, limits, signal);
      if (packing === 'zip') told(Math.min(limits.contentBytes, sizeBytes));
    }
  } catch (error) {
    throw faultOf(error, archive, signal);
  }
  const files = limits.list('file');
  if (files.length === 0) throw new Fault('invalid', `there is no file in ${archive}`);
  const folders = limits.list('folder');
  for (const path of folders) await flushFolder(join(folder, path));
  await flushFolder(folder);
  return { files, folders, contentBytes: limits.contentBytes };
}

async function writeMember(
  folder: string,
  member: Member,
  limits: MemberLimits,
  signal: AbortSignal,
): Promise<void> {
  const { path, folders } = limits.add(member);
  for (const one of folders) await mkdir(join(folder, one), { recursive: true, mode: 0o755 });
  if (member.kind === 'folder') return;
  const target = join(folder, path);
  const file = await openNodeFile(target, 'create');
  try {
    const writer = await SparseWriter.open(file, 0);
    for await (const piece of member.content()) {
      signal.throwIfAborted();
      limits.count('zeroBytes' in piece ? piece.zeroBytes : piece.length);
      if ('zeroBytes' in piece) writer.skip(piece.zeroBytes);
      else await writer.write(piece);
    }
    await writer.flush();
    await chmod(target, modeOfFile(target, writer.position));
  } finally {
    await file.close();
  }
}

/** What it is, by its first bytes. Faults: `invalid`. */
async function lookAt(
  archive: string,
): Promise<{ readonly packing: Packing; readonly isBare: boolean; readonly sizeBytes: number }> {
  await using file = await open(archive, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Fault('not-found', `there is no file ${archive}`, { cause: error });
  });
  const head = Buffer.alloc(headBytes);
  const { bytesRead } = await file.read(head, 0, headBytes, 0);
  const { size: sizeBytes } = await file.stat();
  const packing = packingOf(head.subarray(0, bytesRead));
  const isBare = packing === 'none';
  if (!isBare || isTar(head.subarray(0, bytesRead))) return { packing, isBare, sizeBytes };
  throw new Fault('invalid', `${archive} is no archive that can be unpacked`, {
    hint: 'those are zip, tar, and tar packed with gzip, xz or zstd; see what it is with: gantry host identify',
  });
}

function faultOf(error: unknown, archive: string, signal: AbortSignal): unknown {
  if (signal.aborted) return abortReason(signal);
  if (isFault(error)) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Fault('exhausted', `the volume of ${dirname(archive)} is full`, { cause: error });
  // What a decoder says of what it reads comes from no call of the system.
  if (syscall !== undefined) return error;
  return new Fault('invalid', `${archive} cannot be unpacked`, {
    cause: error,
    hint: 'it is torn, or no archive of a kind that is known here; pack it anew',
  });
}
