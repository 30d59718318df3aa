/**
 * Shares and limits of a vm's processors in libvirt's words. A share is a weight, the same number as in control groups of version 2
 * (1 to 10,000, 100 is usual). A quota is what may run in a period, in microseconds: of each processor (`quota`), or of all
 * of them together (`global_quota`). Gantry keeps a percentage of them and not the period. Pure.
 */

/** In which quotas are told, microseconds. */
export const periodUs = 100_000;
/** What libvirt takes, microseconds. */
export const periodRangeUs = { min: 1_000, max: 1_000_000 } as const;
export const noQuota = -1;

/** Of each processor; `noQuota` where there is none. */
export function quotaUsOf({ cpuMaximumPercent }: { readonly cpuMaximumPercent: number }): number {
  const quotaUs = Math.round((cpuMaximumPercent * periodUs) / 100);
  return quotaUs < periodUs ? quotaUs : noQuota;
}

/** None or less is no limit, and so is more than there is. May be less than a vm can have. */
export function percentOf(quotaUs: number, ofPeriodUs: number): number {
  return quotaUs <= 0 ? 100 : Math.min(100, (quotaUs * 100) / ofPeriodUs);
}
