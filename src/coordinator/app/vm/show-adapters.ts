/**
 * Network adapters of a vm as they are seen (NET-49): addresses as the guest agent tells them, else as they were leased;
 * the name as the guest calls itself, else as the service of the network knows it. Pure reads.
 */
import { isoTime } from '#lib';
import {
  netmaskOf,
  parseSubnet,
  type Adapter,
  type AdapterAddress,
  type AdapterState,
  type HostLease,
  type Vm,
} from '#api';
import type { Coordinator } from '../../context.ts';
import type { NetworkDocument } from '../../documents.ts';
import { vmDocument } from '../find.ts';
import { asReasons } from '../hardware-warnings.ts';
import { warnOfEnvironments } from '../network/environments.ts';
import { leaseTables } from '../network/leases-network.ts';

/** Errors: `not-found`. */
export function showAdapters(
  { inventory, clock }: Pick<Coordinator, 'inventory' | 'clock'>,
  id: string,
): AdapterState[] {
  const { definition } = vmDocument(inventory, id).data;
  const guest = inventory.vm(id)?.status.guest ?? null;
  const now = isoTime(clock.now());
  return definition.hardware.adapters.map(({ slot, mac, attachment }) => {
    const network =
      attachment.kind === 'network'
        ? inventory.document<NetworkDocument>('network', attachment.network)
        : undefined;
    const lease =
      network === undefined
        ? undefined
        : [...leaseTables(inventory, network.id).values()]
            .flat()
            .find((one) => one.mac === mac && one.expiresAt > now);
    return {
      slot,
      mac,
      attachment: attachment.kind,
      network:
        attachment.kind === 'network'
          ? { id: attachment.network, name: network?.data.name ?? null }
          : null,
      addresses: addressesOf(mac, guest, lease, network?.data),
      dnsName: nameIn(network?.data, guest?.hostName ?? lease?.hostName ?? null),
      warnings: asReasons(warnOfEnvironments(inventory, definition, slot)),
    };
  });
}

function addressesOf(
  mac: Adapter['mac'],
  guest: Vm['status']['guest'],
  lease: HostLease | undefined,
  network: NetworkDocument | undefined,
): AdapterAddress[] {
  const told = (guest?.interfaces ?? []).filter((one) => one.mac === mac);
  const known = told.flatMap(({ addresses }) => addresses);
  if (known.length > 0)
    return known.map(({ address, prefixLength }) => ({
      address,
      prefixLength,
      subnetMask: maskOf(`${address}/${prefixLength}`),
      from: 'guest',
    }));
  if (lease === undefined) return [];
  const subnet = parseSubnet(network?.ipv4?.subnet ?? '');
  return [
    {
      address: lease.address,
      prefixLength: subnet?.bits ?? null,
      subnetMask: subnet === undefined ? null : netmaskOf(subnet),
      from: 'lease',
    },
  ];
}

function maskOf(text: string): string | null {
  const subnet = parseSubnet(text);
  return subnet === undefined ? null : netmaskOf(subnet);
}

/** A name that has its domain already is left as it is. */
function nameIn(network: NetworkDocument | undefined, name: string | null): string | null {
  const domain = network?.domain ?? '';
  return name === null || name.includes('.') || domain === '' ? name : `${name}.${domain}`;
}
