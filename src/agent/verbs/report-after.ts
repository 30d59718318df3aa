/** The answer of verbs that have nothing to tell but how the machine is after its change. */
import type { MachineReport } from '#api';
import type { Machine } from '../machine/machine.ts';

/** Errors: the change's. */
export async function reportAfter(
  machine: Machine,
  change: Promise<unknown>,
): Promise<{ readonly report: MachineReport }> {
  await change;
  return { report: machine.report() };
}
