/** The network interfaces of the host, without the loopback and without what is made for vms. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { HostFacts } from '#api';

const folder = '/sys/class/net';
/** What Gantry makes itself (network/names.ts); a network is judged against what others have. */
const own = /^g(br|tap|svc|ifb|vx)\d+$/;
const maxInterfaces = 256;

export function readInterfaces(): HostFacts['interfaces'] {
  const addresses = networkInterfaces();
  return listNames()
    .filter((name) => name !== 'lo' && !own.test(name))
    .slice(0, maxInterfaces)
    .map((name) => ({
      name,
      kind: existsSync(`${folder}/${name}/bridge`) ? 'bridge' : 'adapter',
      addresses: (addresses[name] ?? []).flatMap(({ cidr }) => cidr ?? []).slice(0, 64),
    }));
}

function listNames(): string[] {
  try {
    return readdirSync(folder).filter((name) => {
      // Files beside the interfaces, such as bonding_masters, are no links.
      try {
        return readlinkSync(`${folder}/${name}`) !== '';
      } catch {
        return false;
      }
    });
  } catch {
    return [];
  }
}
