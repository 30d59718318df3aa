/**
 * What two agents say to each other over a stream by which the files of a vm travel (docs/rfd/0030). Each frame is
 *
 *   kind, 1 byte | length of the rest, 4 bytes, big-endian | the rest
 *
 *   receiver   want     JSON: which files, from where on
 *   sender     data     number of the file, 4 bytes; offset in it, 8 bytes; bytes
 *              segment  number of the file, 4 bytes; where the segment ends, 8 bytes; SHA-256 of its data
 *              end      nothing: all was sent
 *              trouble  UTF-8: why there will be no more
 *
 * What is in no data frame is a hole. A segment's sum is that of its data frames, each by its offset, its length (both 8
 * bytes, big-endian) and its bytes.
 */
import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { Fault, kiB, miB } from '#lib';

export const maxDataBytes = 256 * kiB;
/** After so much of a file the receiver knows that it is right, and begins there again after a break. */
export const segmentBytes = 64 * miB;

const kinds = ['want', 'data', 'segment', 'end', 'trouble'] as const;
type Kind = (typeof kinds)[number];
const headBytes = 5;
const placeBytes = 12;
const sumBytes = 32;
const maxRest = placeBytes + maxDataBytes;

const wantSchema = z.strictObject({
  /** Of the list of files, by which both know that they speak of the same. */
  list: z.string().max(64),
  file: z.number().int().min(0),
  offset: z.number().int().min(0),
});
export type Want = z.infer<typeof wantSchema>;

export type Frame =
  | { readonly kind: 'want'; readonly want: Want }
  | {
      readonly kind: 'data';
      readonly file: number;
      readonly offset: number;
      readonly bytes: Buffer;
    }
  | {
      readonly kind: 'segment';
      readonly file: number;
      readonly end: number;
      readonly sum: Buffer;
    }
  | { readonly kind: 'end' }
  | { readonly kind: 'trouble'; readonly why: string };

function frame(kind: Kind, ...rest: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(kinds.indexOf(kind), 0);
  head.writeUInt32BE(
    rest.reduce((sum, { length }) => sum + length, 0),
    1,
  );
  return Buffer.concat([head, ...rest]);
}

function place(file: number, at: number): Buffer {
  const bytes = Buffer.alloc(placeBytes);
  bytes.writeUInt32BE(file, 0);
  bytes.writeBigUInt64BE(BigInt(at), 4);
  return bytes;
}

export const wantFrame = (want: Want): Buffer => frame('want', Buffer.from(JSON.stringify(want)));
export const dataFrame = (file: number, offset: number, bytes: Buffer): Buffer =>
  frame('data', place(file, offset), bytes);
export const segmentFrame = (file: number, end: number, sum: Buffer): Buffer =>
  frame('segment', place(file, end), sum);
export const endFrame = (): Buffer => frame('end');
export const troubleFrame = (why: string): Buffer => frame('trouble', Buffer.from(why));

/** The sum of a segment while its data passes. */
export class SegmentSum {
  #hash: Hash = createHash('sha256');

  add(offset: number, bytes: Buffer): void {
    const head = Buffer.alloc(16);
    head.writeBigUInt64BE(BigInt(offset), 0);
    head.writeBigUInt64BE(BigInt(bytes.length), 8);
    this.#hash.update(head).update(bytes);
  }

  /** And begins the next one. */
  take(): Buffer {
    const sum = this.#hash.digest();
    this.#hash = createHash('sha256');
    return sum;
  }
}

/** What comes out of a stream. Errors: `unavailable` where it breaks. */
async function* unbroken(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (cause) {
    throw new Fault('unavailable', 'the stream between the hosts broke', { cause });
  }
}

/** Frames out of a stream. Errors: `corrupt` for what is none; `unavailable`. */
export async function* readFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let needed = headBytes;
  for await (const chunk of unbroken(stream)) {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes < needed) continue;
    let bytes = waiting.length === 1 ? chunk : Buffer.concat(waiting);
    for (;;) {
      needed = neededFor(bytes);
      if (bytes.length < needed) break;
      yield parse(bytes.subarray(0, needed));
      bytes = bytes.subarray(needed);
    }
    waiting = [bytes];
    waitingBytes = bytes.length;
  }
  if (waitingBytes > 0) throw new Fault('corrupt', 'the stream ended within a frame');
}

function neededFor(bytes: Buffer): number {
  if (bytes.length < headBytes) return headBytes;
  const rest = bytes.readUInt32BE(1);
  if (rest > maxRest) throw new Fault('corrupt', `a frame of ${rest} bytes`);
  return headBytes + rest;
}

function parse(bytes: Buffer): Frame {
  const kind = kinds[bytes.readUInt8(0)];
  const rest = bytes.subarray(headBytes);
  switch (kind) {
    case 'want':
      return { kind, want: parseWant(rest) };
    case 'data':
      return { kind, ...placeIn(rest, 'offset'), bytes: rest.subarray(placeBytes) };
    case 'segment':
      if (rest.length !== placeBytes + sumBytes) break;
      return { kind, ...placeIn(rest, 'end'), sum: rest.subarray(placeBytes) };
    case 'end':
      return { kind };
    case 'trouble':
      return { kind, why: rest.toString('utf8').slice(0, 1000) };
    case undefined:
  }
  throw new Fault('corrupt', `a frame of the kind ${bytes.readUInt8(0)} that is none`);
}

function parseWant(rest: Buffer): Want {
  try {
    return wantSchema.parse(JSON.parse(rest.toString('utf8')));
  } catch (cause) {
    throw new Fault('corrupt', 'the other host does not say what it wants', { cause });
  }
}

function placeIn<K extends 'offset' | 'end'>(
  rest: Buffer,
  name: K,
): { readonly file: number } & Readonly<Record<K, number>> {
  if (rest.length < placeBytes) throw new Fault('corrupt', 'a frame without a place');
  const at = rest.readBigUInt64BE(4);
  if (at > BigInt(Number.MAX_SAFE_INTEGER)) throw new Fault('corrupt', `a place at ${at}`);
  return { file: rest.readUInt32BE(0), [name]: Number(at) } as { readonly file: number } & Readonly<
    Record<K, number>
  >;
}
