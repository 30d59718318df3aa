/** The fields of a definition and of what can be added to one, and their first values. */
import {
  findField,
  readFields,
  variantKey,
  vmDefinitionSchema,
  type Field,
  type Fields,
} from '#api';
import { miB } from '#lib';

/** All that a definition holds. */
export const definitionFields: Fields = readFields(vmDefinitionSchema);

/** The field of a definition at a path of names with slashes. */
export function fieldAt(path: string): Field | undefined {
  return findField(path.split('/'), definitionFields);
}

/** A first value: the contract's default; without one nothing, or as little as the limits allow. */
export function firstValue(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  return field.nullable ? null : leastValue(field);
}

/** A value of what is not set by default, as somebody begins to set it. */
export function leastValue(field: Field): unknown {
  switch (field.kind) {
    case 'number':
      return field.unit === 'bytes-per-second' ? miB : Math.max(field.min, 0);
    case 'text':
      return '';
    case 'flag':
      return false;
    case 'choice':
      return field.options[0];
    case 'group':
      return firstGroup(field.fields);
    case 'list':
      return [];
    case 'variant': {
      const [first] = Object.keys(field.variants);
      return first === undefined ? null : firstVariant(field.variants, first);
    }
    case 'open':
      return {};
  }
}

export function firstVariant(
  variants: Readonly<Record<string, Fields>>,
  value: string,
): Readonly<Record<string, unknown>> {
  return { [variantKey]: value, ...firstGroup(variants[value] ?? {}) };
}

function firstGroup(fields: Fields): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, firstValue(field)]),
  );
}
