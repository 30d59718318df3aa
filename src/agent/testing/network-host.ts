/**
 * A host for tests of networks, as a program: it carries them in the network namespace that it is started in, is
 * told by messages what there is, and tells by messages how it stands.
 */
import type { HostLease, NetworkReport, NetworkSpec, SpanStanding } from '#api';
import { silentLog } from '#log';
import { readBootId } from '../drivers/qemu/process/proc.ts';
import type { MachineFile } from '../machine/record.ts';
import { LinuxNetworks } from '../network/linux/linux-networks.ts';
import { findPrograms } from '../network/linux/programs.ts';
import { machineOn } from './network-place.ts';

/** Vms with one adapter each, and the networks. */
export interface Told {
  readonly hostId: string;
  readonly vms: readonly {
    readonly name: string;
    readonly mac: string;
    readonly network: string;
  }[];
  readonly networks: readonly NetworkSpec[];
  readonly spans: readonly SpanStanding[];
}

export interface Tells {
  readonly reports: readonly NetworkReport[];
  readonly leases: readonly (readonly [string, readonly HostLease[]])[];
}

const range = { first: 1_900_200_000, count: 1000 };

async function run(folder: string): Promise<void> {
  const programs = await findPrograms();
  if (typeof programs === 'string') throw new Error(programs);
  let files: MachineFile[] = [];
  let networks: LinuxNetworks | undefined;
  const open = async (hostId: string): Promise<LinuxNetworks> => {
    const opened = await LinuxNetworks.open({
      hostId,
      programs,
      dataDir: folder,
      runtimeDir: folder,
      bootId: readBootId(),
      range,
      allFiles: () => files,
      log: silentLog,
      onNetworkTrouble: () => undefined,
      onNetworkMended: () => undefined,
      onAdapterUndone: () => undefined,
      coordinator: undefined,
      beat: { beatMs: 100, silentMs: 1_000 },
    });
    opened.onReports(() => {
      const tells: Tells = { reports: opened.reports, leases: [...opened.leaseTables] };
      process.send?.(tells);
    });
    return opened;
  };
  const take = async ({ hostId, vms, networks: all, spans }: Told): Promise<void> => {
    networks ??= await open(hostId);
    files = vms.map(({ network, name, mac }) => machineOn(network, name, mac));
    await networks.configure(all, spans);
    networks.look();
  };
  let work = Promise.resolve();
  process.on('message', (told: Told) => {
    work = work.then(() => take(told));
  });
  process.once('disconnect', () => process.exit(0));
}

const [, self, folder] = process.argv;
if (self === import.meta.filename && folder !== undefined) await run(folder);
