/**
 * The end of a process that need not be our child: it may have been started by an agent before this one.
 *
 * Its monitor connection ends at once; how long the kernel then takes to put it away is waited for here,
 * with looks in growing intervals, each the cost of reading one small file.
 */
import { systemClock } from '#lib';
import type { ProcessIdentity } from '../../../machine/record.ts';
import { isAlive } from './proc.ts';

const firstPauseMs = 1;
const longestPauseMs = 50;

/** Resolves with whether it is gone. */
export async function untilGone(
  identity: ProcessIdentity,
  bootId: string,
  limitMs: number,
): Promise<boolean> {
  const until = Date.now() + limitMs;
  for (let pauseMs = firstPauseMs; isAlive(identity, bootId); pauseMs *= 2) {
    if (Date.now() > until) return false;
    await systemClock.sleep(Math.min(pauseMs, longestPauseMs));
  }
  return true;
}

/** To this process and no other: its start time is compared right before. */
export function sendSignal(
  identity: ProcessIdentity,
  bootId: string,
  signal: 'SIGTERM' | 'SIGKILL',
): void {
  if (!isAlive(identity, bootId)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It has gone in between.
  }
}
