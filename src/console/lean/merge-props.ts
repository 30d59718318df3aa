/**
 * What PatternFly's tables use to put together what each feature of a cell asks for. Theirs is made with lodash,
 * which brings 96 files along, for properties that hold nothing which needs it: the build puts this in its place.
 * Values of later sources win, save classes, which are joined, and children: what came first is around what follows.
 */
import { cloneElement, isValidElement } from 'react';

type Properties = Readonly<Record<string, unknown>>;

/** A feature that the cell does not have gives null. */
export function mergeProps(...sources: readonly (Properties | null | undefined)[]): Properties {
  const merged: Record<string, unknown> = {};
  for (const source of sources) {
    for (const [key, value] of Object.entries(source ?? {})) {
      if (value !== undefined) merged[key] = join(key, merged[key], value);
    }
  }
  return merged;
}

function join(key: string, before: unknown, after: unknown): unknown {
  if (key === 'className') return [before, after].filter(Boolean).join(' ');
  if (key === 'children' && isValidElement<{ readonly children?: unknown }>(before))
    return after ? cloneElement(before, { children: after }) : before;
  return after;
}
