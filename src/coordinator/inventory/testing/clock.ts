/** A clock that the tests hold. */
import type { Clock } from '#lib';
import { time } from './documents.ts';

export interface HeldClock extends Clock {
  seconds: number;
}

export function holdClock(): HeldClock {
  const clock: HeldClock = {
    seconds: 0,
    now: () => Date.parse(time) + clock.seconds * 1000,
    sleep: () => Promise.reject(new Error('the clock is held')),
  };
  return clock;
}
