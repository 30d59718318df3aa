/**
 * Addresses of the host whose load its own network stack balances: virtual services of IPVS (ipvsadm(8), keepalived(8))
 * and of CLUSTERIP (iptables-extensions(8)), as the kernel lists them, and what rules of nftables spread over servers
 * (balancing-rules.ts). Where it has none of these there are none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { BlockList, isIPv4 } from 'node:net';
import type { BalancingRule } from './balancing-rules.ts';

const usualFolder = '/proc/net';
const maxLength = 1_000_000;
/** `TCP  C0000201:0050 rr`, `TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr`; of real servers `  -> ...`. */
const service = /^(?:TCP|UDP|SCTP) +(?:([0-9A-F]{8})|\[([0-9a-fA-F:]{39})\]):[0-9A-F]{4} /gm;
const hexByte = /../g;

export interface Holder {
  /** Names of the interface, and of the bridge that it is shared by. */
  readonly names: readonly string[];
  /** `192.0.2.1/24` */
  readonly addresses: readonly string[];
}

/** Of the addresses those that are balanced. */
export function balancedAmong(
  { names, addresses }: Holder,
  rules: readonly BalancingRule[],
  folder = usualFolder,
): readonly string[] {
  const balanced = readBalanced(folder);
  const here = rules.filter(
    ({ interfaces }) => interfaces === undefined || interfaces.some((one) => names.includes(one)),
  );
  return addresses.flatMap((text) => {
    const address = text.split('/')[0] ?? '';
    const version = isIPv4(address) ? 'ipv4' : 'ipv6';
    const isSpread = here.some(
      (rule) =>
        (rule.family === 'both' || rule.family === version) &&
        rule.addresses?.check(address, version) !== false,
    );
    return isSpread || balanced.check(address, version) ? [address] : [];
  });
}

function readBalanced(folder: string): BlockList {
  const list = new BlockList();
  for (const [, v4, v6] of readServices(folder).matchAll(service)) {
    if (v6 !== undefined) list.addAddress(v6, 'ipv6');
    const bytes = (v4 ?? '').match(hexByte)?.map((byte) => Number.parseInt(byte, 16));
    if (bytes !== undefined) list.addAddress(bytes.join('.'), 'ipv4');
  }
  for (const name of listClusters(folder)) if (isIPv4(name)) list.addAddress(name, 'ipv4');
  return list;
}

function readServices(folder: string): string {
  try {
    return readFileSync(`${folder}/ip_vs`, 'latin1').slice(0, maxLength);
  } catch {
    return '';
  }
}

/** A file for each address. */
function listClusters(folder: string): readonly string[] {
  try {
    return readdirSync(`${folder}/ipt_CLUSTERIP`);
  } catch {
    return [];
  }
}
