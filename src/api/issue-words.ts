/**
 * What a schema has against a value, in the words of our faults: lower case, short, naming what is expected.
 * Given to a parse as its `error`; what a schema says itself comes first.
 */
import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};
const units: Readonly<Record<string, readonly [string, string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
};
const formats: Readonly<Record<string, string>> = {
  ipv4: 'is not an address of IPv4, 10.80.0.9',
  ipv6: 'is not an address of IPv6, fd00:80::9',
  cidrv4: 'is not a subnet of IPv4, 10.80.0.0/24',
  cidrv6: 'is not a prefix of IPv6, fd00:80::/64',
  uuid: 'is not an id',
  datetime: 'is not a time, 2026-01-31T09:30:00Z',
};
const maxNamed = 10;

/** Undefined leaves the words to zod. */
export function wordIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`;
    case 'unrecognized_keys':
      return `there is no ${issue.keys.slice(0, maxNamed).map(quoted).join(', ')} here`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of: ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return formats[issue.format];
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return undefined;
  }
}

function amount(bound: number | bigint, origin: string): string {
  const [one, many] = units[origin] ?? ['', ''];
  return `${bound}${Number(bound) === 1 ? one : many}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'one beyond all bounds';
    return Number.isInteger(value) ? 'a number' : 'a fraction';
  }
  return kinds[typeof value] ?? typeof value;
}

const quoted = (name: string): string => `"${name.slice(0, 80)}"`;
