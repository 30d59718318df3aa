/** Files of hosts as they are, which pass through here and are not kept. */
import { Readable } from 'node:stream';
import type { FileSource, LinkResult } from '#api';
import type { Caller, Coordinator } from '../context.ts';
import { bytesOf } from '../link/stream-bytes.ts';
import type { StreamHub } from '../link/streams.ts';
import { vmDocument } from './find.ts';
import { withVms } from './host-disk-work.ts';

const openLimitMs = 60_000;

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
