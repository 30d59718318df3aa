/** What the table of allowed actions needs to know of a machine. Pure. */
import { linkedPlace, sharedPlace, type Judged } from '#api';
import type { Driver, Running } from '../drivers/driver.ts';
import type { MachineFile } from './record.ts';

export function judgedOf(
  { definition, startedWith, state, held, layers, departure }: MachineFile,
  running: Running | undefined,
  { missing }: Pick<Driver, 'missing'>,
): Judged {
  return {
    name: definition.name,
    state,
    held,
    additions: running?.additions ?? 'none',
    undo: layers.undo === null ? 'none' : 'there',
    missing,
    hostReachable: true,
    departing: departure?.to,
    linkedDisk: linkedPlace(definition.hardware),
    sharedDisk: sharedPlace((startedWith ?? definition).hardware),
  };
}
