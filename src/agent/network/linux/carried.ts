/**
 * What a host makes of a network that one host serves for all: for the others gateway and service are somewhere
 * behind the tunnels (docs/rfd/0021), or on the physical network. Pure.
 */
import { isServedOnce, type NetworkSpec, type SpanStanding } from '#api';

export type Part = 'serves' | 'takes-part';

/** A network that exists on every host by itself is served by every host. */
export function partIn(
  hostId: string,
  network: NetworkSpec,
  standing: SpanStanding | undefined,
): Part {
  return !isServedOnce(network) || standing?.service === hostId ? 'serves' : 'takes-part';
}

/** The network as this host carries it. */
export function asCarried(network: NetworkSpec, part: Part): NetworkSpec {
  if (part === 'serves') return network;
  const ipv4 = network.ipv4 && { ...network.ipv4, service: null };
  const type = network.type === 'bridged' ? 'bridged' : 'internal';
  return { ...network, type, forwards: [], ipv4, ipv6: null };
}
