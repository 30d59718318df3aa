/** The clock of a guest, which its agent is asked for now. What it answered last stands in the status of the vm. */
import type { GuestClock, GuestClockSetting } from '#api';
import { Fault } from '#lib';
import type { Coordinator } from '../../context.ts';
import { shown, vmDocument } from '../find.ts';

/** Agents of guests that run answer at once, or not at all. */
const answerMs = 15_000;

/** Errors: `refused` where it does not run; `unavailable` where no agent answers; the guest's own. */
export async function askClock(
  { inventory, links }: Coordinator,
  id: string,
  setting: GuestClockSetting | undefined,
  signal: AbortSignal,
): Promise<GuestClock> {
  const { name, state } = shown('vm', id, inventory.vm(id));
  if (state !== 'running')
    throw new Fault('refused', `no guest of ${name} can tell the time: it does not run`, {
      hint: 'start or resume it first',
    });
  const { hostId } = vmDocument(inventory, id).data;
  const set = setting === undefined ? null : setting.time;
  const { timeMs } = await links.call(
    hostId,
    'machine.clock',
    { id, set },
    { signal, limitMs: answerMs },
  );
  return { time: new Date(timeMs).toISOString() };
}
