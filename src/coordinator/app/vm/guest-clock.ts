/** The clock of a guest, which its agent is asked for now. What it answered last stands in the status of the vm. */
import type { GuestClock, GuestClockSetting } from '#api';
import type { Coordinator } from '../../context.ts';
import { requireRunningGuest } from './running-guest.ts';

/** Agents of guests that run answer at once, or not at all. */
const answerMs = 15_000;

/** Errors: `refused` where it does not run; `unavailable` where no agent answers; the guest's own. */
export async function askClock(
  coordinator: Coordinator,
  id: string,
  setting: GuestClockSetting | undefined,
  signal: AbortSignal,
): Promise<GuestClock> {
  const { hostId } = requireRunningGuest(coordinator, id, 'tell the time');
  const set = setting === undefined ? null : setting.time;
  const { timeMs } = await coordinator.links.call(
    hostId,
    'machine.clock',
    { id, set },
    { signal, limitMs: answerMs },
  );
  return { time: new Date(timeMs).toISOString() };
}
