/** File systems of a guest, held still and trimmed through its agent. Nothing of it is kept here: what the guest says is so. */
import type {
  GuestFreeze,
  GuestFreezeRequest,
  GuestTrim,
  GuestTrimRequest,
  LinkResult,
} from '#api';
import { isoTime } from '#lib';
import type { Caller, Coordinator } from '../../context.ts';
import type { VmDocument } from '../../documents.ts';
import { ancestorsOf, vmThing } from '../things.ts';
import { requireRunningGuest } from './running-guest.ts';

/** All that the guest has in memory is written first. */
const answerMs = 60_000;

type Wanted = Pick<GuestFreezeRequest, 'mountPoints' | 'limitSeconds'> & {
  readonly set: 'frozen' | 'thawed' | null;
};

/** Errors of all of them: `refused` where it does not run; `unavailable` where no agent answers; the guest's own. */
export async function askFreeze(
  coordinator: Coordinator,
  id: string,
  signal: AbortSignal,
): Promise<GuestFreeze> {
  return shownFreeze(await call(coordinator, id, { set: null, mountPoints: [] }, signal));
}

export async function beginFreeze(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  request: GuestFreezeRequest,
  signal: AbortSignal,
): Promise<GuestFreeze> {
  const done = await call(coordinator, id, { ...request, set: 'frozen' }, signal);
  await tell(coordinator, caller, id, 'vm.file-systems.frozen', done);
  return shownFreeze(done);
}

export async function endFreeze(
  coordinator: Coordinator,
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<GuestFreeze> {
  const done = await call(coordinator, id, { set: 'thawed', mountPoints: [] }, signal);
  await tell(coordinator, caller, id, 'vm.file-systems.thawed', done);
  return shownFreeze(done);
}

export async function trim(
  coordinator: Coordinator,
  id: string,
  request: GuestTrimRequest,
  signal: AbortSignal,
): Promise<GuestTrim> {
  const { hostId } = requireRunningGuest(coordinator, id, 'give back space');
  const params = { id, ...request };
  return await coordinator.links.call(hostId, 'machine.trim', params, {
    signal,
    limitMs: answerMs,
  });
}

function call(
  coordinator: Coordinator,
  id: string,
  { set, mountPoints, limitSeconds }: Wanted,
  signal: AbortSignal,
): Promise<LinkResult<'machine.freeze'>> {
  const { hostId } = requireRunningGuest(coordinator, id, 'hold its file systems still');
  const params = { id, set, mountPoints, limitSeconds: limitSeconds ?? null };
  return coordinator.links.call(hostId, 'machine.freeze', params, { signal, limitMs: answerMs });
}

function shownFreeze({ untilMs, ...told }: LinkResult<'machine.freeze'>): GuestFreeze {
  return { ...told, until: untilMs === null ? null : isoTime(untilMs) };
}

/** What was so already is no news. */
async function tell(
  coordinator: Coordinator,
  { actor, origin, correlationId }: Caller,
  id: string,
  name: 'vm.file-systems.frozen' | 'vm.file-systems.thawed',
  { fileSystems }: LinkResult<'machine.freeze'>,
): Promise<void> {
  const { inventory } = coordinator;
  const vm = inventory.document<VmDocument>('vm', id)?.data;
  if (fileSystems === null || fileSystems === 0 || vm === undefined) return;
  const target = vmThing(id, vm);
  await coordinator.commit({
    events: [
      {
        name,
        target,
        ancestors: ancestorsOf(inventory, target),
        actor,
        origin,
        correlationId,
        attributes: { fileSystems },
      },
    ],
  });
}
