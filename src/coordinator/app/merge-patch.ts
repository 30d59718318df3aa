/**
 * JSON Merge Patch (RFC 7396): null takes a member away, objects are merged, everything else (lists too)
 * is replaced whole. Works on plain JSON; makes new objects and never touches a prototype.
 */
import type { Json } from '../store/store.ts';

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function applyMergePatch(target: unknown, patch: Json | Members): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, applyMergePatch(result.get(name), value as Json));
  }
  return Object.fromEntries(result);
}
