/**
 * Compressed pieces of disks, one at a time and at once: what a thread does. Raw deflate with a window of 4 KiB
 * (QCOW2), zlib streams (RFC 1950, VMDK), zstd (RFC 8878, QCOW2).
 */
import {
  deflateRawSync,
  deflateSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { loadZlib, type Zlib } from './zlib-calls.ts';
import { loadZstd, type Zstd } from './zstd-calls.ts';

let loaded: { readonly zlib: Zlib | undefined; readonly zstd: Zstd | undefined } | undefined;

/** Found when the first piece comes: most who open a disk have none. */
function libraries() {
  loaded ??= { zlib: loadZlib(), zstd: loadZstd() };
  return loaded;
}

export const packings = ['deflate', 'zlib', 'zstd'] as const;
export type Packing = (typeof packings)[number];

/** Room for the whole result, so that it is one piece of memory. */
const slackBytes = 1024;

/** Two thirds of the time of zlib's own choice, 6, for one hundredth more bytes. */
const level = 4;

/** Three quarters of the time of zstd's own choice, 3, for one hundredth more bytes. */
const zstdLevel = 2;
/** ZSTD_c_compressionLevel of zstd.h. */
const zstdLevelParameter = 100;

const deflateChoices = {
  // other readers inflate with a window of 12 bits and no more
  deflate: { level, windowBits: -12, memLevel: 9 },
  zlib: { level, windowBits: 15, memLevel: 8 },
} as const;
const inflateBits = { deflate: -15, zlib: 15 } as const;

function packBytes(packing: Packing, bytes: Uint8Array): Buffer {
  const chunkSize = bytes.length + slackBytes;
  switch (packing) {
    case 'deflate':
      return deflateRawSync(bytes, { ...deflateChoices.deflate, windowBits: 12, chunkSize });
    case 'zlib':
      return deflateSync(bytes, { ...deflateChoices.zlib, chunkSize });
    case 'zstd': {
      // a compressor that knows how little is to come takes a fraction of the time to set up
      const params = { [zstdLevelParameter]: zstdLevel };
      return zstdCompressSync(bytes, { params, pledgedSrcSize: bytes.length, chunkSize });
    }
  }
}

function unpackBytes(packing: Packing, stored: Uint8Array, limitBytes: number): Buffer {
  const options = { maxOutputLength: limitBytes, chunkSize: limitBytes + slackBytes };
  switch (packing) {
    case 'deflate':
      return inflateRawSync(stored, options);
    case 'zlib':
      return inflateSync(stored, options);
    case 'zstd':
      return zstdDecompressSync(frameOf(stored), options);
  }
}

/**
 * Packs or unpacks a piece into the room, and answers how much of it is used. What follows the end of the compressed
 * data is ignored. Errors: of node:zlib, also where the room is too small.
 */
export function runPiece(
  packing: Packing,
  doing: 'pack' | 'unpack',
  bytes: Uint8Array,
  room: Uint8Array,
): number {
  const { zlib, zstd } = libraries();
  if (packing === 'zstd' && zstd !== undefined)
    return doing === 'pack' ? zstd.pack(bytes, room, zstdLevel) : zstd.unpack(frameOf(bytes), room);
  if (packing !== 'zstd' && zlib !== undefined) {
    return doing === 'pack'
      ? zlib.pack(bytes, room, deflateChoices[packing])
      : zlib.unpack(bytes, room, inflateBits[packing]);
  }
  const made =
    doing === 'pack' ? packBytes(packing, bytes) : unpackBytes(packing, bytes, room.length);
  room.set(made);
  return made.length;
}

/**
 * The zstd frame at the start of the bytes, without what follows it (RFC 8878, 3.1.1): a decoder would take
 * the rest for a second frame. Bytes that are no frame are given back whole, for the decoder to refuse.
 */
function frameOf(stored: Uint8Array): Uint8Array {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0xfd2fb528) return stored;
  const descriptor = bytes[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) return stored;
    const head = bytes.readUIntLE(at, 3);
    isLast = (head & 1) === 1;
    const type = (head >>> 1) & 3;
    at += 3 + (type === 1 ? 1 : head >>> 3);
  }
  if ((descriptor & 4) !== 0) at += 4;
  return at <= bytes.length ? bytes.subarray(0, at) : stored;
}
