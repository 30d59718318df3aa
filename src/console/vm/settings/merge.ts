/**
 * Two people edit one vm. Out of what both began with, what one has made of it (mine) and what is there
 * now (theirs) comes one definition with the changes of both; where both have changed the same to different
 * values, that is a conflict and `prefer` decides. Members of lists are matched by what identifies them.
 */
import { diffSettings, writeMemberName, type SettingChange, type SettingValue } from '#api';

export interface Conflict {
  readonly path: string;
  readonly base: SettingValue;
  readonly mine: SettingValue;
  readonly theirs: SettingValue;
}

export function findConflicts(base: unknown, mine: unknown, theirs: unknown): readonly Conflict[] {
  const changes = new Map<string, SettingChange>(
    diffSettings(base, theirs).map((change) => [change.path, change]),
  );
  return diffSettings(base, mine).flatMap(({ path, oldValue, newValue }) => {
    const other = changes.get(path);
    if (other === undefined || other.newValue === newValue) return [];
    return [{ path, base: oldValue, mine: newValue, theirs: other.newValue }];
  });
}

export function mergeChanges(
  base: unknown,
  mine: unknown,
  theirs: unknown,
  prefer: 'mine' | 'theirs',
): unknown {
  if (isSame(mine, base)) return theirs;
  if (isSame(theirs, base) || isSame(mine, theirs)) return mine;
  if (isObject(base) && isObject(mine) && isObject(theirs)) {
    const names = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
    return Object.fromEntries(
      [...names].flatMap((name) => {
        const value = mergeChanges(base[name], mine[name], theirs[name], prefer);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }
  if (isIdentified(base) && isIdentified(mine) && isIdentified(theirs)) {
    const merged = mergeChanges(byName(base), byName(mine), byName(theirs), prefer);
    return Object.values(merged as Record<string, unknown>);
  }
  return prefer === 'mine' ? mine : theirs;
}

/** As RFC 7396 wants it: what is in `after` and not in `before`, lists whole, null for what is gone. */
export function writePatch(before: unknown, after: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(before) || !isObject(after)) return {};
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const [old, now] = [before[name], after[name]];
      if (isSame(old, now)) return [];
      if (isObject(old) && isObject(now) && old['kind'] === now['kind'])
        return [[name, writePatch(old, now)]];
      // Names of an object that is replaced by one of another kind go with it.
      const gone =
        isObject(old) && isObject(now)
          ? Object.fromEntries(Object.keys(old).map((key) => [key, null]))
          : {};
      return [[name, isObject(now) ? { ...gone, ...now } : (now ?? null)]];
    }),
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);

const isIdentified = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) &&
  value.every((member) => isObject(member) && ('bus' in member || 'slot' in member));

function byName(list: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    list.map((member, index) => [`at ${writeMemberName(member, index)}`, member]),
  );
}
