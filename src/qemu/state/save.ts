/**
 * Saving a machine's memory and devices into a file (VM-34).
 *
 * Invariant: the file appears under its name only when it is whole and on the disk; until then, and after
 * a failure, the machine is as it was (VM-85).
 */
import { withDeadline } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import {
  dropPart,
  keepPart,
  requireReplaceable,
  resume,
  writePart,
  type StreamPlaces,
} from './stream.ts';

export interface SaveOptions extends StreamPlaces {
  /** 10 minutes unless told. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((info: qmp.MigrationInfo) => void) | undefined;
}

export const saveTimeoutMs = 10 * 60 * 1000;

/**
 * Stops the machine, writes its state and returns the size of the file. The machine stays stopped, for
 * the caller to end it.
 * Errors: `invalid` for a path that is no place for a file; `exhausted` when the disk is full; `timeout`; the signal's reason; `internal` with QEMU's words;
 * after each of them the machine runs again if it ran before, and there is no file.
 */
export async function saveState(client: QmpClient, options: SaveOptions): Promise<number> {
  const limitMs = options.timeoutMs ?? saveTimeoutMs;
  await requireReplaceable(options.path);
  const { running } = await qmp.queryStatus(client);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => resume(client, running));
  if (running) await qmp.stop(client);
  undo.defer(() => dropPart(options.path));
  const bytes = await withDeadline('cannot save the state', limitMs, options.signal, (signal) =>
    writePart(client, options, signal, { onProgress: options.onProgress }),
  );
  await keepPart(options.path);
  undo.move();
  return bytes;
}
