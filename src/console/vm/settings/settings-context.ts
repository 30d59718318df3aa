/** What every field of a form of settings is given. */
import { createContext, useContext } from 'react';
import { assert } from '#lib';
import type { Place } from './place.ts';

export interface SettingsForm {
  /** Id of the vm whose settings they are; undefined: of one that is not made yet, or of something else. */
  readonly vm: string | undefined;
  /** Id of the host on which it is to be made, where that is known; not of one that there is. */
  readonly host?: string | undefined;
  /** The definition as it would be saved. */
  readonly value: unknown;
  readonly saved: unknown;
  /** What is wrong, by path with slashes and indices. */
  readonly problems: ReadonlyMap<string, string>;
  /** Setting paths whose values are new. */
  readonly changed: ReadonlySet<string>;
  /** Setting paths that take effect at the next start. */
  readonly pending: ReadonlySet<string>;
  /** Why a field cannot be changed, or undefined. */
  lock(place: Place): string | undefined;
  /** Whether members come and go by setting the list; else the page has a way of its own. */
  canResize(place: Place): boolean;
  set(steps: Place['steps'], to: unknown): void;
}

export const SettingsFormContext = createContext<SettingsForm | undefined>(undefined);

export function useSettingsForm(): SettingsForm {
  const form = useContext(SettingsFormContext);
  assert(form !== undefined, 'the field is inside a form of settings');
  return form;
}
