/** Looks at the volume that work writes to, before it and while it goes on: it ends before others on the volume have no room. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, formatBytes } from '#lib';

const periodMs = 500;

export interface SpaceLimit {
  /** What must stay free on the volume. */
  readonly keepFreeBytes: () => number;
  readonly periodMs?: number;
}

/** Errors: `exhausted` with both figures. */
export async function requireSpace(path: string, { keepFreeBytes }: SpaceLimit): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const [freeBytes, least] = [bavail * bsize, keepFreeBytes()];
  if (freeBytes >= least) return;
  const figures = `${formatBytes(freeBytes)} free, ${formatBytes(least)} are kept`;
  throw new Fault('exhausted', `the volume of ${path} is low on space: ${figures}`, {
    facts: { freeBytes, keepFreeBytes: least },
    hint: 'free space on the volume, or choose another',
  });
}

/** Aborts with `exhausted` when space runs low; looks until it is disposed. */
export function watchSpace(
  paths: readonly string[],
  limit: SpaceLimit,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const path of paths) await requireSpace(path, limit);
    } catch (error) {
      controller.abort(error);
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), limit.periodMs ?? periodMs).unref();
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
