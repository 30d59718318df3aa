/** How long to wait before the next attempt: doubling up to a bound, with the whole of it left to chance. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** `attempt` counts from 0. At least a tenth of the bound of that attempt. */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const bound = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30));
  return bound * (0.1 + 0.9 * options.random());
}
