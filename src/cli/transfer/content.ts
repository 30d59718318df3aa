/** A file of this machine that is sent, read piece by piece: a blob of a file has at most 4 GiB (Node.js 26). */
import { open, type FileHandle } from 'node:fs/promises';
import {
  packingHeadBytes,
  packingOf,
  type Packing,
  type SentContent,
  type StreamedBytes,
} from '#api';
import { Fault } from '#lib';

/** What is read, and sent, at once. */
const pieceBytes = 256 * 1024;

export interface FileContent extends SentContent, AsyncDisposable {
  /** The same as long as nobody writes to it. */
  readonly fingerprint: string;
  part(offset: number, length: number): StreamedBytes;
  /** As its first bytes tell, whatever it is called. */
  packing(): Promise<Packing>;
}

/** Faults: `not-found`; `invalid` for what is no regular file; `stale` where it becomes shorter. */
export async function openContent(path: string): Promise<FileContent> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new Fault('not-found', `cannot read ${path}`, { cause });
  });
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    throw new Fault('invalid', `${path} is no regular file`);
  }
  const { size: sizeBytes, mtimeMs } = stats;
  return {
    sizeBytes,
    fingerprint: `${sizeBytes}-${mtimeMs}`,
    async packing() {
      return packingOf(await readPart(file, path, 0, Math.min(packingHeadBytes, sizeBytes)));
    },
    part: (offset, length) => ({
      sizeBytes: length,
      bytes: streamPart(file, path, offset, length),
    }),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Read as it is taken. Errors: `stale` where the file has become shorter. */
function streamPart(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): ReadableStream<Uint8Array> {
  let given = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await readPart(
          file,
          path,
          offset + given,
          Math.min(pieceBytes, length - given),
        );
        given += bytes.length;
        controller.enqueue(bytes);
        if (given === length) controller.close();
      },
    },
    { highWaterMark: 1 },
  );
}

async function readPart(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const into = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(into, at, length - at, offset + at);
    if (bytesRead === 0) throw new Fault('stale', `${path} has become shorter while it was sent`);
    at += bytesRead;
  }
  return into;
}
