/**
 * Small parsers for values that came from another program. A parser takes `unknown` and gives a value
 * of the type or throws `Misfit` naming the place; the caller turns that into a fault that names the peer.
 *
 * Invariant: nothing gets through unbounded: texts and lists state their longest length, numbers are
 * safe integers or finite.
 */

export type Parser<T> = (value: unknown, place: string) => T;

/** What the value is and where it does not fit. */
export class Misfit extends Error {
  override readonly name = 'Misfit';
}

function misfit(place: string, expected: string): never {
  throw new Misfit(`${place === '' ? 'the value' : place} is not ${expected}`);
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const object: Parser<JsonObject> = (value, place) =>
  isObject(value) ? value : misfit(place, 'an object');

/** A text of at most so many UTF-16 units. */
export function text(maxLength = 4096): Parser<string> {
  return (value, place) =>
    typeof value === 'string' && value.length <= maxLength
      ? value
      : misfit(place, `a text of at most ${maxLength} characters`);
}

export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  const parse: Parser<number> = (value, place) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? Number(value)
      : misfit(place, `a whole number from ${min} to ${max}`);
  return parse;
}

/** Any finite number: counters of 64 bits lose their low digits beyond 2^53. */
export const finite: Parser<number> = (value, place) =>
  typeof value === 'number' && Number.isFinite(value) ? value : misfit(place, 'a number');

export const flag: Parser<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : misfit(place, 'true or false');

export function oneOf<const T extends readonly string[]>(words: T): Parser<T[number]> {
  return (value, place) =>
    words.find((word) => word === value) ?? misfit(place, `one of ${words.join(', ')}`);
}

export function list<T>(item: Parser<T>, maxItems = 4096): Parser<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length > maxItems) {
      misfit(place, `a list of at most ${maxItems}`);
    }
    return value.map((entry: unknown, index) => item(entry, `${place}[${index}]`));
  };
}

export function optional<T>(parser: Parser<T>): Parser<T | undefined> {
  return (value, place) =>
    value === undefined || value === null ? undefined : parser(value, place);
}

type Shape<T> = { readonly [K in keyof T]: Parser<T[K]> };

/** An object with at least these fields, by their names on the wire; others are left out. */
export function record<T extends Readonly<Record<string, unknown>>>(shape: Shape<T>): Parser<T> {
  const entries = Object.entries(shape);
  return (value, place) => {
    const source = object(value, place);
    const result: Record<string, unknown> = {};
    for (const [name, parser] of entries) {
      const parse = parser as Parser<unknown>;
      const parsed = parse(own(source, name), place === '' ? name : `${place}.${name}`);
      if (parsed !== undefined) result[name] = parsed;
    }
    return result as T;
  };
}

/** The field itself, never one inherited from the prototype. */
function own(source: JsonObject, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** Parses, then renames: the fields of the wire become ours. */
export function map<A, B>(parser: Parser<A>, change: (value: A) => B): Parser<B> {
  return (value, place) => change(parser(value, place));
}
