/**
 * Changes that depend on what is there: built from the inventory, committed on the condition that it is
 * still so, and built again when somebody was faster.
 */
import { Fault, isFault } from '#lib';
import type { Coordinator } from '../context.ts';
import type { Change, Commit } from '../store/store.ts';

const maxAttempts = 10;

/**
 * `build` reads the inventory and gives the commit with its conditions, or undefined when nothing is to
 * be done. Errors: those of `build`; `stale` after ten lost races.
 */
export async function commitFresh(
  coordinator: Pick<Coordinator, 'commit'>,
  build: () => Commit | undefined | Promise<Commit | undefined>,
): Promise<Change | undefined> {
  let last: unknown;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const built = build();
    // One that need not wait is committed in the same turn, before anybody else's change.
    const commit = built instanceof Promise ? await built : built;
    if (commit === undefined) return undefined;
    try {
      return await coordinator.commit(commit);
    } catch (error) {
      if (!isFault(error, 'stale') && !isFault(error, 'exists')) throw error;
      last = error;
    }
  }
  throw new Fault('stale', `others changed the same thing ${maxAttempts} times in a row`, {
    cause: last,
    hint: 'repeat the request',
  });
}
