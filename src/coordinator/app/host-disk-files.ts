/**
 * Files inside disk files and images of a host: looked at, taken out and put in, as bytes that pass through here. The host judges what
 * may be opened and changed; which files are images is known here alone.
 */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { maxInnerEntries, type InnerFiles, type PutKind } from '#api';
import { Fault } from '#lib';
import type { Caller, Coordinator } from '../context.ts';
import type { ImageDocument } from '../documents.ts';
import { bytesOf, sendBytes } from '../link/stream-bytes.ts';
import type { StreamHub } from '../link/streams.ts';
import { withVms } from './host-disk-work.ts';
import { ancestorsOf, hostThing } from './things.ts';

/** What a client sends; not yet read. */
export interface Upload {
  readonly sizeBytes: number;
  readonly content: Readable;
}

export interface InnerPlace {
  readonly file: string;
  readonly partition?: number | undefined;
  readonly path?: string | undefined;
}

/** A machine is started, builds its appliance the first time, and mounts what may be damaged. */
const openLimitMs = 300_000;
const putLimitMs = 600_000;

export async function listInnerFiles(
  coordinator: Coordinator,
  caller: Caller,
  hostId: string,
  { file, partition, path }: InnerPlace,
  signal: AbortSignal,
): Promise<InnerFiles> {
  const isFolder = path !== undefined || partition !== undefined;
  const params = {
    file,
    partition: partition ?? null,
    path: isFolder ? (path ?? '/') : null,
    images: imagePaths(coordinator, hostId),
  };
  const limits = { signal, limitMs: openLimitMs };
  return await coordinator.links
    .call(hostId, 'host.disk.files', params, limits)
    .catch((error: unknown) => {
      throw withVms(coordinator.inventory, caller, 'look into', error);
    });
}

export interface TakenOut {
  /** As it is named where it is saved. */
  readonly name: string;
  /** Undefined for a folder, which becomes an archive. */
  readonly sizeBytes: number | undefined;
  readonly content: Readable;
}

export async function readInnerFile(
  { coordinator, streams }: { readonly coordinator: Coordinator; readonly streams: StreamHub },
  caller: Caller,
  hostId: string,
  { file, partition, path = '/' }: InnerPlace,
  signal: AbortSignal,
): Promise<TakenOut> {
  const { socket, answer } = await streams
    .join(hostId, {
      doing: `reading ${path} of ${file}`,
      limitMs: openLimitMs,
      ask: (streamId, inner) =>
        coordinator.links.call(
          hostId,
          'host.disk.file.send',
          { streamId, file, partition: partition ?? null, path },
          { signal: inner, limitMs: openLimitMs },
        ),
      signal,
    })
    .catch((error: unknown) => {
      throw withVms(coordinator.inventory, caller, 'read from', error);
    });
  const { kind, sizeBytes } = await answer;
  const name = posix.basename(path) || posix.basename(file);
  const isFolder = kind === 'folder';
  return {
    name: isFolder ? `${name}.tar` : name,
    sizeBytes: isFolder ? undefined : sizeBytes,
    content: Readable.from(bytesOf(socket), { objectMode: false }),
  };
}

export async function putInnerFile(
  { coordinator, streams }: { readonly coordinator: Coordinator; readonly streams: StreamHub },
  caller: Caller,
  hostId: string,
  { file, partition, path = '/', kind = 'file' }: InnerPlace & { readonly kind?: PutKind },
  { sizeBytes, content, dryRun }: Upload & { readonly dryRun: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (dryRun) {
    const { readOnly } = await listInnerFiles(coordinator, caller, hostId, { file }, signal);
    if (readOnly !== null) throw new Fault('refused', readOnly);
    return;
  }
  const place = { file, partition: partition ?? null, path, kind, sizeBytes };
  const images = imagePaths(coordinator, hostId);
  try {
    const { socket, answer } = await streams.join(hostId, {
      doing: `putting ${path} into ${file}`,
      limitMs: openLimitMs,
      ask: (streamId, inner) =>
        coordinator.links.call(
          hostId,
          'host.disk.file.take',
          { streamId, ...place, images },
          { signal: inner, limitMs: putLimitMs },
        ),
      signal,
    });
    await Promise.race([answer, sendBytes(socket, content).then(() => answer)]).finally(() =>
      socket.terminate(),
    );
  } catch (error) {
    throw withVms(coordinator.inventory, caller, 'put a file into', error);
  }
  await tellChanged(coordinator, caller, hostId, file);
}

async function tellChanged(
  coordinator: Coordinator,
  { actor, origin, correlationId }: Caller,
  hostId: string,
  file: string,
): Promise<void> {
  const target = hostThing(coordinator.inventory, hostId);
  await coordinator.commit({
    events: [
      {
        name: 'host.disk.changed',
        target,
        ancestors: ancestorsOf(coordinator.inventory, target),
        actor,
        origin,
        correlationId,
        attributes: { operation: 'put-file', file },
      },
    ],
  });
}

function imagePaths({ inventory }: Coordinator, hostId: string): string[] {
  return [...inventory.documents<ImageDocument>('image')]
    .filter(({ data }) => data.hostId === hostId)
    .map(({ data }) => data.path)
    .slice(0, maxInnerEntries);
}
