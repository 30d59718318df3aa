/**
 * Matching things against a parsed filter. `compileFilter` turns it into a function once per request;
 * the function allocates nothing. Comparisons: `=` and `!=` ignore case and take `*` for any text; `:`
 * means "contains" for text and "has" for lists and objects; `<` and the like compare numbers and times.
 */
import { parseBytes } from '#lib';
import type { Comparator, Filter } from './parse.ts';

type Match = (thing: unknown) => boolean;

export function compileFilter(filter: Filter): Match {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map(compileFilter);
      return (thing) => terms.every((term) => term(thing));
    }
    case 'or': {
      const terms = filter.terms.map(compileFilter);
      return (thing) => terms.some((term) => term(thing));
    }
    case 'not': {
      const term = compileFilter(filter.term);
      return (thing) => !term(thing);
    }
    case 'text':
      return (thing) => hasText(thing, filter.text);
    case 'compare':
      return compileComparison(filter.path, filter.comparator, filter.value);
  }
}

const textFields = [
  'name',
  'description',
  'message',
  'host',
  'folder',
  'action',
  'displayName',
  'meaning',
];

function hasText(thing: unknown, text: string): boolean {
  if (typeof thing !== 'object' || thing === null) return false;
  for (const field of textFields) {
    const value: unknown = Reflect.get(thing, field);
    if (typeof value === 'string' && value.toLowerCase().includes(text)) return true;
  }
  return false;
}

function compileComparison(path: readonly string[], comparator: Comparator, value: string): Match {
  const test = compileTest(comparator, value);
  const negative = comparator === '!=';
  return (thing) => {
    const found = walk(thing, path, 0, test);
    return negative ? !found : found;
  };
}

function walk(
  value: unknown,
  path: readonly string[],
  depth: number,
  test: (value: unknown) => boolean,
): boolean {
  if (Array.isArray(value)) {
    if (depth === path.length && test(value)) return true;
    return value.some((member) => walk(member, path, depth, test));
  }
  if (depth === path.length) return test(value);
  if (typeof value !== 'object' || value === null) return false;
  const name = path[depth] ?? '';
  return Object.hasOwn(value, name) && walk(Reflect.get(value, name), path, depth + 1, test);
}

function numberOf(text: string): number | undefined {
  const plain = Number(text);
  if (text.trim() !== '' && Number.isFinite(plain)) return plain;
  if (!/^\d+(\.\d+)?\s*[kmgtp]i?b?$/i.test(text)) return undefined;
  return parseBytes(text);
}

function compileTest(comparator: Comparator, text: string): (value: unknown) => boolean {
  const lower = text.toLowerCase();
  const number = numberOf(text);
  switch (comparator) {
    case '=':
    case '!=': {
      const pattern = lower.includes('*') ? wildcard(lower) : undefined;
      return (value) => {
        if (typeof value === 'string')
          return pattern ? pattern(value.toLowerCase()) : value.toLowerCase() === lower;
        if (typeof value === 'number') return number !== undefined && value === number;
        if (typeof value === 'boolean') return String(value) === lower;
        return value === null && lower === 'null';
      };
    }
    case ':':
      return (value) => {
        if (typeof value === 'string') return lower === '*' || value.toLowerCase().includes(lower);
        if (typeof value === 'number')
          return lower === '*' || (number !== undefined && value === number);
        if (typeof value === 'boolean') return lower === '*' || String(value) === lower;
        return (
          typeof value === 'object' &&
          value !== null &&
          (lower === '*' || Object.hasOwn(value, text))
        );
      };
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (value) => {
        if (typeof value === 'number' && number !== undefined)
          return ordered(comparator, value - number);
        if (typeof value === 'string')
          return ordered(comparator, value < text ? -1 : value > text ? 1 : 0);
        return false;
      };
  }
}

function ordered(comparator: '<' | '<=' | '>' | '>=', difference: number): boolean {
  if (comparator === '<') return difference < 0;
  if (comparator === '<=') return difference <= 0;
  if (comparator === '>') return difference > 0;
  return difference >= 0;
}

/** `*` for any text, without regular expressions, so that no pattern can take long. */
function wildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
      return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > text.length - last.length) return false;
      at = found + part.length;
    }
    return true;
  };
}
