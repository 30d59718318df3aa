/** The network interfaces of the host, without the loopback and without what is made for vms. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { macSchema, type HostFacts } from '#api';
import { balancedAmong } from './balanced.ts';
import type { BalancingRule } from './balancing-rules.ts';

const usualFolder = '/sys/class/net';
/** What Gantry makes itself (network/names.ts); a network is judged against what others have. */
const own = /^g(br|tap|svc|ifb|vx|vl)\d+$/;
/** Of the bridge that an adapter is shared by, on behalf of whichever installation (network/linux/names.ts). */
const uplinkAlias = /^gantry \S+ uplink (\S+)\s*$/;
const maxInterfaces = 256;

type Cidr = Pick<NetworkInterfaceInfo, 'cidr'>;

/**
 * A bond is one choice: the adapters that it is made of carry nothing else. What the host has on the bridge by which it
 * shares an adapter with networks (network/linux/adapters) counts as on the adapter. `rules` are those of the host that
 * spread load.
 */
export function readInterfaces(
  rules: readonly BalancingRule[] = [],
  folder = usualFolder,
  addresses: Readonly<Record<string, readonly Cidr[] | undefined>> = networkInterfaces(),
): HostFacts['interfaces'] {
  const isOffered = (name: string): boolean =>
    name !== 'lo' && !own.test(name) && !existsSync(`${folder}/${name}/bonding_slave`);
  const names = listNames(folder);
  const bridges = new Map(
    names.flatMap((name): [string, string][] => {
      const [, adapter] = uplinkAlias.exec(readText(`${folder}/${name}/ifalias`)) ?? [];
      return adapter === undefined || !own.test(name) ? [] : [[adapter, name]];
    }),
  );
  const namesOf = (name: string): string[] => [name, bridges.get(name) ?? []].flat();
  const addressesOf = (name: string): string[] =>
    namesOf(name).flatMap((one) => (addresses[one] ?? []).flatMap(({ cidr }) => cidr ?? []));
  return names
    .filter(isOffered)
    .slice(0, maxInterfaces)
    .map((name) => {
      const found = addressesOf(name).slice(0, 64);
      const balanced = balancedAmong({ names: namesOf(name), addresses: found }, rules);
      return {
        name,
        kind: existsSync(`${folder}/${name}/bridge`) ? 'bridge' : 'adapter',
        mac: macSchema.safeParse(readText(`${folder}/${name}/address`)).data ?? null,
        addresses: found,
        ...(balanced.length === 0 ? {} : { balanced: [...balanced] }),
      };
    });
}

/** As the kernel has it, also of an interface without an IP address; nothing where it does not tell. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
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
