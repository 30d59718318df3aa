/** Waiting for an event that a command brings about. */
import { Fault, withDeadline } from '#lib';
import type { QmpClient } from '../qmp/client.ts';
import type { QmpEvent } from '../qmp/messages.ts';

const queueLimit = 1024;

/**
 * Runs `act` and returns the first event from then on for which `pick` gives something; an event that
 * comes before the command's answer counts. Errors: those of `act`; `timeout`; the signal's reason;
 * `unavailable` when the connection ends; what `pick` throws.
 */
export async function actAndAwait<T>(
  client: QmpClient,
  what: string,
  limitMs: number,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<void>,
  pick: (event: QmpEvent) => T | undefined,
): Promise<T> {
  return withDeadline(what, limitMs, signal, async (inner) => {
    const done = new AbortController();
    const queue = client.events(queueLimit, AbortSignal.any([inner, done.signal]));
    try {
      await act(inner);
      for await (const event of queue) {
        const picked = pick(event);
        if (picked !== undefined) return picked;
      }
      throw new Fault('unavailable', `${what}: the monitor connection was closed`);
    } finally {
      done.abort();
    }
  });
}
