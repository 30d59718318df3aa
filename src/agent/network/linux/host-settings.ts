/** What is read of the host's settings, and set, for networks. */
import { readFile, writeFile } from 'node:fs/promises';
import { upstreamServers } from './service-config.ts';

/** The host has no address of the second kind in a network: without this it would give itself one. */
export async function refuseIpv6(bridge: string): Promise<void> {
  await writeFile(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1\n').catch(() => undefined);
}

/** systemd-resolved tells others of itself only; what it asks is in a file of its own. */
export async function readUpstream(): Promise<readonly string[]> {
  for (const path of ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf']) {
    const servers = upstreamServers(await readFile(path, 'utf8').catch(() => ''));
    if (servers.length > 0) return servers;
  }
  return [];
}
