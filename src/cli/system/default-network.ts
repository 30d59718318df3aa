/**
 * The network `default`, which `up` makes once: nat, with addresses of its own. Until a vm is on it it costs a host
 * nothing. Whoever renames or deletes it has done so for good: it is not made a second time.
 */
import type { Client, Host } from '#api';
import { isFault } from '#lib';
import type { Run } from '../command.ts';
import { writeStartSettings, type StartSettings } from './settings.ts';

export const defaultNetworkName = 'default';

/** Where no host can carry networks yet, the next `up` looks again. */
export async function ensureDefaultNetwork(
  { installation, out, signal }: Pick<Run, 'installation' | 'out' | 'signal'>,
  settings: StartSettings,
  client: Client,
  hosts: readonly Host[],
): Promise<void> {
  if (settings.defaultNetwork === 'made' || !hosts.some(carriesNetworks)) return;
  try {
    const body = { name: defaultNetworkName, description: 'made by gantry up' };
    const { ipv4 } = await client.call('network.create', { body }, signal);
    out.note(`network ${defaultNetworkName} with ${ipv4?.subnet ?? 'no addresses'} was made`);
  } catch (error) {
    // Somebody has made one already.
    if (!isFault(error, 'exists')) throw error;
  }
  writeStartSettings(installation, { ...settings, defaultNetwork: 'made' });
}

function carriesNetworks({ facts }: Host): boolean {
  return facts !== null && facts.missing.networks === undefined;
}
