/** What the state of a process belongs to, asked of the process. */
import { qmp, type MachineSpec, type QmpClient } from '#qemu';
import type { MachineFile } from '../../machine/record.ts';
import { hashHardware, neededOfProcessor, type SavedFacts } from './saved-facts.ts';
import { machineNameOf } from './surroundings.ts';

/** Its guest counts as one that ran. */
export async function readFacts(
  client: QmpClient,
  { uuid, acceleration }: Pick<MachineSpec, 'uuid' | 'acceleration'>,
  { definition, startedWith }: Pick<MachineFile, 'definition' | 'startedWith'>,
): Promise<SavedFacts> {
  const { major, minor, micro } = client.version;
  const machines = await qmp.qomGet(client, '/machine', 'type');
  const { hardware } = startedWith ?? definition;
  return {
    gantry: 'saved-state',
    format: 1,
    driver: 'qemu',
    vmId: uuid,
    qemuVersion: `${major}.${minor}.${micro}`,
    machine: machineNameOf(String(machines)),
    acceleration,
    hardwareHash: hashHardware(hardware),
    processor: neededOfProcessor(hardware, acceleration),
    guest: 'ran',
  };
}
