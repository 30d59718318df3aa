/** Compressed grains: a marker (guest sector, length) and a zlib stream (RFC 1950), filled up to a sector. */
import type { DiskFile } from '../file/disk-file.ts';
import { unpackInto } from '../packing/packer.ts';
import { fileFault } from '../structure.ts';

export const markerBytes = 12;

/** Fills the buffer with the grain at the offset, expanded. Faults: `corrupt`. */
export async function readGrain(
  file: DiskFile,
  offset: number,
  hasMarker: boolean,
  into: Uint8Array,
): Promise<void> {
  const grainBytes = into.length;
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
    // the last grain of an extent may be stored without what lies beyond its end
    into.fill(0, await unpackInto('zlib', stored, into));
  } catch (error) {
    throw fileFault(file, place, 'cannot be expanded', 'corrupt', error);
  }
}
