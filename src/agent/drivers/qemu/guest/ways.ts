/** The ways to the guest of a process: through a port forward, through its cables into networks. */
import type { Taps } from '../../../network/taps.ts';
import type { QemuRunning } from '../running.ts';
import { forwardWay } from './forward-way.ts';
import { framesWay } from './frames-way.ts';
import type { Way } from './reachability.ts';

export function waysTo(running: QemuRunning, taps: Taps | undefined): readonly Way[] {
  const told = (): readonly string[] => running.guestMonitor?.sample().guest?.addresses ?? [];
  const forward = forwardWay(running.forwards, () => running.client);
  return [
    ...(forward === undefined ? [] : [forward]),
    ...(taps === undefined ? [] : [framesWay(taps, running.id, told)]),
  ];
}
