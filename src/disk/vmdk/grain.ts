/** Compressed grains: a marker (guest sector, length) and a zlib stream (RFC 1950), filled up to a sector. */
import type { DiskFile } from '../file/disk-file.ts';
import type { PackedReader } from '../packing/packed-reader.ts';
import { unpackInto } from '../packing/packer.ts';
import { fileFault } from '../structure.ts';

export const markerBytes = 12;
/** What zlib adds at most to a grain that cannot be compressed (`compressBound` of zlib.h, up to a grain of a MiB). */
const addedBytes = 512;

interface GrainPlace {
  readonly file: DiskFile;
  readonly packed: PackedReader;
  readonly offset: number;
  readonly hasMarker: boolean;
}

/** Fills the buffer with the grain, expanded. Faults: `corrupt`. */
export async function readGrain(place: GrainPlace, into: Uint8Array): Promise<void> {
  const head = place.hasMarker ? markerBytes : 0;
  const most = head + into.length + addedBytes;
  await place.packed.use(place.offset, most, (guess) => expand(place, guess, into));
}

async function expand(
  { file, offset, hasMarker }: GrainPlace,
  guess: Buffer,
  into: Uint8Array,
): Promise<void> {
  const place = { format: 'vmdk', structure: 'compressed grain', offset };
  const head = hasMarker ? markerBytes : 0;
  if (guess.length <= head) throw fileFault(file, place, 'lies past the end of the file');
  const length = hasMarker ? guess.readUInt32LE(8) : guess.length;
  if (length === 0 || length > into.length * 2 + 4096) {
    throw fileFault(file, place, `claims ${length} bytes`);
  }
  let stored = guess.subarray(head, head + length);
  if (head + length > guess.length) {
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
