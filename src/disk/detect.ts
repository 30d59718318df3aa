/**
 * Which format a file has, by its content alone. Raw is what nothing else claims, so a guest that can write
 * to a raw disk could make it look like another format: whoever knows the format names it and never asks here.
 */
import { Fault } from '#lib';
import { packedIs } from './archives.ts';
import type { DiskFile } from './file/disk-file.ts';
import type { Format, Probe } from './format.ts';
import { formats } from './formats.ts';

const headBytes = 4096;
const tailBytes = 512;

export async function readProbe(file: DiskFile): Promise<Probe> {
  const sizeBytes = await file.size();
  const head = Buffer.alloc(Math.min(headBytes, sizeBytes));
  const tail = Buffer.alloc(Math.min(tailBytes, sizeBytes));
  await file.read(head, 0);
  await file.read(tail, sizeBytes - tail.length);
  return { sizeBytes, head, tail };
}

/** The first format of the table that recognises the file; the last row, raw, always does. */
export async function detectFormat(file: DiskFile): Promise<Format | undefined> {
  const probe = await readProbe(file);
  return formats.find((format) => format.recognise(probe));
}

/** The same of a file that is to be opened. Errors: `unsupported` where it has no format and is packed, which nobody wants as a disk. */
export async function detectDisk(file: DiskFile): Promise<Format> {
  const probe = await readProbe(file);
  const format = formats.find((one) => one.recognise(probe));
  if (format === undefined) throw new Fault('unsupported', `${file.name}: no known disk format`);
  const packed = format.name === 'raw' ? packedIs(probe) : undefined;
  if (packed === undefined) return format;
  throw new Fault('unsupported', `${file.name} ${packed}, and no disk as it stands`, {
    hint: 'unpack it first; if it is a disk all the same, name its format: raw',
  });
}
