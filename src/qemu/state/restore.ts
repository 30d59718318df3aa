/**
 * Bringing a machine back from a saved state (VM-35). QEMU was started with the same specification,
 * `stateFrom: 'incoming'`, and waits.
 *
 * Invariant: the file is only read. After a failure it is as it was (VM-86), and QEMU is of no more use.
 */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { abortReason, Fault, isFault, withDeadline } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { openSocket } from '../socket.ts';
import { awaitMigration } from './progress.ts';

export interface RestoreOptions {
  readonly path: string;
  /** A path for the socket in between, at most 107 bytes, in a folder that QEMU may write to. */
  readonly socketPath: string;
  /** 10 minutes unless told. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((info: qmp.MigrationInfo) => void) | undefined;
}

const defaultTimeoutMs = 10 * 60 * 1000;

/**
 * Returns when the state is loaded. The machine stands, as it did when it was saved; `cont` lets it run.
 * Errors: `not-found` without the file; `corrupt` when QEMU does not accept it; `timeout`; the signal's
 * reason.
 */
export async function restoreState(client: QmpClient, options: RestoreOptions): Promise<void> {
  const limitMs = options.timeoutMs ?? defaultTimeoutMs;
  const what = `cannot restore the state ${options.path}`;
  await withDeadline(what, limitMs, options.signal, async (signal) => {
    await using file = await openState(what, options.path);
    await rm(options.socketPath, { force: true });
    await qmp.migrateIncoming(client, `unix:${options.socketPath}`, { signal });
    const socket = await openSocket(options.socketPath, 'wait', signal);
    // Once all is sent nobody listens; a QEMU that gives up then resets the connection.
    socket.on('error', () => undefined);
    // How the sending ends says nothing: QEMU may close as soon as it has the last byte that it wants.
    const sent = pipeline(file.createReadStream({ autoClose: false }), socket, { signal }).catch(
      () => undefined,
    );
    try {
      await awaitMigration(client, signal, { onProgress: options.onProgress });
    } catch (cause) {
      if (signal.aborted) throw abortReason(signal);
      throw explain(what, cause);
    } finally {
      socket.destroy();
      await sent;
      await rm(options.socketPath, { force: true });
    }
  });
}

/** Before QEMU is told to wait: it would take the end of nothing for a state that is broken. */
async function openState(what: string, path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new Fault(isMissing ? 'not-found' : 'internal', what, { cause });
  }
}

/** A QEMU that cannot load a state says so on its log and ends. */
function explain(what: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  // it may let go of the socket before it is heard to have ended
  const letGo = code === 'ECONNRESET' || code === 'EPIPE';
  if (letGo || isFault(cause, 'unavailable') || isFault(cause, 'internal')) {
    return new Fault('corrupt', what, {
      cause,
      hint: "read the end of the machine's log for QEMU's reason",
    });
  }
  return cause;
}
