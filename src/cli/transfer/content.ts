/** A file of this machine that is sent, read a part at a time: a blob of a file has at most 4 GiB (Node.js 26). */
import { open, type FileHandle } from 'node:fs/promises';
import { packingHeadBytes, packingOf, type Packing, type SentContent } from '#api';
import { Fault } from '#lib';

export interface FileContent extends SentContent, AsyncDisposable {
  /** The same as long as nobody writes to it. */
  readonly fingerprint: string;
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
    async part(offset, length) {
      return new Blob([await readPart(file, path, offset, length)]);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
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
