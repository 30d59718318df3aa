/**
 * While one side is away nobody knows whether it has the vm, and the other one must not be told of it: what is undone waits for an
 * answer, and after half an hour gives up. Then the vm is named to be the agent's, as one that was adopted, with how it was kept and a mark
 * that it is unsettled: `give-back` asks both sides for all of it again when they are back.
 *
 * Invariant: after an undo that could not be done no earlier one is done: it could make a second vm of the same disks.
 */
import { describeFault, Fault, isFault } from '#lib';
import type { Work } from '../work.ts';

const pauseMs = 1_000;
export const patienceMs = 30 * 60_000;

export interface Away {
  /** That is being undone. */
  readonly step: string;
  /** Names. */
  readonly host: string;
  readonly name: string;
  /** Names the vm to be the agent's, unsettled. Done twice it is the same. */
  readonly leave: () => Promise<void>;
  /** Takes that back. */
  readonly settle: () => Promise<void>;
}

/** Errors: those of the undo; `unavailable` with what to do, when it has been waited for long enough. */
export async function patiently(
  work: Work,
  { step, host, name, leave, settle }: Away,
  undo: () => Promise<void>,
): Promise<void> {
  const { clock } = work.coordinator;
  const { stuck, since } = work.memory;
  const next = `when all hosts are back: gantry vm give-back ${name}`;
  if (typeof stuck === 'string' && stuck !== step)
    throw new Fault('unavailable', `which host has ${name} is not known; ${next}`);
  let sinceMs = typeof since === 'number' ? since : undefined;
  for (;;)
    try {
      await undo();
      if (stuck === step) await settle();
      if (sinceMs !== undefined) await work.remember({ stuck: null, since: null });
      return;
    } catch (error) {
      work.signal.throwIfAborted();
      const isAway = isFault(error, 'unavailable') || isFault(error, 'timeout');
      if (sinceMs === undefined) {
        sinceMs = clock.now();
        await work.remember({ since: sinceMs });
      }
      if (!isAway || clock.now() - sinceMs >= patienceMs) {
        await work.remember({ stuck: step });
        await leave();
        const waited = isAway ? ` has not come back for ${patienceMs / 60_000} minutes` : '';
        throw new Fault(
          'unavailable',
          `host ${host}${waited}: which host has ${name} is not known; ${next}`,
          {
            cause: error,
          },
        );
      }
      work.tell(null, `waiting for host ${host}: ${describeFault(error)}`);
      await clock.sleep(pauseMs, work.signal);
    }
}
