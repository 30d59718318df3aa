/**
 * What may be written next in a filter of the API's language: fields of the thing's own schema, then an
 * operator, then the values that the schema lists. The place is the end of the text.
 */
export interface FilterField {
  /** With dots, as the filter takes it. */
  readonly path: string;
  readonly kind: 'text' | 'number' | 'choice';
  /** Of a choice. */
  readonly values: readonly string[];
}

export interface Suggestion {
  /** The whole text when it is taken. */
  readonly text: string;
  /** What is added, for the list. */
  readonly label: string;
}

const maxSuggestions = 12;
const operators: Readonly<Record<FilterField['kind'], readonly string[]>> = {
  text: ['=', ':', '!='],
  choice: ['=', '!='],
  number: ['=', '>', '<', '>=', '<='],
};

/** `known`: values of fields that the schema leaves open, for example the names of hosts. */
export function suggest(
  text: string,
  fields: readonly FilterField[],
  known: Readonly<Record<string, readonly string[]>> = {},
): readonly Suggestion[] {
  const comparison = /([\w.]+)\s*(?:!=|<=|>=|[=<>:])\s*"?([^\s"()]*)$/.exec(text);
  if (comparison !== null) {
    const [, path = '', begun = ''] = comparison;
    const values = known[path] ?? fields.find((field) => field.path === path)?.values ?? [];
    if (values.some((value) => value === begun)) return [];
    const before = text.slice(0, text.length - begun.length).replace(/"$/, '');
    return values
      .filter((value) => value.toLowerCase().includes(begun.toLowerCase()))
      .slice(0, maxSuggestions)
      .map((value) => ({ text: `${before}${quote(value)} `, label: value }));
  }
  const word = /[\w.]*$/.exec(text)?.[0] ?? '';
  const before = text.slice(0, text.length - word.length);
  const field = /^([\w.]+)\s$/.exec(/[\w.]+\s$/.exec(text)?.[0] ?? '')?.[1];
  const whole = fields.find(({ path }) => path === (word === '' ? field : word));
  if (whole !== undefined)
    return operators[whole.kind].map((operator) => ({
      text: `${text.trimEnd()} ${operator} `,
      label: `${whole.path} ${operator}`,
    }));
  if (word === '' && /[^\s(]\s+$/.test(before) && !/\b(AND|OR|NOT)\s+$/.test(before))
    return ['AND', 'OR'].map((join) => ({ text: `${before}${join} `, label: join }));
  const lower = word.toLowerCase();
  return fields
    .filter(({ path }) => path.toLowerCase().includes(lower))
    .sort((a, b) => rank(a.path, lower) - rank(b.path, lower))
    .slice(0, maxSuggestions)
    .map(({ path }) => ({ text: `${before}${path} `, label: path }));
}

/** Fields that begin with what was written come first, then those with a part that does; short ones first. */
function rank(path: string, begun: string): number {
  const lower = path.toLowerCase();
  const place = lower.startsWith(begun) ? 0 : lower.includes(`.${begun}`) ? 1000 : 2000;
  return place + path.split('.').length * 100 + Math.min(path.length, 99);
}

function quote(value: string): string {
  return /^[\w.-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
