/**
 * How long things are kept (EVT-09): events by age and number, finished operations, what has expired,
 * samples, and the changes that watchers may come back for. Run now and then by the coordinator.
 */
import { isoTime, type Clock } from '#lib';
import type { Log } from '#log';
import type { InstallationSettings } from '#api';
import type { Pruned, Retention, Store } from './store.ts';

const dayMs = 24 * 3_600_000;
const everyMs = 10 * 60_000;
/** All documents are in memory; this many operations are about 25 MB. */
const operationsKeep = 10_000;
const samplesKeepMs = dayMs;
/** Of finished commits; a watcher that was away for longer reads everything again. */
const changesKeep = 10_000;

/** What may go now. */
export function retentionOf(
  settings: InstallationSettings,
  head: number,
  nowMs: number,
): Required<Retention> {
  const { eventRetentionDays, eventRetentionCount, operationRetentionDays } = settings;
  return {
    eventsBefore: isoTime(nowMs - eventRetentionDays * dayMs),
    eventsKeep: eventRetentionCount,
    operationsBefore: isoTime(nowMs - operationRetentionDays * dayMs),
    operationsKeep,
    expiredBefore: isoTime(nowMs),
    samplesBefore: nowMs - samplesKeepMs,
    changesBelow: Math.max(0, head - changesKeep),
  };
}

export interface KeepOptions {
  readonly store: Store;
  /** The settings at the time. */
  readonly settings: () => InstallationSettings;
  readonly clock: Clock;
  readonly log: Log;
}

/** Forgets once what may go. Errors: the store's. */
export async function pruneStore({ store, settings, clock }: KeepOptions): Promise<Pruned> {
  return await store.prune(retentionOf(settings(), await store.head(), clock.now()));
}

/** Forgets now and then until the signal aborts. Never rejects: what fails is tried again the next time. */
export async function keepPruning(options: KeepOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options;
  while (!signal.aborted) {
    try {
      const pruned = await pruneStore(options);
      if (Object.values(pruned).some((count) => count > 0)) log.info(pruned, 'retention');
    } catch (error) {
      log.error({ err: error }, 'retention failed');
    }
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
}
