/** The password of an account of a guest, set through its agent. It is in no event and no log: that it was set stands in the audit trail. */
import type { GuestPassword } from '#api';
import type { Coordinator } from '../../context.ts';
import { requireRunningGuest } from './running-guest.ts';

const answerMs = 30_000;

/** Errors: `refused` where it does not run, or with the guest's words; `unavailable` where no agent answers. */
export async function setGuestPassword(
  coordinator: Coordinator,
  id: string,
  request: GuestPassword,
  signal: AbortSignal,
): Promise<Record<string, never>> {
  const { hostId } = requireRunningGuest(coordinator, id, 'be given a password');
  const params = { id, ...request };
  await coordinator.links.call(hostId, 'machine.password', params, { signal, limitMs: answerMs });
  return {};
}
