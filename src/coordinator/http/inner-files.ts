/** A file out of a disk as an answer: its name and, where it is known, its length go before. */
import type { Readable } from 'node:stream';
import { readInnerFile } from '../app/host-disk-files.ts';
import type { ConsoleParts } from '../app/vm/console-vm.ts';
import type { RouteRequest } from './route-handler.ts';

export async function sendInnerFile(
  parts: ConsoleParts,
  asked: RouteRequest<'host.disk.file'>,
): Promise<Readable> {
  const { caller, id, query, signal } = asked;
  const { name, sizeBytes, content } = await readInnerFile(parts, caller, id, query, signal);
  asked.setHeader(
    'content-disposition',
    `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
  );
  if (sizeBytes !== undefined) asked.setHeader('content-length', String(sizeBytes));
  return content;
}
