/** How a simulated host behaves: its size, its timing, its faults. All of it data. */
import { giB, miB, type Clock } from '#lib';
import type { Gone } from './gone.ts';
import type { HandedGuests } from './handed.ts';

/** From and to, in milliseconds. */
export type Span = readonly [fromMs: number, toMs: number];

export interface SimulatedTiming {
  /** From the request until the process runs. */
  readonly startMs: Span;
  /** From then until the guest agent answers. */
  readonly bootMs: Span;
  readonly shutdownMs: Span;
  readonly resetMs: Span;
  /** Of the saved state, per second. */
  readonly saveBytesPerSecond: number;
}

/** Probabilities from 0 to 1, per attempt or per running machine and hour. */
export interface SimulatedFaults {
  readonly startFails: number;
  readonly saveFails: number;
  readonly restoreFails: number;
  readonly shutdownIgnored: number;
  readonly crashPerHour: number;
  readonly panicPerHour: number;
}

export interface SimulatedOptions {
  readonly seed: string;
  readonly hostName: string;
  /** How many machines exist from the first start. */
  readonly vms: number;
  readonly timing: SimulatedTiming;
  readonly faults: SimulatedFaults;
  /** Those of them that were removed since. Absent: none is kept in mind. */
  readonly gone?: Gone;
  readonly handed: HandedGuests;
  readonly clock: Clock;
  readonly memoryBytes: number;
  readonly processors: number;
}

export const defaultTiming: SimulatedTiming = {
  startMs: [200, 900],
  bootMs: [2_000, 9_000],
  shutdownMs: [1_000, 5_000],
  resetMs: [20, 80],
  saveBytesPerSecond: 2 * giB,
};

export const noFaults: SimulatedFaults = {
  startFails: 0,
  saveFails: 0,
  restoreFails: 0,
  shutdownIgnored: 0,
  crashPerHour: 0,
  panicPerHour: 0,
};

/** A host on which its machines fit, whatever their number. */
export function defaultSize(vms: number): { memoryBytes: number; processors: number } {
  const processors = Math.max(32, 2 ** Math.ceil(Math.log2(Math.max(1, vms))));
  return { memoryBytes: Math.max(256 * giB, vms * 3 * giB + 512 * miB), processors };
}
