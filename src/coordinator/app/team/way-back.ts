/** How a member comes back to the state in which a command found it (GRP-67). Pure. */
import type { PowerAction, Vm, VmState } from '#api';

/** As a member was found; `held`: paused before its first instruction. */
export type Found = VmState | 'held';

export function foundState({ state, status }: Pick<Vm, 'state' | 'status'>): Found {
  return status.held ? 'held' : state;
}

/** What was off or saved for a moment starts anew or from what was saved; the rest is a step back. */
const ways: Readonly<
  Partial<Record<Found, Readonly<Partial<Record<VmState, readonly PowerAction[]>>>>>
> = {
  off: { running: ['turn-off'], paused: ['turn-off'] },
  saved: { running: ['save'], paused: ['save'] },
  running: { paused: ['resume'], saved: ['restore'], off: ['turn-on'] },
  paused: { running: ['pause'], saved: ['restore', 'pause'], off: ['turn-on', 'pause'] },
  held: { off: ['hold'] },
};

/** Nothing where it is so already, and where no way leads back. */
export function wayBack(found: Found, now: VmState): readonly PowerAction[] {
  return ways[found]?.[now] ?? [];
}
