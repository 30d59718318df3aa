/**
 * Takes from the machine what agents have made there, where none runs any more and no vm either: networks with their
 * services and rules, and adapters that were given to them. Of one that was killed, too.
 */
import { join } from 'node:path';
import { Fault } from '#lib';
import type { Log } from '#log';
import { defaultUidRange } from './drivers/qemu/confine/accounts.ts';
import { readBootId } from './drivers/qemu/process/proc.ts';
import { readHostFile } from './host/host-file.ts';
import { LinuxNetworks } from './network/linux/linux-networks.ts';
import { openNetworks } from './network/linux/open-networks.ts';
import { endpointOf, type AgentOptions } from './options.ts';

/** Errors: `corrupt` for who the host is; `unavailable` where an adapter cannot be given back, or something stays. */
export async function leaveHost(options: AgentOptions, log: Log): Promise<void> {
  const { dataDir, runtimeDir, driver } = options;
  const file = await readHostFile(join(dataDir, 'host.json'));
  if (file === undefined || driver === 'simulated') return;
  let trouble: string | undefined;
  await using networks = await openNetworks({
    hostId: file.hostId,
    dataDir,
    runtimeDir,
    bootId: readBootId(),
    range: defaultUidRange,
    allFiles: () => [],
    log,
    onNetworkTrouble: (reason) => {
      trouble = reason;
    },
    onNetworkMended: () => undefined,
    onAdapterUndone: (adapter, why) => log.warn({ adapter, why }, 'adapter'),
    coordinator: endpointOf(options.coordinator),
  });
  if (networks instanceof LinuxNetworks) await networks.leave();
  if (trouble !== undefined) throw new Fault('unavailable', trouble);
}
