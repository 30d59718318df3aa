/** When the host sets a guest's clock (GA-12 to GA-16). Pure. */
import type { VmDefinition } from '#api';

/** A smaller offset is left to the guest: measuring over the channel is no better. */
export const tolerableOffsetMs = 500;

export interface ClockMoment {
  readonly definition: VmDefinition;
  /** What the guest was found to be. */
  readonly isDomainController: boolean;
  /** That it belongs to; null where it is in none, or does not tell. */
  readonly guestDomain: string | null;
  readonly hostDomain: string | null;
  /** East of UTC, seconds; null where the guest does not tell. */
  readonly guestZoneSeconds: number | null;
  readonly hostZoneSeconds: number;
  /** Guest's clock minus the host's, both in universal time. */
  readonly offsetMs: number;
}

/**
 * The setting where there is one; else off for domain controllers, for members of another domain, which has the
 * time, and for guests of another time zone.
 */
export function wantsSynchronisation(moment: Omit<ClockMoment, 'offsetMs'>): boolean {
  const { definition, isDomainController, guestZoneSeconds, hostZoneSeconds } = moment;
  const { guestDomain, hostDomain } = moment;
  const { synchronise } = definition.settings.time;
  if (synchronise !== null) return synchronise;
  if (definition.domainController || isDomainController) return false;
  if (guestDomain !== null && guestDomain !== hostDomain) return false;
  return guestZoneSeconds === null || guestZoneSeconds === hostZoneSeconds;
}

export function needsCorrection(moment: ClockMoment): boolean {
  return Math.abs(moment.offsetMs) > tolerableOffsetMs && wantsSynchronisation(moment);
}
