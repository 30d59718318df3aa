/** What is read of the host's settings, and set, for networks. */
import { readFile, writeFile } from 'node:fs/promises';
import { upstreamServers } from './service-config.ts';

const settings = '/proc/sys/net/ipv6/conf';

/**
 * Whether the host itself speaks IPv6 on a bridge that was made for a network. Where it does not it would give itself
 * an address, and where it does it would take its own service for its router.
 */
export async function setBridgeIpv6(
  bridge: string | undefined,
  wanted: 'spoken' | 'refused',
): Promise<void> {
  if (bridge === undefined) return;
  const path = `${settings}/${bridge}/disable_ipv6`;
  const refused = wanted === 'refused' ? '1' : '0';
  const now = await readFile(path, 'utf8').catch(() => refused);
  if (now.trim() === refused) return;
  if (wanted === 'spoken')
    for (const name of ['accept_ra', 'autoconf'])
      await writeFile(`${settings}/${bridge}/${name}`, '0\n');
  await writeFile(path, `${refused}\n`);
}

/** The host speaks IPv6 on the bridge as it does on the adapter that it shares by it. */
export async function copyIpv6Settings(adapter: string, bridge: string): Promise<void> {
  for (const name of ['accept_ra', 'autoconf', 'disable_ipv6']) {
    // A kernel without IPv6 has none of them.
    const value = await readFile(`${settings}/${adapter}/${name}`, 'utf8').catch(() => undefined);
    if (value !== undefined) await writeFile(`${settings}/${bridge}/${name}`, value);
  }
}

/** systemd-resolved tells others of itself only; what it asks is in a file of its own. */
export async function readUpstream(): Promise<readonly string[]> {
  for (const path of ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf']) {
    const servers = upstreamServers(await readFile(path, 'utf8').catch(() => ''));
    if (servers.length > 0) return servers;
  }
  return [];
}
