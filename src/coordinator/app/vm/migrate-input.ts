/** A move between hosts with agents as it is submitted (docs/rfd/0030). */
import { hardwareSchema, type GatheredDisk, type Hardware, type VmDefinition } from '#api';
import { definitionForAgent } from '../media.ts';
import type { Work } from '../work.ts';
import { targetVm } from './common-steps.ts';
import { withHardware } from './device-change.ts';

export interface MigrateInput {
  readonly fromHost: string;
  readonly toHost: string;
  /** Names of the hosts. */
  readonly from: string;
  readonly to: string;
  /** Folder of the other host in which the vm's folder shall be; null: its folder for vms. */
  readonly parent: string | null;
  readonly gathered: readonly GatheredDisk[];
  /** They differ in where files are. */
  readonly before: Hardware;
  readonly after: Hardware;
  readonly oldPath: string;
  /** In words. */
  readonly warnings: readonly string[];
  /** How fast it may go; absent: as fast as it can. */
  readonly bytesPerSecond?: number;
}

export function inputOf(work: Work): MigrateInput {
  const { before, after, ...rest } = work.input as unknown as MigrateInput;
  return { ...rest, before: hardwareSchema.parse(before), after: hardwareSchema.parse(after) };
}

/** By which both hosts know the move. */
export function moveOf(work: Work): { readonly id: string; readonly moveId: string } {
  return { id: work.target.id, moveId: work.operationId };
}

/** The vm as the other host is told of it. */
export function definitionThere(work: Work): VmDefinition {
  const { toHost, after } = inputOf(work);
  const definition = withHardware(targetVm(work).data.definition, after);
  return definitionForAgent(work.coordinator.inventory, toHost, definition);
}
