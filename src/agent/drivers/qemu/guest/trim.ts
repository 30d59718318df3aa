/** What is free on the file systems of a guest, given back by it. */
import type { GuestTrim } from '#api';
import { guest, type GuestAgent } from '#qemu';

/** A large disk takes its time. */
const trimMs = 50_000;

/** Errors: as `Running.trim`. */
export async function trimGuest(
  agent: GuestAgent,
  minimumBytes: number,
  signal: AbortSignal,
): Promise<GuestTrim> {
  const all = await guest.fstrim(agent, minimumBytes, { timeoutMs: trimMs, signal });
  return {
    fileSystems: all.map(({ mountPoint, trimmedBytes = null, error = null }) => ({
      mountPoint,
      trimmedBytes,
      error,
    })),
  };
}
