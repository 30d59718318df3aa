/**
 * What a host makes of a network that spans hosts: one of them serves, for all others it is a network whose
 * gateway and service are somewhere behind the tunnels (docs/rfd/0021). Pure.
 */
import type { NetworkSpec, SpanStanding } from '#api';

export type Part = 'serves' | 'takes-part';

/** A network that exists on every host by itself is served by every host. */
export function partIn(
  hostId: string,
  { span }: NetworkSpec,
  standing: SpanStanding | undefined,
): Part {
  return span === null || standing?.service === hostId ? 'serves' : 'takes-part';
}

/** The network as this host carries it. */
export function asCarried(network: NetworkSpec, part: Part): NetworkSpec {
  if (part === 'serves') return network;
  const ipv4 = network.ipv4 && { ...network.ipv4, service: null };
  return { ...network, type: 'internal', forwards: [], ipv4, ipv6: null };
}
