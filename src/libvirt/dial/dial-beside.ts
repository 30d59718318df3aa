/**
 * Ways to other services of the host that a connection address leads to, such as the screens of its machines: on the
 * same host where the address does, through ssh where it does, else to the port itself.
 *
 * Invariant: what names the place is that host, so that from here no other one than it is ever dialled: this machine
 * only by addresses of its own, another by the name in the connection's address, whatever the place says. Through ssh
 * it is the host that dials.
 */
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { Fault } from '#lib';
import { dialTcp, dialUnix, isLoopback } from './dial-socket.ts';
import { dialSsh } from './dial-ssh.ts';
import { verification, type DialOptions } from './dial.ts';
import type { Place } from './place.ts';
import type { LibvirtUri } from './uri.ts';

/** Errors: `unavailable`, `unauthenticated`; `unsupported` for a place that only its own host reaches. */
export async function dialBeside(
  uri: LibvirtUri,
  place: Place,
  { signal, unverified }: Pick<DialOptions, 'signal' | 'unverified'>,
): Promise<Duplex> {
  if (uri.transport === 'unix') {
    if ('path' in place) return dialUnix(place.path, signal);
    const host = nearHost(place.host);
    if (isLoopback(host) || isOwn(host)) return dialTcp(host, place.port, signal);
    throw new Fault('unsupported', `${host} is not an address of this machine`);
  }
  if (uri.transport === 'ssh') {
    const to = 'path' in place ? place : { ...place, host: nearHost(place.host) };
    return dialSsh(uri, { to, verify: verification(uri, { unverified }) }, signal);
  }
  if ('path' in place || isLoopback(place.host))
    throw new Fault('unsupported', `it listens only on ${uri.host ?? 'its host'} itself`, {
      hint: 'reach the host by +ssh, or have it listen on an address of the network',
    });
  return dialTcp(uri.host ?? 'localhost', place.port, signal);
}

/** What listens on all addresses listens on that of the host to itself. */
function nearHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function isOwn(host: string): boolean {
  return Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === host),
  );
}
