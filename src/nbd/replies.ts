/** Replies of the transmission phase, simple and structured (proto.md, "Simple reply message", "Structured reply chunk message"). */
import type { Agreement } from './handshake.ts';
import type { Request } from './requests.ts';
import {
  allocationContextId,
  NBD_REPLY_FLAG_DONE,
  NBD_REPLY_TYPE_BLOCK_STATUS,
  NBD_REPLY_TYPE_ERROR,
  NBD_REPLY_TYPE_NONE,
  NBD_REPLY_TYPE_OFFSET_DATA,
  NBD_SIMPLE_REPLY_MAGIC,
  NBD_STRUCTURED_REPLY_MAGIC,
} from './wire.ts';

const simpleBytes = 16;
const chunkBytes = 20;

export interface Extent {
  readonly length: number;
  /** NBD_STATE_HOLE, NBD_STATE_ZERO. */
  readonly state: number;
}

type Replies = Agreement['replies'];

type Allocate = (length: number) => Buffer;

function simpleHead(
  { cookie }: Request,
  error: number,
  bytes: Buffer = Buffer.allocUnsafe(simpleBytes),
): Buffer {
  bytes.writeUInt32BE(NBD_SIMPLE_REPLY_MAGIC, 0);
  bytes.writeUInt32BE(error, 4);
  bytes.writeBigUInt64BE(cookie, 8);
  return bytes;
}

/** Always the last chunk of its reply: this server answers each request with one. */
function chunk(
  { cookie }: Request,
  type: number,
  length: number,
  bytes: Buffer = Buffer.allocUnsafe(chunkBytes + length),
): Buffer {
  bytes.writeUInt32BE(NBD_STRUCTURED_REPLY_MAGIC, 0);
  bytes.writeUInt16BE(NBD_REPLY_FLAG_DONE, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(cookie, 8);
  bytes.writeUInt32BE(length, 16);
  return bytes;
}

/** Without content. */
export function doneReply(request: Request, replies: Replies): Buffer {
  return replies === 'simple' ? simpleHead(request, 0) : chunk(request, NBD_REPLY_TYPE_NONE, 0);
}

export function errorReply(request: Request, replies: Replies, error: number): Buffer {
  if (replies === 'simple') return simpleHead(request, error);
  const bytes = chunk(request, NBD_REPLY_TYPE_ERROR, 6);
  bytes.writeUInt32BE(error, chunkBytes);
  bytes.writeUInt16BE(0, chunkBytes + 4);
  return bytes;
}

/** A whole reply to a read, and the part of it that is to be filled with what was read. */
export function readReply(
  request: Request,
  replies: Replies,
  allocate: Allocate,
): { readonly reply: Buffer; readonly content: Buffer } {
  if (replies === 'simple') {
    const reply = simpleHead(request, 0, allocate(simpleBytes + request.length));
    return { reply, content: reply.subarray(simpleBytes) };
  }
  const length = 8 + request.length;
  const reply = chunk(request, NBD_REPLY_TYPE_OFFSET_DATA, length, allocate(chunkBytes + length));
  reply.writeBigUInt64BE(BigInt(request.offset), chunkBytes);
  return { reply, content: reply.subarray(chunkBytes + 8) };
}

export function statusReply(request: Request, extents: readonly Extent[]): Buffer {
  const bytes = chunk(request, NBD_REPLY_TYPE_BLOCK_STATUS, 4 + extents.length * 8);
  bytes.writeUInt32BE(allocationContextId, chunkBytes);
  for (const [index, { length, state }] of extents.entries()) {
    bytes.writeUInt32BE(length, chunkBytes + 4 + index * 8);
    bytes.writeUInt32BE(state, chunkBytes + 8 + index * 8);
  }
  return bytes;
}
