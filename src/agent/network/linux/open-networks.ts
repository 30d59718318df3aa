/** Which networks a host has: those of Linux where it has the programs for them, else none. */
import { AbsentNetworks } from '../absent-networks.ts';
import { LinuxNetworks } from './linux-networks.ts';
import type { LinuxNetworksOptions } from './linux-options.ts';
import { findPrograms } from './programs.ts';

/** What a driver passes on. */
export type NetworkTidings = Pick<
  LinuxNetworksOptions,
  'onNetworkTrouble' | 'onNetworkMended' | 'onAdapterUndone' | 'coordinator'
>;

/** The networks of this host; none where it lacks what they are made with. */
export async function openNetworks(
  options: Omit<LinuxNetworksOptions, 'programs'>,
): Promise<LinuxNetworks | AbsentNetworks> {
  const programs = await findPrograms();
  return typeof programs === 'string'
    ? new AbsentNetworks(programs)
    : LinuxNetworks.open({ ...options, programs });
}
