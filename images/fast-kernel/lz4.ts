/**
 * LZ4 block compression (the block format of lz4's lz4_Block_format.md), for data that stub.S unpacks.
 * Greedy with one candidate per hash: as fast to unpack as any, a little larger.
 */
import { setImmediate } from 'node:timers/promises';

const minMatch = 4;
/** The block format's end rules: the last match starts 12 bytes before the end, the last 5 are literals. */
const lastMatchMargin = 12;
const lastLiterals = 5;
const maxDistance = 65_535;
const hashBits = 16;
/** After so much input others get their turn. */
const turnBytes = 512 * 1024;

/**
 * The compressed block; it has no header and does not say its size. A second of work for a kernel, during
 * which others in this process get their turn.
 */
export async function compressLz4(input: Buffer): Promise<Buffer> {
  const output = Buffer.alloc(input.length + Math.ceil(input.length / 255) + 16);
  const table = new Int32Array(1 << hashBits).fill(-1);
  const matchLimit = input.length - lastMatchMargin;
  let out = 0;
  let anchor = 0;
  let at = 0;
  let turnAt = turnBytes;
  while (at < matchLimit) {
    if (at >= turnAt) {
      turnAt = at + turnBytes;
      await setImmediate();
    }
    const word = input.readInt32LE(at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
    const candidate = table[slot] ?? -1;
    table[slot] = at;
    const isMatch =
      candidate >= 0 && at - candidate <= maxDistance && input.readInt32LE(candidate) === word;
    if (!isMatch) {
      at += 1;
      continue;
    }
    const end = matchEnd(input, candidate, at);
    out = writeSequence(output, out, input.subarray(anchor, at), at - candidate, end - at);
    at = end;
    anchor = end;
  }
  out = writeLiterals(output, out, input.subarray(anchor), 0);
  return output.subarray(0, out);
}

function matchEnd(input: Buffer, candidate: number, at: number): number {
  const limit = input.length - lastLiterals;
  let end = at + minMatch;
  let from = candidate + minMatch;
  while (end < limit && input[end] === input[from]) {
    end += 1;
    from += 1;
  }
  return end;
}

function writeSequence(
  output: Buffer,
  offset: number,
  literals: Buffer,
  distance: number,
  length: number,
): number {
  const extra = length - minMatch;
  let out = writeLiterals(output, offset, literals, Math.min(extra, 15));
  out = output.writeUInt16LE(distance, out);
  return extra >= 15 ? writeLength(output, out, extra - 15) : out;
}

function writeLiterals(output: Buffer, offset: number, literals: Buffer, low: number): number {
  output[offset] = (Math.min(literals.length, 15) << 4) | low;
  let out = offset + 1;
  if (literals.length >= 15) out = writeLength(output, out, literals.length - 15);
  return out + literals.copy(output, out);
}

function writeLength(output: Buffer, offset: number, length: number): number {
  let out = offset;
  let rest = length;
  for (; rest >= 255; rest -= 255) output[out++] = 255;
  output[out] = rest;
  return out + 1;
}
