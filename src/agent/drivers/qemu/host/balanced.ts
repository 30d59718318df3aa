/**
 * Addresses of the host whose load its own network stack balances: virtual services of IPVS (ipvsadm(8), keepalived(8))
 * and of CLUSTERIP (iptables-extensions(8)), as the kernel lists them. Where it has neither there are none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { BlockList, isIPv4 } from 'node:net';

const usualFolder = '/proc/net';
const maxLength = 1_000_000;
/** `TCP  C0000201:0050 rr`, `TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr`; of real servers `  -> ...`. */
const service = /^(?:TCP|UDP|SCTP) +(?:([0-9A-F]{8})|\[([0-9a-fA-F:]{39})\]):[0-9A-F]{4} /gm;
const hexByte = /../g;

/** Of these addresses (`192.0.2.1/24`) those that are balanced. */
export function balancedAmong(
  addresses: readonly string[],
  folder = usualFolder,
): readonly string[] {
  const balanced = readBalanced(folder);
  return addresses.flatMap((text) => {
    const address = text.split('/')[0] ?? '';
    return balanced.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') ? [address] : [];
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
