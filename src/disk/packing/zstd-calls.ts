/**
 * The zstd that is part of Node.js, called as it is: one call for a piece, into memory that is there. What node:zlib
 * makes of each piece (a stream, a buffer, garbage) takes as long again as the piece. What zstd works with is made once, which
 * saves a fifth of the time of packing and a quarter of unpacking, and lies in memory of V8 (ZSTD_initStaticCCtx of zstd.h), so
 * that nothing is lost with a thread that ends.
 */
import { loadSymbols, pointerTo } from '#lib';

interface Calls {
  ZSTD_compress(
    into: Uint8Array,
    roomBytes: bigint,
    from: Uint8Array,
    bytes: bigint,
    level: number,
  ): bigint;
  ZSTD_decompress(into: Uint8Array, roomBytes: bigint, from: Uint8Array, bytes: bigint): bigint;
  ZSTD_compressCCtx(
    context: bigint,
    into: Uint8Array,
    roomBytes: bigint,
    from: Uint8Array,
    bytes: bigint,
    level: number,
  ): bigint;
  ZSTD_decompressDCtx(
    context: bigint,
    into: Uint8Array,
    roomBytes: bigint,
    from: Uint8Array,
    bytes: bigint,
  ): bigint;
  ZSTD_estimateCCtxSize(level: number): bigint;
  ZSTD_estimateDCtxSize(): bigint;
  ZSTD_initStaticCCtx(memory: bigint, bytes: bigint): bigint;
  ZSTD_initStaticDCtx(memory: bigint, bytes: bigint): bigint;
  ZSTD_isError(result: bigint): number;
}

const room = ['pointer', 'uint64', 'pointer', 'uint64'] as const;
const memory = { arguments: ['pointer', 'uint64'], return: 'pointer' } as const;

const signatures = {
  ZSTD_compress: { arguments: [...room, 'int32'], return: 'uint64' },
  ZSTD_decompress: { arguments: [...room], return: 'uint64' },
  ZSTD_compressCCtx: { arguments: ['pointer', ...room, 'int32'], return: 'uint64' },
  ZSTD_decompressDCtx: { arguments: ['pointer', ...room], return: 'uint64' },
  ZSTD_estimateCCtxSize: { arguments: ['int32'], return: 'uint64' },
  ZSTD_estimateDCtxSize: { arguments: [], return: 'uint64' },
  ZSTD_initStaticCCtx: memory,
  ZSTD_initStaticDCtx: memory,
  ZSTD_isError: { arguments: ['uint64'], return: 'uint32' },
} as const;

function isCalls(value: object): value is Calls {
  return Object.keys(signatures).every((name) => typeof Reflect.get(value, name) === 'function');
}

/** More than zstd asks for at any level that we use: what it says is not believed beyond that. */
const maxContextBytes = 16 * 1024 * 1024;

interface Context {
  /** Held for as long as zstd works in it. */
  readonly memory: Buffer;
  readonly at: bigint;
}

/** Undefined where zstd does not take the memory. */
function makeContext(
  bytes: bigint,
  begin: (memory: bigint, bytes: bigint) => bigint,
): Context | undefined {
  if (bytes > maxContextBytes) return undefined;
  // not of the pool: memory that V8 does not move, and that begins where zstd wants it
  const memory = Buffer.allocUnsafeSlow(Number(bytes));
  const at = begin(pointerTo(memory), bytes);
  return at === 0n ? undefined : { memory, at };
}

export interface Zstd {
  /** Bytes of the room that are used. Errors: where the room is too small. */
  pack(bytes: Uint8Array, room: Uint8Array, level: number): number;
  /** The same; the bytes are one frame. Errors: also for what is no frame. */
  unpack(bytes: Uint8Array, room: Uint8Array): number;
}

/** Undefined where it cannot be called. */
export function loadZstd(): Zstd | undefined {
  const calls = loadSymbols(signatures);
  if (calls === undefined || !isCalls(calls)) return undefined;
  const isError = (result: bigint): boolean => calls.ZSTD_isError(result) !== 0;
  const demand = (result: bigint): number => {
    if (!isError(result)) return Number(result);
    throw new Error('zstd refuses the data, or there is too little room');
  };
  const packers = new Map<number, Context | undefined>();
  const packerFor = (level: number): Context | undefined => {
    if (!packers.has(level)) {
      const bytes = calls.ZSTD_estimateCCtxSize(level);
      packers.set(level, makeContext(bytes, calls.ZSTD_initStaticCCtx.bind(calls)));
    }
    return packers.get(level);
  };
  let unpacker: { readonly context: Context | undefined } | undefined;
  return {
    pack(bytes, into, level) {
      const [roomBytes, length] = [BigInt(into.length), BigInt(bytes.length)];
      const context = packerFor(level);
      if (context !== undefined) {
        const made = calls.ZSTD_compressCCtx(context.at, into, roomBytes, bytes, length, level);
        if (!isError(made)) return Number(made);
      }
      // a piece for which what was made does not suffice
      return demand(calls.ZSTD_compress(into, roomBytes, bytes, length, level));
    },
    unpack(bytes, into) {
      const [roomBytes, length] = [BigInt(into.length), BigInt(bytes.length)];
      unpacker ??= {
        context: makeContext(calls.ZSTD_estimateDCtxSize(), calls.ZSTD_initStaticDCtx.bind(calls)),
      };
      const { context } = unpacker;
      return demand(
        context === undefined
          ? calls.ZSTD_decompress(into, roomBytes, bytes, length)
          : calls.ZSTD_decompressDCtx(context.at, into, roomBytes, bytes, length),
      );
    },
  };
}
