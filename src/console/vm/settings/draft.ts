/**
 * What somebody is changing in a vm and has not saved. It begins with the first change and follows what
 * others save meanwhile: their changes come in by themselves, and what both have changed waits for a decision.
 */
import { useMemo, useState } from 'react';
import {
  diffSettings,
  vmDefinitionSchema,
  type SettingChange,
  type Vm,
  type VmDefinition,
} from '#api';
import { findConflicts, mergeChanges, type Conflict } from './merge.ts';
import { placeOf, readAt, writeAt, type Place } from './place.ts';

interface Begun {
  readonly base: unknown;
  /** May be wrong as yet: it is what was typed. */
  readonly mine: unknown;
}

export interface Draft {
  /** As it would be saved. */
  readonly value: unknown;
  /** As it is saved now. */
  readonly saved: VmDefinition;
  /** Version that a save is made against. */
  readonly version: number;
  readonly changes: readonly SettingChange[];
  readonly conflicts: readonly Conflict[];
  /** What others have saved since the first change. */
  readonly others: readonly SettingChange[];
  /** What is wrong, by path with slashes and indices. */
  readonly problems: ReadonlyMap<string, string>;
  readonly set: (steps: Place['steps'], to: unknown) => void;
  readonly decide: (prefer: 'mine' | 'theirs') => void;
  readonly drop: () => void;
  /** What is left when a part of it has been saved: `now` is as it is saved then. */
  readonly keepRest: (now: unknown) => void;
}

export function useDraft(vm: Vm): Draft {
  const [begun, setBegun] = useState<Begun | undefined>(undefined);
  const saved = vm.definition;
  return useMemo(() => {
    const base = begun?.base ?? saved;
    const mine = begun?.mine ?? saved;
    const conflicts = findConflicts(base, mine, saved);
    const value = conflicts.length > 0 ? mine : mergeChanges(base, mine, saved, 'mine');
    const changes = diffSettings(conflicts.length > 0 ? base : saved, value);
    return {
      value,
      saved,
      version: vm.version,
      changes,
      conflicts,
      others: diffSettings(base, saved).filter(
        ({ path }) => !changes.some((change) => change.path === path),
      ),
      problems: begun === undefined ? new Map<string, string>() : findProblems(value),
      set: (steps, to) =>
        setBegun({
          base: conflicts.length > 0 ? base : saved,
          mine: writeAt(value, steps, to),
        }),
      decide: (prefer) => setBegun({ base: saved, mine: mergeChanges(base, mine, saved, prefer) }),
      drop: () => setBegun(undefined),
      keepRest: (now) => setBegun({ base: now, mine: value }),
    };
  }, [begun, saved, vm.version]);
}

/**
 * What of a draft is at these paths, as a draft that is saved by itself while the rest waits. It is saved only where nothing
 * waits for a decision: what is not in conflict has the changes of others in it then.
 */
export function partOfDraft(draft: Draft, paths: readonly string[]): Draft {
  const places = paths.map(placeOf);
  const isIn = ({ path }: { readonly path: string }): boolean =>
    places.some(({ settingPath }) => `${path}/`.startsWith(`${settingPath}/`));
  const value = places.reduce<unknown>(
    (now, { steps }) => writeAt(now, steps, readAt(draft.value, steps)),
    draft.saved,
  );
  return {
    ...draft,
    value,
    changes: draft.changes.filter(isIn),
    problems: findProblems(value),
    drop: () => draft.keepRest(value),
  };
}

function findProblems(value: unknown): ReadonlyMap<string, string> {
  const parsed = vmDefinitionSchema.safeParse(value);
  if (parsed.success) return new Map();
  return new Map(parsed.error.issues.map(({ path, message }) => [path.join('/'), message]));
}
