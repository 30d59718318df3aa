/** What each request does to the export, and the reply that tells it (proto.md, "Request types"). */
import { AssertionError, toFault, type Fault } from '#lib';
import type { BufferPool } from './buffer-pool.ts';
import type { Export } from './export.ts';
import type { Agreement } from './handshake.ts';
import { maxExtents, zeroPieceBytes } from './limits.ts';
import { doneReply, errorReply, readReply, statusReply, type Extent } from './replies.ts';
import type { Request } from './requests.ts';
import {
  NBD_CMD_BLOCK_STATUS,
  NBD_CMD_FLAG_FUA,
  NBD_CMD_FLAG_NO_HOLE,
  NBD_CMD_FLAG_REQ_ONE,
  NBD_CMD_FLUSH,
  NBD_CMD_READ,
  NBD_CMD_TRIM,
  NBD_CMD_WRITE,
  NBD_CMD_WRITE_ZEROES,
  NBD_EINVAL,
  NBD_EIO,
  NBD_ENOSPC,
  NBD_EPERM,
  NBD_STATE_HOLE,
  NBD_STATE_ZERO,
} from './wire.ts';

const zeros = Buffer.alloc(zeroPieceBytes);

export interface PerformParts {
  /** Of replies, which are given back when they have left. */
  readonly pool: BufferPool;
  readonly onFault: (fault: Fault) => void;
}

/** The reply to a request that was judged. What fails is told to the client by number, to `onFault` in words. */
export async function perform(
  request: Request,
  payload: Buffer,
  agreed: Agreement,
  { pool, onFault }: PerformParts,
): Promise<Buffer> {
  const { served, replies } = agreed;
  try {
    if (request.type === NBD_CMD_READ) {
      const { reply, content } = readReply(request, replies, (length) => pool.take(length));
      await served.read(content, request.offset);
      return reply;
    }
    if (request.type === NBD_CMD_BLOCK_STATUS)
      return statusReply(request, await readExtents(served, request));
    await change(request, payload, served);
    if ((request.flags & NBD_CMD_FLAG_FUA) !== 0) await served.flush();
    return doneReply(request, replies);
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    const fault = toFault(error);
    onFault(fault);
    return errorReply(request, replies, errorNumber(fault));
  }
}

async function change(request: Request, payload: Buffer, served: Export): Promise<void> {
  const { type, flags, offset, length } = request;
  if (type === NBD_CMD_FLUSH) await served.flush();
  else if (type === NBD_CMD_WRITE) await served.write(payload, offset);
  else if (type === NBD_CMD_WRITE_ZEROES && (flags & NBD_CMD_FLAG_NO_HOLE) !== 0 && !served.isThin)
    await writeZeros(served, offset, length);
  else if (type === NBD_CMD_WRITE_ZEROES || type === NBD_CMD_TRIM)
    await served.zero(offset, length);
}

/** Takes the space of what will be written there later. */
async function writeZeros(served: Export, offset: number, length: number): Promise<void> {
  for (let done = 0; done < length; done += zeros.length)
    await served.write(zeros.subarray(0, Math.min(zeros.length, length - done)), offset + done);
}

async function readExtents(served: Export, request: Request): Promise<Extent[]> {
  const { offset, length, flags } = request;
  const most = (flags & NBD_CMD_FLAG_REQ_ONE) !== 0 ? 1 : maxExtents;
  const extents: Extent[] = [];
  for (let done = 0; done < length;) {
    const run = await served.runAt(offset + done, length - done);
    const state = run.kind === 'zero' ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0;
    const last = extents.at(-1);
    if (last?.state === state)
      extents[extents.length - 1] = { state, length: last.length + run.length };
    else if (extents.length === most) break;
    else extents.push({ state, length: run.length });
    done += run.length;
  }
  return extents;
}

const errorNumbers: Partial<Record<Fault['code'], number>> = {
  exhausted: NBD_ENOSPC,
  forbidden: NBD_EPERM,
  refused: NBD_EPERM,
  invalid: NBD_EINVAL,
};

function errorNumber({ code }: Fault): number {
  return errorNumbers[code] ?? NBD_EIO;
}
