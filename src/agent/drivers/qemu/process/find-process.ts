/** The QEMU process of a vm that this agent has begun, by what is known of it. */
import type { MachineFile, ProcessIdentity } from '../../../machine/record.ts';
import { runPlaces } from '../places.ts';
import { sendSignal, untilGone } from './exit.ts';
import { findMachines } from './find-machines.ts';
import { identify, isAlive, type FoundProcess } from './proc.ts';

const goneMs = 10_000;

/** One of another agent on this machine is that one's. */
export async function findOwn(id: string, runtimeDir: string): Promise<readonly FoundProcess[]> {
  const { folder } = runPlaces(runtimeDir, id);
  const found = await findMachines(id);
  return found.filter(({ args }) => args.some((arg) => arg.includes(folder)));
}

/** By its record; where the agent died before it could write that, by its arguments. */
export async function findProcess(
  file: MachineFile,
  { bootId, runtimeDir }: { readonly bootId: string; readonly runtimeDir: string },
): Promise<ProcessIdentity | undefined> {
  if (file.process && isAlive(file.process, bootId)) return file.process;
  const own = await findOwn(file.definition.id, runtimeDir);
  const [first, ...others] = own.flatMap(({ pid }) => identify(pid, bootId) ?? []);
  for (const extra of others) {
    // More than one is a fault of somebody else's making; none of them can be trusted with the disks but the first.
    sendSignal(extra, bootId, 'SIGKILL');
    await untilGone(extra, bootId, goneMs);
  }
  return first;
}
