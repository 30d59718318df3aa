/** Files on their way to hosts, and files of hosts as answers: whole or in part, with what a client needs to go on where it was (RFC 9110 8.8, 13, 14). */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import {
  beginUpload,
  cancelUpload,
  diskOfVm,
  findUpload,
  listUploads,
  lookAtFile,
  readFilePart,
  sendUpload,
  type SourceOnHost,
} from '../app/host-files.ts';
import { listImportSources } from '../app/vm/import-sources.ts';
import { listMediaOfHost } from '../app/vm/known-media.ts';
import type { ConsoleParts } from '../app/vm/console-vm.ts';
import { chooseRange, writeContentRange } from './content-range.ts';
import type { Handlers, RouteRequest } from './route-handler.ts';

export function hostFileHandlers(
  parts: ConsoleParts,
): Pick<
  Handlers,
  | 'host.file.content'
  | 'vm.disk.content'
  | 'host.medium.list'
  | 'host.import-source.list'
  | `host.upload.${'list' | 'begin' | 'show' | 'send' | 'cancel'}`
> {
  const { coordinator } = parts;
  return {
    'host.medium.list': ({ caller, id, signal }) =>
      listMediaOfHost(coordinator, caller, id, signal),
    'host.import-source.list': ({ caller, id, signal }) =>
      listImportSources(coordinator, caller, id, signal),
    'host.upload.list': async ({ id, signal }) => ({
      items: [...(await listUploads(coordinator, id, signal))],
    }),
    'host.upload.begin': ({ caller, id, body, query: { dryRun }, signal }) =>
      beginUpload(coordinator, caller, id, body, { dryRun, signal }),
    'host.upload.show': ({ id, params, signal }) =>
      findUpload(coordinator, id, params.upload, signal),
    'host.upload.send': ({ id, params, query: { offset }, upload, signal }) =>
      sendUpload(parts, id, { id: params.upload, offset }, upload, signal),
    'host.upload.cancel': ({ id, params, query: { dryRun }, signal }) =>
      cancelUpload(coordinator, id, params.upload, { dryRun, signal }),
    'host.file.content': (asked) => {
      const source = { kind: 'path', file: asked.query.file } as const;
      return sendContent(parts, asked, { hostId: asked.id, source });
    },
    'vm.disk.content': (asked) =>
      sendContent(parts, asked, diskOfVm(coordinator, asked.id, asked.params.place)),
  };
}

type Asked = Pick<
  RouteRequest<'host.file.content'>,
  'caller' | 'signal' | 'select' | 'setHeader' | 'setStatus'
>;

async function sendContent(
  parts: ConsoleParts,
  { caller, signal, select, setHeader, setStatus }: Asked,
  source: SourceOnHost,
): Promise<Readable> {
  const { path, sizeBytes, tag } = await lookAtFile(parts.coordinator, caller, source, signal);
  const entityTag = `"${tag}"`;
  const name = encodeURIComponent(posix.basename(path));
  setHeader('etag', entityTag);
  setHeader('accept-ranges', 'bytes');
  setHeader('cache-control', 'no-cache');
  setHeader('content-disposition', `attachment; filename*=UTF-8''${name}`);
  const range = chooseRange(select, entityTag, sizeBytes);
  if (range === 'beyond') {
    setStatus(416);
    setHeader('content-range', writeContentRange(range, sizeBytes));
    setHeader('content-length', '0');
    return Readable.from([]);
  }
  const part = range === 'whole' ? { offset: 0, length: sizeBytes } : range;
  if (range !== 'whole') {
    setStatus(206);
    setHeader('content-range', writeContentRange(part, sizeBytes));
  }
  setHeader('content-length', String(part.length));
  // The head of an answer needs no bytes.
  if (select.method === 'HEAD' || part.length === 0) return Readable.from([]);
  return await readFilePart(parts, caller, source, { tag, ...part }, signal);
}
