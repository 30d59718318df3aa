/**
 * A file of this computer to a host, in parts, by whatever client: each part goes on where the host says that it is. A way that breaks
 * is tried again; whoever begins again with the same fingerprint goes on where it was.
 */
import { isFault, systemClock } from '#lib';
import type { Client, UploadBody } from './client.ts';
import type { Operation } from './operation.ts';
import { TransferRate, type TransferProgress } from './transfer-progress.ts';
import type { HostUpload, UploadBegin } from './upload.ts';

const leastPartBytes = 1024 ** 2;
const firstPartBytes = 4 * 1024 ** 2;
/** A browser may have all of a part in memory. */
const mostPartBytes = 16 * 1024 ** 2;
/** A part that takes longer is too long, and one that takes less than a third of it too short. */
const partMs = 3000;
const firstPauseMs = 500;
/** Attempts that bring nothing, one after the other. */
const maxIdle = 6;

/** What is sent, as much of it at once as one part has. */
export interface SentContent {
  readonly sizeBytes: number;
  part(offset: number, length: number): UploadBody;
}

/** A file that a page was given. */
export function contentOf(blob: Blob): SentContent {
  return {
    sizeBytes: blob.size,
    part: (offset, length) => blob.slice(offset, offset + length),
  };
}

export interface SendFile {
  readonly host: string;
  readonly begin: UploadBegin;
  readonly content: SentContent;
  /** Of all of it in hexadecimal, where it is known when all is sent. */
  readonly sha256?: (() => Promise<string>) | undefined;
  readonly signal: AbortSignal;
  readonly onBegun?: (upload: HostUpload) => void;
  readonly onProgress: (progress: TransferProgress) => void;
  readonly onBreak?: (why: unknown) => void;
}

/** All of which is on the host, under no name: what a request is told of it. */
export interface SentFile {
  readonly file: string;
  readonly upload: string;
  readonly sha256?: string;
}

/** Answers the operation that gives the file its name. Errors: the server's; `unavailable` when it breaks again and again. */
export async function sendFile(client: Client, work: SendFile): Promise<Operation> {
  const { replaces } = work.begin;
  const body = { verb: 'upload', ...(await sendContent(client, work)), replaces } as const;
  return await client.call('host.disk.work', { params: { host: work.host }, body }, work.signal);
}

/** As `sendFile`, for what is done with it before it has a name. */
export async function sendContent(client: Client, work: SendFile): Promise<SentFile> {
  const { host, begin, signal } = work;
  const params = { host };
  const upload = await client.call('host.upload.begin', { params, body: begin }, signal);
  work.onBegun?.(upload);
  await sendParts(client, work, upload);
  const sha256 = await work.sha256?.();
  const { id, file } = upload;
  return { file, upload: id, ...(sha256 === undefined ? {} : { sha256 }) };
}

async function sendParts(client: Client, work: SendFile, upload: HostUpload): Promise<void> {
  const { content, signal } = work;
  const params = { host: work.host, upload: upload.id };
  const rate = new TransferRate(upload.receivedBytes, content.sizeBytes);
  let offset = upload.receivedBytes;
  let partBytes = firstPartBytes;
  for (let idle = 0; offset < content.sizeBytes;) {
    work.onProgress(rate.at(offset));
    const begunMs = performance.now();
    const before = offset;
    try {
      const length = Math.min(partBytes, content.sizeBytes - offset);
      const part = content.part(offset, length);
      const request = { params, query: { offset }, upload: part };
      offset = (await client.call('host.upload.send', request, signal)).receivedBytes;
      partBytes = fittingPart(partBytes, performance.now() - begunMs);
      idle = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!mayMend(error)) throw error;
      work.onBreak?.(error);
      partBytes = Math.max(leastPartBytes, partBytes / 2);
      await systemClock.sleep(firstPauseMs * 2 ** idle, signal);
      offset = await askOffset(client, params, before, signal);
      idle = offset === before ? idle + 1 : 0;
      if (idle > maxIdle) throw error;
    }
  }
  work.onProgress(rate.at(offset));
}

function fittingPart(bytes: number, ms: number): number {
  if (ms > partMs) return Math.max(leastPartBytes, bytes / 2);
  return ms < partMs / 3 ? Math.min(mostPartBytes, bytes * 2) : bytes;
}

/** Where the host is; where it was when it cannot be asked. */
async function askOffset(
  client: Client,
  params: { readonly host: string; readonly upload: string },
  before: number,
  signal: AbortSignal,
): Promise<number> {
  try {
    return (await client.call('host.upload.show', { params }, signal)).receivedBytes;
  } catch (error) {
    signal.throwIfAborted();
    if (mayMend(error)) return before;
    throw error;
  }
}

/** The server or the way to it; or the part began elsewhere than the host is. */
function mayMend(error: unknown): boolean {
  return (['unavailable', 'timeout', 'stale', 'rate-limited'] as const).some((code) =>
    isFault(error, code),
  );
}
