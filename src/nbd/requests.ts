/** Requests of the transmission phase: read off the wire and judged, before anything is done for them. Pure. */
import { Fault } from '#lib';
import type { Agreement } from './handshake.ts';
import { maxPayloadBytes } from './limits.ts';
import {
  NBD_CMD_BLOCK_STATUS,
  NBD_CMD_DISC,
  NBD_CMD_FLAG_DF,
  NBD_CMD_FLAG_FUA,
  NBD_CMD_FLAG_NO_HOLE,
  NBD_CMD_FLAG_REQ_ONE,
  NBD_CMD_FLUSH,
  NBD_CMD_READ,
  NBD_CMD_TRIM,
  NBD_CMD_WRITE,
  NBD_CMD_WRITE_ZEROES,
  NBD_EINVAL,
  NBD_ENOSPC,
  NBD_EPERM,
  NBD_REQUEST_MAGIC,
} from './wire.ts';

export const requestBytes = 28;

export interface Request {
  readonly flags: number;
  readonly type: number;
  /** The client's own, sent back with the reply. */
  readonly cookie: bigint;
  readonly offset: number;
  readonly length: number;
}

/** Faults: `invalid` when the client is out of step: nothing that follows can be trusted. */
export function readRequest(header: Buffer): Request {
  if (header.readUInt32BE(0) !== NBD_REQUEST_MAGIC)
    throw new Fault('invalid', 'the nbd client sent something that is no request');
  return {
    flags: header.readUInt16BE(4),
    type: header.readUInt16BE(6),
    cookie: header.readBigUInt64BE(8),
    // Beyond 2^53 it is not exact any more, and far beyond the end of every export.
    offset: Number(header.readBigUInt64BE(16)),
    length: header.readUInt32BE(24),
  };
}

/** Bytes that follow a request. */
export function payloadBytes({ type, length }: Request): number {
  return type === NBD_CMD_WRITE ? length : 0;
}

/** Flags that each command knows. */
const knownFlags: Readonly<Record<number, number>> = {
  [NBD_CMD_READ]: NBD_CMD_FLAG_DF,
  [NBD_CMD_WRITE]: NBD_CMD_FLAG_FUA,
  [NBD_CMD_DISC]: 0,
  [NBD_CMD_FLUSH]: 0,
  [NBD_CMD_TRIM]: NBD_CMD_FLAG_FUA,
  [NBD_CMD_WRITE_ZEROES]: NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE,
  [NBD_CMD_BLOCK_STATUS]: NBD_CMD_FLAG_REQ_ONE,
};

const writing: ReadonlySet<number> = new Set([NBD_CMD_WRITE, NBD_CMD_TRIM, NBD_CMD_WRITE_ZEROES]);
const carrying: ReadonlySet<number> = new Set([NBD_CMD_READ, NBD_CMD_WRITE]);

/** What stands against a request, as an error number of the protocol; undefined: nothing. */
export function judgeRequest(request: Request, agreed: Agreement): number | undefined {
  const { type, flags, offset, length } = request;
  const { served } = agreed;
  const known = knownFlags[type];
  // A flag that only later versions know on this command is no reason to fail it, but FUA that is not kept would be.
  if (known === undefined || (flags & ~(known | NBD_CMD_FLAG_FUA)) !== 0) return NBD_EINVAL;
  if (type === NBD_CMD_DISC || type === NBD_CMD_FLUSH) return undefined;
  if (type === NBD_CMD_BLOCK_STATUS && agreed.allocation === 'not-told') return NBD_EINVAL;
  if (writing.has(type) && !served.isWritable) return NBD_EPERM;
  if (length === 0 || offset % served.sectorBytes !== 0 || length % served.sectorBytes !== 0)
    return NBD_EINVAL;
  if (carrying.has(type) && length > maxPayloadBytes) return NBD_EINVAL;
  if (offset + length > served.sizeBytes) return writing.has(type) ? NBD_ENOSPC : NBD_EINVAL;
  return undefined;
}
