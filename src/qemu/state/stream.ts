/**
 * The stream of a machine's memory and devices into a file. QEMU writes it to a Unix socket, since its sandbox starts
 * no programs, and this end writes the file (docs/rfd/0003).
 *
 * Invariant: the file appears under its name only when it is whole and on the disk.
 */
import { once } from 'node:events';
import { chown, lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { abortReason, Fault, isFault } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { awaitMigration, type MigrationWatch } from './progress.ts';

export interface StreamPlaces {
  /** Where the state goes; a regular file there is replaced, anything else is left alone. */
  readonly path: string;
  /** A path for the socket in between, at most 107 bytes; made and removed here. */
  readonly socketPath: string;
  /** Who may connect to the socket, where QEMU runs as another user. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** How long QEMU may take to give up. */
const cancelMs = 5_000;
/** No limit in practice; QEMU's own is meant for a shared network. */
const maxBytesPerSecond = 2 ** 40;

/** A rename would replace a device or a link just as well. */
export async function requireReplaceable(path: string): Promise<void> {
  const present = await lstat(path).catch(() => undefined);
  if (present === undefined || present.isFile()) return;
  throw new Fault('invalid', `cannot save the state: ${path} is there and no regular file`);
}

/** Ends what may still be going on, then runs the machine again if it ran. Never fails because QEMU has gone. */
export async function resume(client: QmpClient, running: boolean): Promise<void> {
  try {
    const { status } = await qmp.queryMigrate(client);
    if (status !== 'none') {
      await qmp.migrateCancel(client);
      await awaitMigration(client, AbortSignal.timeout(cancelMs)).catch(() => undefined);
    }
    if (running) await qmp.cont(client);
  } catch (error) {
    // QEMU has gone: its end is reported by whoever watches it.
    if (!isFault(error)) throw error;
  }
}

export interface StreamWatch extends MigrationWatch {
  /** All has left QEMU; the file is not on the disk yet. */
  readonly onSent?: (() => Promise<void>) | undefined;
}

/**
 * Writes beside the place, and returns the size. What is there then takes the name by `keepPart`, or goes by `dropPart`,
 * also after an error.
 */
export async function writePart(
  client: QmpClient,
  places: StreamPlaces,
  signal: AbortSignal,
  watch: StreamWatch,
): Promise<number> {
  const partPath = partOf(places.path);
  await rm(partPath, { force: true });
  await using part = await openPart(partPath);
  await using server = await listen(places);
  await qmp.migrateSetParameters(client, { 'max-bandwidth': maxBytesPerSecond }, { signal });
  const stopped = new AbortController();
  const failing = AbortSignal.any([signal, stopped.signal]);
  const received = receiveFrom(server.server, part, failing);
  received.catch((error: unknown) => stopped.abort(error));
  try {
    await qmp.migrate(client, `unix:${places.socketPath}`, { signal });
    await awaitMigration(client, failing, watch);
    await watch.onSent?.();
    return await received;
  } catch (error) {
    // Whichever of the two halves failed first is the reason; the other is ended and awaited.
    const first: unknown = stopped.signal.aborted ? stopped.signal.reason : error;
    stopped.abort(error);
    await received.catch(() => undefined);
    throw first;
  }
}

function partOf(path: string): string {
  return `${path}.part`;
}

export async function keepPart(path: string): Promise<void> {
  await rename(partOf(path), path);
  await syncFolder(dirname(path));
}

export function dropPart(path: string): Promise<void> {
  return rm(partOf(path), { force: true });
}

interface Part extends AsyncDisposable {
  readonly path: string;
  readonly file: FileHandle;
}

/** Open before anything comes and closed after, so that nothing makes the file again once it was given up. */
async function openPart(path: string): Promise<Part> {
  try {
    const file = await open(path, 'wx', 0o600);
    return { path, file, [Symbol.asyncDispose]: () => file.close() };
  } catch (cause) {
    throw explainWrite(path, cause);
  }
}

async function receiveFrom(server: Server, part: Part, signal: AbortSignal): Promise<number> {
  const [socket] = (await once(server, 'connection', { signal })) as [Socket];
  return receive(socket, part, signal);
}

/** Writes what comes, to the disk, and returns how much it was. */
async function receive(socket: Socket, { path, file }: Part, signal: AbortSignal): Promise<number> {
  try {
    await file.writeFile(addAbortSignal(signal, socket));
    await file.sync();
    return (await file.stat()).size;
  } catch (cause) {
    if (signal.aborted) throw abortReason(signal);
    throw explainWrite(path, cause);
  }
}

function explainWrite(path: string, cause: unknown): Fault {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new Fault(full ? 'exhausted' : 'internal', `cannot write ${path}`, { cause });
}

interface Listener extends AsyncDisposable {
  readonly server: Server;
}

async function listen(options: StreamPlaces): Promise<Listener> {
  await rm(options.socketPath, { force: true });
  const server = createServer();
  server.maxConnections = 1;
  server.listen(options.socketPath);
  await once(server, 'listening');
  if (options.owner) await chown(options.socketPath, options.owner.uid, options.owner.gid);
  return {
    server,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await rm(options.socketPath, { force: true });
    },
  };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
