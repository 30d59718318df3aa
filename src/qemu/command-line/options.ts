/**
 * How a value gets into an argv. QEMU knows two syntaxes: JSON, in which nothing needs care, and option
 * lists (`key=value,key=value`), in which a comma within a value is doubled. No shell is involved.
 */

/** One option of the argv with its value, or a bare switch. */
export type Argument = readonly [option: string, value?: string];

export type OptionValue = string | number | undefined;

/** An option list; entries without a value are left out. `first` is the value QEMU lets stand without a key. */
export function formatOptions(
  first: string | undefined,
  entries: Readonly<Record<string, OptionValue>> = {},
): string {
  const parts = first === undefined ? [] : [escapeOption(first)];
  for (const [key, value] of Object.entries(entries)) {
    if (value !== undefined) parts.push(`${key}=${escapeOption(String(value))}`);
  }
  return parts.join(',');
}

/** A value of an option list. */
export function escapeOption(value: string): string {
  return value.replaceAll(',', ',,');
}

export type Json = string | number | boolean | null | readonly Json[] | JsonFields;
export interface JsonFields {
  readonly [name: string]: Json | undefined;
}

/** `-device`, `-blockdev`, `-netdev`, `-object` or `-audiodev` with JSON. */
export function jsonArgument(option: string, fields: JsonFields): Argument {
  return [option, JSON.stringify(fields)];
}
