/** Forgets what the installation's settings say is old enough: events, finished operations, samples, changes, and what has run out. */
import { isoTime, miB } from '#lib';
import { installationSettings } from '../access/sign-in/sessions.ts';
import type { Coordinator } from '../context.ts';
import { samplesBefore } from '../samples/levels.ts';
import type { Reconciler } from './loop.ts';

const dayMs = 86_400_000;
/** A watcher that was away for longer reads everything again. */
const changesKept = 100_000;
/** In UTF-16 units; about as many bytes on the disk. */
const changesKeptLength = 64 * miB;
/** Of answers to requests at most so many, whatever their age. */
const requestsKept = 100_000;
/** Of finished operations at most so many, whatever their age: they are kept in memory. */
const operationsKept = 20_000;

export function retention({
  store,
  inventory,
  clock,
  log,
}: Pick<Coordinator, 'store' | 'inventory' | 'clock' | 'log'>): Reconciler {
  return {
    name: 'retention',
    everyMs: 10 * 60_000,
    async run() {
      const settings = installationSettings(inventory);
      const now = clock.now();
      const gone = await store.prune({
        eventsBefore: isoTime(now - settings.eventRetentionDays * dayMs),
        eventsKeep: settings.eventRetentionCount,
        operationsBefore: isoTime(now - settings.operationRetentionDays * dayMs),
        operationsKeep: operationsKept,
        expiredBefore: isoTime(now),
        samplesBefore: samplesBefore(now),
        requestsKeep: requestsKept,
        changesBelow: Math.max(0, inventory.head - changesKept),
        changesLength: changesKeptLength,
      });
      if (Object.values(gone).some((count) => count > 0)) log.info(gone, 'forgot what was old');
    },
  };
}
