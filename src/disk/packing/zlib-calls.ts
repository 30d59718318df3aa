/**
 * The zlib that is part of Node.js, called as it is: one stream for a piece, into memory that is there. What node:zlib makes of each
 * piece (an object, a buffer as large as the piece, garbage) is what most of a thread's memory was. Each call makes and frees
 * all that it needs, so that nothing is lost with a thread that ends.
 *
 * The stream is `z_stream` of zlib.h where pointers have eight bytes.
 */
import { loadSymbols, pointerTo } from '#lib';

interface Calls {
  deflateInit2_(
    stream: Uint8Array,
    level: number,
    method: number,
    windowBits: number,
    memLevel: number,
    strategy: number,
    version: string,
    streamBytes: number,
  ): number;
  deflate(stream: Uint8Array, flush: number): number;
  deflateEnd(stream: Uint8Array): number;
  inflateInit2_(
    stream: Uint8Array,
    windowBits: number,
    version: string,
    streamBytes: number,
  ): number;
  inflate(stream: Uint8Array, flush: number): number;
  inflateEnd(stream: Uint8Array): number;
}

const names = [
  'deflateInit2_',
  'deflate',
  'deflateEnd',
  'inflateInit2_',
  'inflate',
  'inflateEnd',
] as const;

function isCalls(value: object): value is Calls {
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

/** Where the stream looks as it does here. */
const knownHosts: readonly string[] = ['x64', 'arm64'];
const streamBytes = 112;
const nextIn = 0;
const availableIn = 8;
const nextOut = 24;
const availableOut = 32;

/** Its first digit is what zlib compares. */
const version = '1';
const methodDeflate = 8;
const defaultStrategy = 0;
const finish = 4;
const ok = 0;
const streamEnd = 1;

export interface DeflateChoices {
  readonly level: number;
  /** Bits of the window; negative: without header and checksum (raw deflate). */
  readonly windowBits: number;
  readonly memLevel: number;
}

export interface Zlib {
  /** Bytes of the room that are used. Errors: where the room is too small. */
  pack(bytes: Uint8Array, room: Uint8Array, choices: DeflateChoices): number;
  /** The same; what follows the end of the stream is ignored. Errors: also for what is no stream, or ends before its end. */
  unpack(bytes: Uint8Array, room: Uint8Array, windowBits: number): number;
}

/** Undefined where it cannot be called. */
export function loadZlib(): Zlib | undefined {
  const calls = loadSymbols({
    deflateInit2_: {
      arguments: ['pointer', 'int32', 'int32', 'int32', 'int32', 'int32', 'string', 'int32'],
      return: 'int32',
    },
    deflate: { arguments: ['pointer', 'int32'], return: 'int32' },
    deflateEnd: { arguments: ['pointer'], return: 'int32' },
    inflateInit2_: { arguments: ['pointer', 'int32', 'string', 'int32'], return: 'int32' },
    inflate: { arguments: ['pointer', 'int32'], return: 'int32' },
    inflateEnd: { arguments: ['pointer'], return: 'int32' },
  });
  if (calls === undefined || !isCalls(calls) || !knownHosts.includes(process.arch))
    return undefined;
  // not of the pool: memory that V8 does not move
  const stream = Buffer.allocUnsafeSlow(streamBytes);
  const aim = (bytes: Uint8Array, room: Uint8Array): void => {
    stream.fill(0);
    stream.writeBigUInt64LE(pointerTo(bytes), nextIn);
    stream.writeUInt32LE(bytes.length, availableIn);
    stream.writeBigUInt64LE(pointerTo(room), nextOut);
    stream.writeUInt32LE(room.length, availableOut);
  };
  const used = (result: number, room: Uint8Array): number => {
    if (result === streamEnd) return room.length - stream.readUInt32LE(availableOut);
    throw new Error(`zlib refuses the data, or there is too little room (${result})`);
  };
  const demand = (result: number): void => {
    if (result !== ok) throw new Error(`zlib cannot begin (${result})`);
  };
  return {
    pack(bytes, room, { level, windowBits, memLevel }) {
      aim(bytes, room);
      demand(
        calls.deflateInit2_(
          stream,
          level,
          methodDeflate,
          windowBits,
          memLevel,
          defaultStrategy,
          version,
          streamBytes,
        ),
      );
      try {
        return used(calls.deflate(stream, finish), room);
      } finally {
        calls.deflateEnd(stream);
      }
    },
    unpack(bytes, room, windowBits) {
      aim(bytes, room);
      demand(calls.inflateInit2_(stream, windowBits, version, streamBytes));
      try {
        return used(calls.inflate(stream, finish), room);
      } finally {
        calls.inflateEnd(stream);
      }
    },
  };
}
