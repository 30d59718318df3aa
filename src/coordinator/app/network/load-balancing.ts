/** Hosts that balance load in their own network stack, which bridged networks branch off below (NET-37). */
import type { Reason } from '#lib';
import type { HostDocument, NetworkDocument } from '../../documents.ts';
import type { Inventory } from '../../inventory/inventory.ts';

/** The API shows no more. */
const maxTold = 4;

/** Of the hosts that have the network's adapter, whether they carry it already or not. */
export function warnOfBalancing(
  inventory: Inventory,
  { adapter }: Pick<NetworkDocument, 'adapter'>,
): readonly Reason[] {
  if (adapter === null) return [];
  const hosts = [...inventory.documents<HostDocument>('host')].flatMap(({ data }) =>
    (data.facts?.interfaces ?? []).map((at) => ({ ...at, host: data.name })),
  );
  return hosts
    .filter(({ name, balanced = [] }) => name === adapter && balanced.length > 0)
    .slice(0, maxTold)
    .map(({ host, balanced = [] }) => ({
      code: 'host-balances-load',
      text: `host ${host} balances the load of ${balanced.join(', ')} at ${adapter} in its own network stack, which does not reach vms: their frames leave the bridge below it`,
      remedy: 'balance the load of vms outside of the host, or in a vm',
    }));
}
