/** Domains of a hypervisor by their UUIDs: looked up, and undefined with all that belongs to them. */
import { isFault } from '#lib';
import type { Client, DomainHandle } from '#libvirt';
import { isNotKnown } from '../not-known.ts';

/** Undefined where there is none. */
export async function lookUp(
  client: Client,
  uuid: string,
  signal?: AbortSignal,
): Promise<DomainHandle | undefined> {
  try {
    return (await client.call('DOMAIN_LOOKUP_BY_UUID', { uuid }, { signal })).dom;
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

/** virDomainUndefineFlagsValues: saved memory, snapshots, NVRAM, checkpoints; what a driver does not know it does not have. */
const undefineFlags = [1 | 2 | 4 | 16, 1 | 2 | 4, 1 | 2, 0];

export async function undefine(
  client: Client,
  dom: DomainHandle,
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, flags] of undefineFlags.entries())
    try {
      await client.call('DOMAIN_UNDEFINE_FLAGS', { dom, flags }, { signal });
      return;
    } catch (error) {
      if (index === undefineFlags.length - 1 || !isNotKnown(error)) throw error;
    }
}
