/** Adapters are plugged into networks that are there: a hypervisor would say so only when the vm starts. */
import type { Hardware } from '#api';
import { Fault, isFault } from '#lib';
import type { Client } from '#libvirt';
import { plugOf } from './device-xml.ts';

/** Those that are new, `base` null for all. Errors: `not-found`; those of `plugOf`. */
export async function requireNetworks(
  client: Client,
  base: Hardware | null,
  wanted: Hardware,
  signal: AbortSignal,
): Promise<void> {
  const known = new Set(base?.adapters.map(({ attachment }) => JSON.stringify(attachment)));
  for (const { attachment } of wanted.adapters) {
    if (known.has(JSON.stringify(attachment))) continue;
    const { type, source } = plugOf(attachment);
    if (type !== 'network') continue;
    const name = String(source?.[type] ?? '');
    try {
      await client.call('NETWORK_LOOKUP_BY_NAME', { name }, { signal });
    } catch (error) {
      if (!isFault(error, 'not-found')) throw error;
      throw new Fault('not-found', `its hypervisor has no network ${name}`, {
        hint: 'see those that it has: gantry host show',
      });
    }
  }
}
