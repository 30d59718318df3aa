/** A machine whose files take up more than its settings allow without a warning: told once, and once when they do not (DISK-67). */
import { findExceededDiskSpace, diskSpaceLimitBytes } from '#api';
import type { Hands } from './hands.ts';
import type { MachineFile } from './record.ts';

/** Whether what was measured is on the other side of the limit than what was told. */
export function hasCrossed(file: MachineFile, usedBytes: number): boolean {
  const exceeded = findExceededDiskSpace(file.definition, usedBytes);
  return (exceeded !== undefined) !== file.aboveDiskSpace;
}

/** Of a limit that was taken away nothing is told. */
export async function tellCrossing(hands: Hands, usedBytes: number): Promise<void> {
  if (!hasCrossed(hands.file, usedBytes)) return;
  const aboveDiskSpace = !hands.file.aboveDiskSpace;
  hands.set({ aboveDiskSpace });
  const limitBytes = diskSpaceLimitBytes(hands.file.definition);
  const side = aboveDiskSpace ? 'above' : 'within';
  if (limitBytes !== null) hands.emit('vm.threshold.disk', { side, limitBytes, usedBytes });
  await hands.persist();
}
