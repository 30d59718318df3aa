/** A machine of a host in memory, and what the parts of that host need of it. */
import type { MachineReport, Snapshot, VmDefinition, VmState } from '#api';

export interface MemoryMachine {
  definition: VmDefinition;
  definitionVersion: number;
  generation: number;
  state: VmState;
  held: boolean;
  wasRunning: boolean;
  path: string;
  snapshots: readonly Snapshot[];
}

export interface MemoryMachines {
  /** Errors: `not-found`; `stale` where the generation is older than the one seen last. */
  machine(id: string, generation?: number): MemoryMachine;
  report(id: string): MachineReport;
}
