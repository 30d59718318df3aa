/** Compressed grains: a marker (guest sector, length) and a zlib stream (RFC 1950), filled up to a sector. */
import { deflate, inflate } from 'node:zlib';
import type { DiskFile } from '../file/disk-file.ts';
import { fileFault } from '../structure.ts';

export const markerBytes = 12;

/** Reads and expands the grain at the offset. Faults: `corrupt`. */
export async function readGrain(
  file: DiskFile,
  offset: number,
  grainBytes: number,
  hasMarker: boolean,
): Promise<Buffer> {
  const place = { format: 'vmdk', structure: 'compressed grain', offset };
  const head = hasMarker ? markerBytes : 0;
  const guess = Buffer.allocUnsafe(head + grainBytes);
  const count = await file.read(guess, offset);
  if (count <= head) throw fileFault(file, place, 'lies past the end of the file');
  const length = hasMarker ? guess.readUInt32LE(8) : count;
  if (length === 0 || length > grainBytes * 2 + 4096) {
    throw fileFault(file, place, `claims ${length} bytes`);
  }
  let stored = guess.subarray(head, head + length);
  if (head + length > count) {
    stored = Buffer.alloc(length);
    const whole = await file.read(stored, offset + head);
    if (whole < length) throw fileFault(file, place, 'ends past the end of the file');
  }
  try {
    const grain = await expand(stored, grainBytes);
    // the last grain of an extent may be stored without what lies beyond its end
    return grain.length === grainBytes
      ? grain
      : Buffer.concat([grain, Buffer.alloc(grainBytes - grain.length)]);
  } catch (error) {
    throw fileFault(file, place, 'cannot be expanded', 'corrupt', error);
  }
}

function expand(stored: Buffer, grainBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflate(
      stored,
      { maxOutputLength: grainBytes, chunkSize: grainBytes + 1024 },
      (error, grain) => {
        if (error === null) resolve(grain);
        else reject(error);
      },
    );
  });
}

export function compressGrain(grain: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // room for the whole result: one trip to the thread pool
    deflate(grain, { chunkSize: grain.length + 1024 }, (error, stored) => {
      if (error === null) resolve(stored);
      else reject(error);
    });
  });
}
