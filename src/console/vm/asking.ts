/**
 * Whether a person is asked before a power control of a vm loses something: always, until they choose for a test vm
 * not to be (WEB-24). Deleting and undo disks always ask. Remembered by the browser, for each person apart.
 */
import type { VmAction } from '#api';
import { useSession } from '../console.ts';
import { parseTexts, useRemembered } from '../parts/remembered.ts';

export type Asking = 'ask' | 'do at once';

const maxVms = 1000;
const mayBeSilent: readonly VmAction[] = ['discard', 'turn-off', 'reset', 'restart'];

export function mayGoUnasked(action: VmAction): boolean {
  return mayBeSilent.includes(action);
}

export interface Askings {
  of(vm: string): Asking;
  choose(vm: string, asking: Asking): void;
}

export function useAsking(): Askings {
  const session = useSession();
  const person = session.kind === 'in' ? session.session.user : '';
  const [unasked, setUnasked] = useRemembered(
    `unasked.${person}`,
    (stored) => parseTexts(stored) ?? [],
  );
  return {
    of: (vm) => (unasked.includes(vm) ? 'do at once' : 'ask'),
    choose(vm, asking) {
      const others = unasked.filter((id) => id !== vm);
      setUnasked(asking === 'ask' ? others : [...others, vm].slice(-maxVms));
    },
  };
}
