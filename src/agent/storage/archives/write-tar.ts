/**
 * Writes a tar archive of files that lie on this host (POSIX.1-1988 ustar; sizes beyond its octal digits as GNU tar writes them, names
 * beyond its hundred bytes as POSIX.1-2001 does). Constant memory.
 */
import { createReadStream } from 'node:fs';
import { rm, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { assert } from '#lib';

const blockBytes = 512;
const pieceBytes = 1024 * 1024;
const maxNameBytes = 100;
const maxOctal = 8 ** 11;

export interface WriteTar {
  /** In their order; members have their last names. Each is deleted once it is in the archive. */
  readonly files: readonly string[];
  readonly mtimeMs: number;
  readonly signal: AbortSignal;
  readonly onWritten: (bytes: number) => void;
}

/** Appends to a new file. Errors: `cancelled`; those of the file system. */
export async function writeTar(
  archive: FileHandle,
  { files, mtimeMs, signal, onWritten }: WriteTar,
): Promise<void> {
  let writtenBytes = 0;
  const put = async (bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.length;)
      at += (await archive.write(bytes, at, bytes.length - at)).bytesWritten;
    writtenBytes += bytes.length;
    onWritten(writtenBytes);
  };
  for (const file of files) {
    const { size } = await stat(file);
    await put(memberHeader(basename(file), size, mtimeMs));
    let copiedBytes = 0;
    for await (const piece of createReadStream(file, { signal, highWaterMark: pieceBytes })) {
      await put(piece as Buffer);
      copiedBytes += (piece as Buffer).length;
    }
    assert(copiedBytes === size, 'nobody else writes to the parts of an archive');
    await put(Buffer.alloc(paddingOf(size)));
    await rm(file);
  }
  await put(Buffer.alloc(2 * blockBytes));
}

/** One or more blocks. */
export function memberHeader(name: string, sizeBytes: number, mtimeMs: number): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length <= maxNameBytes) return header(bytes, sizeBytes, mtimeMs, '0');
  const record = paxRecord('path', name);
  return Buffer.concat([
    header(Buffer.from('PaxHeader'), record.length, mtimeMs, 'x'),
    record,
    Buffer.alloc(paddingOf(record.length)),
    header(bytes.subarray(0, maxNameBytes), sizeBytes, mtimeMs, '0'),
  ]);
}

/** Its length is part of it, and counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const restBytes = Buffer.byteLength(rest);
  let length = restBytes + 1;
  while (`${length}`.length + restBytes !== length) length += 1;
  return Buffer.from(`${length}${rest}`);
}

function header(name: Buffer, sizeBytes: number, mtimeMs: number, type: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number): void => {
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  };
  name.copy(block, 0);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  if (sizeBytes < maxOctal) octal(sizeBytes, 124, 11);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  octal(Math.floor(mtimeMs / 1000), 136, 11);
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}
