/** Files as they are between hosts and clients, which pass through here and are not kept. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FileSource, HostUpload, LinkResult, UploadBegin } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import { bytesOf, sendBytes } from '../link/stream-bytes.ts';
import type { StreamHub } from '../link/streams.ts';
import { vmDocument } from './find.ts';
import type { Upload } from './host-disk-files.ts';
import { withVms } from './host-disk-work.ts';
import { isForeignHost } from './vm/tell-hypervisor.ts';

const openLimitMs = 60_000;
/** A part has a minute to come here, and is flushed there. */
const partLimitMs = 180_000;

/** Where the file is, and which it is. */
export interface SourceOnHost {
  readonly hostId: string;
  readonly source: FileSource;
}

export function diskOfVm({ inventory }: Coordinator, id: string, place: string): SourceOnHost {
  return { hostId: vmDocument(inventory, id).data.hostId, source: { kind: 'disk', id, place } };
}

export async function lookAtFile(
  { inventory, links }: Coordinator,
  caller: Caller,
  { hostId, source }: SourceOnHost,
  signal: AbortSignal,
): Promise<LinkResult<'host.file.look'>> {
  return await links
    .call(hostId, 'host.file.look', { source }, { signal, limitMs: openLimitMs })
    .catch((error: unknown) => {
      throw withVms(inventory, caller, 'download', error);
    });
}

/** A part of the file as it was looked at; it breaks where the file changes before its end. Errors: as of looking; `stale`. */
export async function readFilePart(
  { coordinator, streams }: { readonly coordinator: Coordinator; readonly streams: StreamHub },
  caller: Caller,
  { hostId, source }: SourceOnHost,
  part: { readonly tag: string; readonly offset: number; readonly length: number },
  signal: AbortSignal,
): Promise<Readable> {
  const { socket } = await streams
    .join(hostId, {
      doing: 'reading a file of a host',
      limitMs: openLimitMs,
      ask: (streamId, inner) =>
        coordinator.links.call(
          hostId,
          'host.file.send',
          { streamId, source, ...part },
          { signal: inner, limitMs: openLimitMs },
        ),
      signal,
    })
    .catch((error: unknown) => {
      throw withVms(coordinator.inventory, caller, 'download', error);
    });
  return Readable.from(bytesOf(socket), { objectMode: false });
}

/** Begun again by the same user with the same words it is the same one. */
export async function beginUpload(
  { links, inventory }: Coordinator,
  caller: Caller,
  hostId: string,
  begin: UploadBegin,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<HostUpload> {
  const { userId, actor } = caller;
  if (begin.startsAt !== undefined && !(isForeignHost(inventory, hostId) && begin.replaces))
    throw new Fault('unsupported', `cannot send ${begin.file} in part: it is sent whole`, {
      hint: 'only volumes of libvirt hosts that are there are written from another byte than their first on',
    });
  const asked = { ...begin, id: randomUUID(), owner: userId ?? actor.name.slice(0, 64) };
  const work = dryRun ? 'check' : 'do';
  const { upload } = await links
    .call(hostId, 'host.upload.begin', { ...asked, work }, { signal })
    .catch((error: unknown) => {
      throw withVms(inventory, caller, 'upload', error);
    });
  return upload;
}

export async function listUploads(
  { links }: Coordinator,
  hostId: string,
  signal: AbortSignal,
): Promise<readonly HostUpload[]> {
  return (await links.call(hostId, 'host.upload.list', {}, { signal })).uploads;
}

export async function findUpload(
  coordinator: Coordinator,
  hostId: string,
  id: string,
  signal: AbortSignal,
): Promise<HostUpload> {
  const upload = (await listUploads(coordinator, hostId, signal)).find((one) => one.id === id);
  if (upload !== undefined) return upload;
  throw new Fault('not-found', 'there is no such upload any more', { hint: 'begin it anew' });
}

/** What has come of a part is kept, whatever ends it. */
export async function sendUpload(
  { coordinator, streams }: { readonly coordinator: Coordinator; readonly streams: StreamHub },
  hostId: string,
  { id, offset }: { readonly id: string; readonly offset: number },
  { sizeBytes, content }: Upload,
  signal: AbortSignal,
): Promise<HostUpload> {
  if (sizeBytes === 0) return await findUpload(coordinator, hostId, id, signal);
  const { socket, answer } = await streams.join(hostId, {
    doing: 'sending a part of a file to a host',
    limitMs: openLimitMs,
    ask: (streamId, inner) =>
      coordinator.links.call(
        hostId,
        'host.upload.take',
        { streamId, id, offset, sizeBytes },
        { signal: inner, limitMs: partLimitMs },
      ),
    signal,
  });
  // A host that was told that nobody wants it any more takes nothing, and would be waited for.
  const stop = (): void => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    // Whoever ended it, the host says what it has kept, or why it took no more.
    await sendBytes(socket, content).catch(stop);
    return (await answer).upload;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

export async function cancelUpload(
  coordinator: Coordinator,
  hostId: string,
  id: string,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  await findUpload(coordinator, hostId, id, signal);
  if (!dryRun) await coordinator.links.call(hostId, 'host.upload.stop', { id }, { signal });
}
