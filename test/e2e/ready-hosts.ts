/** Waiting for hosts by the API's watch, as any client can. */
import type { Client } from '#api';

const limitMs = 120_000;

/**
 * Asked once the watch has begun and at every change, so that nothing is missed.
 * Errors: names those that are not ready within two minutes, or when the watch ends.
 */
export async function untilReady(client: Client, names: readonly string[]): Promise<void> {
  let missing = names;
  const limit = AbortSignal.timeout(limitMs);
  const over = new AbortController();
  const watch = client.stream(
    'watch.open',
    { kinds: 'host' },
    AbortSignal.any([limit, over.signal]),
  );
  try {
    for await (const _told of watch) {
      const { items } = await client.call('host.list', {}, limit);
      const ready = items.filter(({ status }) => status === 'ready').map(({ name }) => name);
      missing = names.filter((name) => !ready.includes(name));
      if (missing.length === 0) return;
    }
  } catch (cause) {
    throw new Error(`not ready: ${missing.join(', ')}`, { cause });
  } finally {
    over.abort();
  }
  throw new Error(`the watch ended before these were ready: ${missing.join(', ')}`);
}
