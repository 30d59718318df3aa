/** Work on the file of a disk, whose failure is told with operation, file and reason (DISK-46, EVT-63). */
import type { Cause } from '#api';
import { describeFault } from '#lib';
import type { DiskSourceLike } from '../drivers/storage.ts';
import type { MachineHost } from './hands.ts';

export interface DiskWork {
  readonly vmId: string;
  readonly operation: 'create' | 'convert' | 'compact' | 'resize';
  readonly file: string;
  readonly cause: Cause;
  /** What was cancelled has not failed. */
  readonly signal: AbortSignal;
}

/** Errors: those of the work. */
export async function tellingFailure<T>(
  host: Pick<MachineHost, 'emit'>,
  { vmId, operation, file, cause, signal }: DiskWork,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = describeFault(error);
    if (!signal.aborted)
      host.emit(vmId, 'vm.disk.operation-failed', { operation, file, reason }, cause);
    throw error;
  }
}

/** What it is to make a disk of that source. */
export function operationOf({ kind }: Pick<DiskSourceLike, 'kind'>): DiskWork['operation'] {
  return kind === 'foreign' || kind === 'drive' ? 'convert' : 'create';
}
