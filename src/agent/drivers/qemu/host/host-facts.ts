/** What a host with QEMU is: its machine, its hypervisor and what that can do. */
import type { HostFacts } from '#api';
import { additionsVersion } from '#images';
import { readFullName } from '../../../host/full-name.ts';
import { agentVersion } from '../../../version.ts';
import { readBalancingRules } from './balancing-rules.ts';
import { readInterfaces } from './interfaces.ts';
import { readMachine, readProcessor } from './machine-facts.ts';
import { findProgram, listPrograms } from './programs.ts';
import { qemuVmExtensions } from '../vm-extensions.ts';
import type { QemuHost } from './qemu-host.ts';
import { classOfHypervisor } from '../../hypervisor-classes.ts';

/** `missing`: abilities that the driver lacks; `pcFirmware`: how many UEFI firmwares there are for PCs. */
export async function readHostFacts(
  host: QemuHost,
  missing: HostFacts['missing'],
  pcFirmware: number,
): Promise<HostFacts> {
  const { acceleration, capabilities, binaries } = host;
  const { version, processorModels: models = [] } = capabilities ?? {};
  return {
    ...readMachine(await readFullName()),
    interfaces: readInterfaces(await readBalancingRules(await findProgram('nft'))),
    processor: readProcessor(),
    hypervisor: {
      name: 'QEMU',
      version: version ? `${version.major}.${version.minor}.${version.micro}` : null,
      class: classOfHypervisor('QEMU', acceleration.use === 'kvm' ? 'kvm' : 'none'),
    },
    acceleration,
    missing,
    programs: await listPrograms(binaries, capabilities, pcFirmware),
    additionsVersion,
    agentVersion,
    extensions: [...qemuVmExtensions],
    processorModels: ['host', ...models.map(({ name }) => name)].slice(0, 1024),
    maxProcessorsPerVm: Math.max(
      1,
      ...(capabilities?.machineTypes ?? []).map(({ maxProcessors }) => maxProcessors),
    ),
  };
}
