/** Acknowledgements of warnings end with what they are about, so that it is warned of again when it comes back. */
import type { Finding } from '#api';
import { clearWarnings } from '../app/warnings/warnings.ts';
import type { Coordinator } from '../context.ts';
import type { Reconciler } from './loop.ts';

/** Also nudged by what changes on hosts and vms. */
export const clearWarningsName = 'clear-warnings';

export function clearingWarnings(
  coordinator: Coordinator,
  own: () => readonly Finding[],
): Reconciler {
  return {
    name: clearWarningsName,
    everyMs: 5_000,
    run: () => clearWarnings(coordinator, own),
  };
}
