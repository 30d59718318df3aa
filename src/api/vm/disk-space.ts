/** The space that all files of a vm take up on its host, against what its settings allow without a warning (DISK-67). */
import type { VmDefinition } from './definition.ts';

/** The lower one of its limits; null where it has none. A vm without disks has no sizes to take a percentage of. */
export function diskSpaceLimitBytes({ hardware, settings }: VmDefinition): number | null {
  const { warnBytes, warnPercent } = settings.diskSpace;
  const disksBytes = hardware.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const limits: number[] = [];
  if (warnBytes !== null) limits.push(warnBytes);
  if (warnPercent !== null && disksBytes > 0)
    limits.push(Math.floor((warnPercent / 100) * disksBytes));
  return limits.length === 0 ? null : Math.min(...limits);
}

export interface ExceededDiskSpace {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

/** Undefined while the vm is within its limit, or has none, or is not measured. */
export function findExceededDiskSpace(
  definition: VmDefinition,
  usedBytes: number | null,
): ExceededDiskSpace | undefined {
  const limitBytes = diskSpaceLimitBytes(definition);
  if (limitBytes === null || usedBytes === null || usedBytes <= limitBytes) return undefined;
  return { limitBytes, usedBytes };
}
