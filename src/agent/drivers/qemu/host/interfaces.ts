/** The network interfaces of the host, without the loopback and without what is made for vms. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { macSchema, type HostFacts } from '#api';

const usualFolder = '/sys/class/net';
/** What Gantry makes itself (network/names.ts); a network is judged against what others have. */
const own = /^g(br|tap|svc|ifb|vx|vl)\d+$/;
const maxInterfaces = 256;

/** A bond is one choice: the adapters that it is made of carry nothing else. */
export function readInterfaces(folder = usualFolder): HostFacts['interfaces'] {
  const addresses = networkInterfaces();
  const isOffered = (name: string): boolean =>
    name !== 'lo' && !own.test(name) && !existsSync(`${folder}/${name}/bonding_slave`);
  return listNames(folder)
    .filter(isOffered)
    .slice(0, maxInterfaces)
    .map((name) => ({
      name,
      kind: existsSync(`${folder}/${name}/bridge`) ? 'bridge' : 'adapter',
      mac: macSchema.safeParse(readAddress(folder, name)).data ?? null,
      addresses: (addresses[name] ?? []).flatMap(({ cidr }) => cidr ?? []).slice(0, 64),
    }));
}

/** As the kernel has it, also of an interface without an IP address. */
function readAddress(folder: string, name: string): string | undefined {
  try {
    return readFileSync(`${folder}/${name}/address`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function listNames(folder: string): string[] {
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
