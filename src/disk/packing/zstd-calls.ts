/**
 * The zstd that is part of Node.js, called as it is: one call for a piece, into memory that is there. What node:zlib
 * makes of each piece (a stream, a buffer, garbage) takes as long again as the piece. Each call makes and frees all
 * that it needs, so that nothing is lost with a thread that ends.
 */
import { loadSymbols } from '#lib';

interface Calls {
  ZSTD_compress(
    into: Uint8Array,
    roomBytes: bigint,
    from: Uint8Array,
    bytes: bigint,
    level: number,
  ): bigint;
  ZSTD_decompress(into: Uint8Array, roomBytes: bigint, from: Uint8Array, bytes: bigint): bigint;
  ZSTD_isError(result: bigint): number;
}

const names = ['ZSTD_compress', 'ZSTD_decompress', 'ZSTD_isError'] as const;

function isCalls(value: object): value is Calls {
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

const room = ['pointer', 'uint64', 'pointer', 'uint64'] as const;

export interface Zstd {
  /** Bytes of the room that are used. Errors: where the room is too small. */
  pack(bytes: Uint8Array, room: Uint8Array, level: number): number;
  /** The same; the bytes are one frame. Errors: also for what is no frame. */
  unpack(bytes: Uint8Array, room: Uint8Array): number;
}

/** Undefined where it cannot be called. */
export function loadZstd(): Zstd | undefined {
  const calls = loadSymbols({
    ZSTD_compress: { arguments: [...room, 'int32'], return: 'uint64' },
    ZSTD_decompress: { arguments: [...room], return: 'uint64' },
    ZSTD_isError: { arguments: ['uint64'], return: 'uint32' },
  });
  if (calls === undefined || !isCalls(calls)) return undefined;
  const demand = (result: bigint): number => {
    if (calls.ZSTD_isError(result) === 0) return Number(result);
    throw new Error('zstd refuses the data, or there is too little room');
  };
  return {
    pack: (bytes, into, level) =>
      demand(calls.ZSTD_compress(into, BigInt(into.length), bytes, BigInt(bytes.length), level)),
    unpack: (bytes, into) =>
      demand(calls.ZSTD_decompress(into, BigInt(into.length), bytes, BigInt(bytes.length))),
  };
}
