/** A file of this machine on its way to a host: what it is to be compared with is read beside the sending. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { sendContent, type Operation, type SentFile, type UploadBegin } from '#api';
import type { Run } from '../command.ts';
import { verbOptions } from '../disk/progress.ts';
import type { FileContent } from './content.ts';

const hashedBytes = 256 * 1024;

export interface Upload {
  readonly host: string;
  /** By its path here. */
  readonly source: string;
  readonly content: FileContent;
  readonly begin: UploadBegin;
  /** What the file is known to have, in hexadecimal. */
  readonly sha256?: string | undefined;
}

type SendRun = Pick<Run, 'client' | 'out' | 'format' | 'signal'>;

/** Answers the operation that gives it its name on the host. Errors: as `sendFile`. */
export async function upload(run: SendRun, asked: Upload): Promise<Operation> {
  const { replaces } = asked.begin;
  const body = { verb: 'upload', ...(await send(run, asked)), replaces } as const;
  return await run.client.call(
    'host.disk.work',
    { params: { host: asked.host }, body },
    run.signal,
  );
}

/** All of it is on the host then, under no name. Errors: as `sendContent`. */
export async function send(
  run: SendRun,
  { host, source, content, begin, sha256 }: Upload,
): Promise<SentFile> {
  const { client, out, signal } = run;
  const sum = sha256Of(source, signal);
  sum.catch(() => undefined);
  const sent = await sendContent(client, {
    ...verbOptions(run, source),
    host,
    begin,
    content,
    // The whole is compared with what has come, wherever it came from.
    sha256: async () => sha256?.toLowerCase() ?? (await sum),
    onBreak: () => out.note(`${source}: the connection broke, and is tried again`),
  });
  out.status('');
  return sent;
}

/** With one buffer for all of it: what is read is no garbage. */
async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(hashedBytes);
  await using file = await open(path, 'r');
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}
