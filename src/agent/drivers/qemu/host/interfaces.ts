/** The network interfaces of the host, without the loopback and without what is made for vms. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { macSchema, type HostFacts } from '#api';

const folder = '/sys/class/net';
/** What Gantry makes itself (network/names.ts); a network is judged against what others have. */
const own = /^g(br|tap|svc|ifb|vx|vl)\d+$/;
const maxInterfaces = 256;

export function readInterfaces(): HostFacts['interfaces'] {
  const addresses = networkInterfaces();
  return listNames()
    .filter((name) => name !== 'lo' && !own.test(name))
    .slice(0, maxInterfaces)
    .map((name) => ({
      name,
      kind: existsSync(`${folder}/${name}/bridge`) ? 'bridge' : 'adapter',
      mac: macSchema.safeParse(readAddress(name)).data ?? null,
      addresses: (addresses[name] ?? []).flatMap(({ cidr }) => cidr ?? []).slice(0, 64),
    }));
}

/** As the kernel has it, also of an interface without an IP address. */
function readAddress(name: string): string | undefined {
  try {
    return readFileSync(`${folder}/${name}/address`, 'utf8').trim();
  } catch {
    return undefined;
  }
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
