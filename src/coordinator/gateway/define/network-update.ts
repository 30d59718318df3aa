/** One thing of a network, changed by itself: what `virsh net-update` asks for, as a change of the API. Pure. */
import type { NetworkReservation } from '#api';
import { libvirtFault } from '#libvirt';
import type { NetworkDocument } from '../../documents.ts';
import type { Document } from '../../store/store.ts';
import { placeService } from './merge-network.ts';
import { readHost, readRange } from './network-wish.ts';

/** As NETWORK_UPDATE has them. */
export interface NetworkUpdate {
  readonly command: number;
  readonly section: number;
  readonly parentIndex: number;
  readonly xml: string;
}

/** virNetworkUpdateCommand. */
const commands = { modify: 1, delete: 2, addLast: 3, addFirst: 4 } as const;
/** virNetworkUpdateSection, in its order. */
const sections =
  'none bridge domain ip ip-dhcp-host ip-dhcp-range forward forward-interface forward-pf portgroup dns-host dns-txt dns-srv'.split(
    ' ',
  );

type Network = Pick<Document<NetworkDocument>, 'id' | 'data'>;
type Patch = Readonly<Record<string, unknown>>;

/** Errors: OPERATION_INVALID for what does not fit the network; OPERATION_UNSUPPORTED for other sections. */
export function patchOfUpdate(network: Network, update: NetworkUpdate): Patch {
  const { command, section, parentIndex } = update;
  const { name } = network.data;
  const word = sections[section] ?? String(section);
  if (!Object.values<number>(commands).includes(command))
    throw invalid(`there is no command ${command} to update a network by`);
  if (word !== 'ip-dhcp-host' && word !== 'ip-dhcp-range')
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      `${word} of network ${name} is not changed by itself: change the whole description, virsh net-edit ${name}`,
    );
  if (parentIndex > 0) throw invalid(`network ${name} has no ip element ${parentIndex}`);
  return word === 'ip-dhcp-host' ? hostsOf(network, update) : rangeOf(network, update);
}

function hostsOf({ data }: Network, { command, xml }: NetworkUpdate): Patch {
  const { mac, address } = readHost(xml);
  const { name, reservations } = data;
  const of = (what: string): string => `${what} in network '${name}'`;
  const found = reservations.findIndex((one) =>
    command === commands.modify
      ? one.mac === mac
      : (mac === undefined || one.mac === mac) &&
        (address === undefined || one.address === address),
  );
  if (command === commands.delete) {
    if (found < 0) throw invalid(of("couldn't locate a matching dhcp host entry"));
    return { reservations: reservations.toSpliced(found, 1) };
  }
  if (mac === undefined || address === undefined)
    throw invalid(of('a dhcp host entry needs mac and ip'));
  const one: NetworkReservation = { mac, address };
  if (command === commands.modify) {
    if (found < 0) throw invalid(of(`couldn't locate an existing dhcp host entry with mac=${mac}`));
    return { reservations: reservations.with(found, one) };
  }
  if (reservations.some((other) => other.mac === mac || other.address === address))
    throw invalid(of(`there is an existing dhcp host entry for ${mac} or ${address}`));
  return {
    reservations: command === commands.addFirst ? [one, ...reservations] : [...reservations, one],
  };
}

function rangeOf({ data }: Network, { command, xml }: NetworkUpdate): Patch {
  const { first, last, leaseSeconds } = readRange(xml);
  const { name, ipv4, reservations } = data;
  if (command === commands.modify)
    throw invalid('dhcp ranges cannot be modified, only added or deleted');
  if (ipv4 === null) throw invalid(`network '${name}' has no addresses`);
  const { dhcp, subnet, gateway, service } = ipv4;
  if (command === commands.delete) {
    if (dhcp?.first === first && dhcp.last === last) return { ipv4: { ...ipv4, dhcp: null } };
    throw invalid(`couldn't locate a matching dhcp range entry in network '${name}'`);
  }
  if (dhcp !== null)
    throw invalid(`network '${name}' leases ${dhcp.first} to ${dhcp.last}, and has one range`);
  const around = { subnet, gateway: gateway ?? '', reservations, before: service };
  const placed = placeService({ first, last }, around);
  const range = { first: placed.first, last: placed.last, leaseSeconds };
  return { ipv4: { ...ipv4, service: placed.service, dhcp: range } };
}

function invalid(message: string): Error {
  return libvirtFault('OPERATION_INVALID', `Requested operation is not valid: ${message}`);
}
