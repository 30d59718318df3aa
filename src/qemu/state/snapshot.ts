/**
 * A machine's memory and devices into a file, after which it runs on (docs/rfd/0023). The guest runs while its
 * memory is read; what it changes meanwhile is read again, until little is left. Then it stands still for that
 * rest, and for whatever else belongs to that instant (`atRest`), and runs on.
 *
 * An emulated guest stands still for all of it: emulation does not tell reliably what was changed meanwhile (QEMU's
 * commit 03bfc2188f mended one case of it), and memory of which a page is old is worse than a longer stop.
 *
 * Bounds: a guest that writes faster than its memory is read stands still from the moment on at which more was
 * sent than its memory and a quarter of it; the file is then at most two and a quarter times as large.
 */
import { withDeadline } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import * as qmp from '../qmp/commands.ts';
import { quietly } from '../hot-plug/devices.ts';
import { saveTimeoutMs, type SaveOptions } from './save.ts';
import { dropPart, keepPart, requireReplaceable, resume, writePart } from './stream.ts';

export interface SnapshotOptions extends SaveOptions {
  readonly acceleration: 'kvm' | 'tcg';
  /** Called once, while the guest stands still at the instant that the file holds. */
  readonly atRest: () => Promise<void>;
}

/** What is left may take so long to be sent: the time that the guest stands still. */
const restMs = 30;
/** Between two looks at how far it is: part of that time, too. */
const lookMs = 5;
const mostSent = 1.25;

/**
 * Returns the size of the file when it is whole; the machine runs on as soon as all has left QEMU, if it ran.
 * Errors: as `saveState`, and those of `atRest`; it runs again then, and there is no file.
 */
export async function snapshotState(client: QmpClient, options: SnapshotOptions): Promise<number> {
  const limitMs = options.timeoutMs ?? saveTimeoutMs;
  await requireReplaceable(options.path);
  const { running } = await qmp.queryStatus(client);
  await using undo = new AsyncDisposableStack();
  undo.defer(quietly(() => setPause(client, 'off')));
  undo.defer(() => resume(client, running));
  undo.defer(() => dropPart(options.path));
  if (options.acceleration === 'tcg' && running) await qmp.stop(client);
  await setPause(client, 'on');
  await qmp.migrateSetParameters(client, { 'downtime-limit': restMs });
  let standing = !running || options.acceleration === 'tcg';
  const bytes = await withDeadline('cannot keep the memory', limitMs, options.signal, (signal) =>
    writePart(client, options, signal, {
      longestPauseMs: lookMs,
      atSwitchover: options.atRest,
      async onProgress(info) {
        options.onProgress?.(info);
        if (standing || info.status !== 'active') return;
        if (info.transferredBytes < info.totalBytes * mostSent) return;
        standing = true;
        await qmp.stop(client, { signal });
      },
      async onSent() {
        if (running) await qmp.cont(client);
      },
    }),
  );
  await keepPart(options.path);
  return bytes;
}

function setPause(client: QmpClient, state: 'on' | 'off'): Promise<void> {
  return qmp.migrateSetCapabilities(client, { 'pause-before-switchover': state });
}
