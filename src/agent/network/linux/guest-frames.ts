/**
 * Signs of life of a guest on its cables: the frames that the kernel has counted from its taps, and a reason for it
 * to send one.
 *
 * Invariant: nothing is sent but onto a link that the guest itself is on, and not more than a datagram for an address.
 */
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4 } from 'node:net';
import type { HostLease } from '#api';
import type { Frames } from '../taps.ts';
import type { Link } from './links.ts';
import type { TappedPort } from './ports.ts';

/** Discard (RFC 863): the answer is that nobody is there, or before it the one to ARP. */
const discardPort = 9;
const maxAddresses = 8;

export interface GuestCables {
  readonly cables: readonly TappedPort[];
  /** All interfaces of this host. */
  readonly links: readonly Link[];
  /** That the guest told. */
  readonly addresses: readonly string[];
  /** By network. */
  readonly leases: ReadonlyMap<string, readonly HostLease[]>;
}

/** Undefined where there is no cable. */
export async function countGuestFrames(guest: GuestCables): Promise<Frames | undefined> {
  const taps = guest.cables.map(({ tap }) => tap);
  if (taps.length === 0) return undefined;
  const table = await readFile('/proc/net/dev', 'utf8');
  return { frames: countReceived(table, taps), asked: await askFor(reachableAddresses(guest)) };
}

/**
 * A tap counts as received what its machine sends. As the kernel counts in this network namespace (proc(5)): after
 * the name come bytes and packets.
 */
export function countReceived(table: string, names: readonly string[]): number {
  let frames = 0;
  for (const line of table.split('\n')) {
    const [, name = '', packets] = /^ *([^ :]+): *\d+ +(\d+) /.exec(line) ?? [];
    if (names.includes(name)) frames += Number(packets);
  }
  return frames;
}

/** Told and leased ones that are in a subnet which this host has on a bridge of the cables. */
export function reachableAddresses(guest: GuestCables): readonly string[] {
  const { cables, links, addresses, leases } = guest;
  const taps = new Set(cables.map(({ tap }) => tap));
  const bridges = new Set(links.flatMap(({ name, master }) => (taps.has(name) ? [master] : [])));
  const subnets = new BlockList();
  for (const { name, addresses: own } of links) {
    if (!bridges.has(name)) continue;
    for (const [address = '', length = '32'] of own.map((one) => one.split('/')))
      if (isIPv4(address)) subnets.addSubnet(address, Number(length), 'ipv4');
  }
  const leased = cables.flatMap(({ network, adapter }) =>
    (leases.get(network ?? '') ?? []).flatMap(({ mac, address }) =>
      mac === adapter.mac ? [address] : [],
    ),
  );
  const reachable = [...addresses, ...leased].filter(
    (one) => isIPv4(one) && subnets.check(one, 'ipv4'),
  );
  return [...new Set(reachable)].slice(0, maxAddresses);
}

/** Answers whether a datagram went out. */
export async function askFor(addresses: readonly string[]): Promise<boolean> {
  if (addresses.length === 0) return false;
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  const send = (address: string): Promise<boolean> =>
    new Promise((resolve) =>
      socket.send(Buffer.alloc(1), discardPort, address, (error) => resolve(error === null)),
    );
  try {
    return (await Promise.all(addresses.map(send))).includes(true);
  } finally {
    socket.close();
  }
}
