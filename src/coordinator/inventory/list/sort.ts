/**
 * The order of a list: by several fields, each up or down, at last by id, so that no two things are in
 * the same place. Text is compared without regard to case, by its first 64 characters, and numbers in it by
 * their value: web-5 stands before web-13. What is absent stands at the end, whatever the direction.
 */
import { Fault } from '#lib';

export const maxSortFields = 4;
/** So that the keys of a place fit into a cursor. */
const maxKeyLength = 64;
/** Numbers with more digits are compared as text, so that all stand before letters. */
const maxDigits = 16;

export interface SortField {
  readonly path: readonly string[];
  readonly direction: 'up' | 'down';
}

/** Null is absent. */
export type SortKey = string | number | null;

/** `-createdAt,name`. Errors: `invalid`. Whether the fields exist is not looked at. */
export function parseSort(text: string): readonly SortField[] {
  const fields = text.split(',').map((part): SortField => {
    const word = part.trim();
    const down = word.startsWith('-');
    const path = (down ? word.slice(1) : word).split('.');
    if (path.length > 8 || path.some((name) => name === ''))
      throw new Fault('invalid', `sort: "${word.slice(0, 100)}" is not a field`, {
        hint: 'write field names with commas, for example: -createdAt,name',
      });
    return { path, direction: down ? 'down' : 'up' };
  });
  if (fields.length > maxSortFields)
    throw new Fault('invalid', `sort: ${fields.length} fields; at most ${maxSortFields} can be`);
  return fields;
}

export function writeSort(fields: readonly SortField[]): string {
  return fields
    .map(({ path, direction }) => `${direction === 'down' ? '-' : ''}${path.join('.')}`)
    .join(',');
}

export function sortKey(thing: unknown, path: readonly string[]): SortKey {
  let value = thing;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    value = Reflect.get(value, name);
  }
  if (typeof value === 'string') return textKey(value);
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (Array.isArray(value)) return textKey(value.join(','));
  return null;
}

/** Of two such keys the code units alone decide: a comparison costs no more than one of plain text. */
function textKey(text: string): string {
  const key = text.slice(0, maxKeyLength).toLowerCase();
  return /[0-9]/.test(key) ? key.replace(/0*([0-9]+)/g, withLength).slice(0, maxKeyLength) : key;
}

/** A shorter number stands before a longer one; among equally long ones digits decide. */
function withLength(_: string, digits: string): string {
  return String.fromCodePoint('0'.charCodeAt(0) + Math.min(digits.length, maxDigits)) + digits;
}

export function compareKeys(a: SortKey, b: SortKey, direction: 'up' | 'down'): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  // Numbers stand before text, should a field ever have both.
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b === (direction === 'up') ? -1 : 1;
}
