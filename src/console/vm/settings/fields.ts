/** The fields of a definition and of what can be added to one, and their first values. */
import {
  findField,
  readFields,
  variantKey,
  vmDefinitionSchema,
  type Field,
  type Fields,
} from '#api';

/** All that a definition holds. */
export const definitionFields: Fields = readFields(vmDefinitionSchema);

/** The field of a definition at a path of names with slashes. */
export function fieldAt(path: string): Field | undefined {
  return findField(path.split('/'), definitionFields);
}

/** A first value, as small as the limits allow. */
export function emptyValue(field: Field): unknown {
  if (field.nullable) return null;
  switch (field.kind) {
    case 'number':
      return Math.max(field.min, 0);
    case 'text':
      return '';
    case 'flag':
      return false;
    case 'choice':
      return field.options[0];
    case 'group':
      return emptyGroup(field.fields);
    case 'list':
      return [];
    case 'variant': {
      const [first] = Object.keys(field.variants);
      return first === undefined ? null : emptyVariant(field.variants, first);
    }
    case 'open':
      return {};
  }
}

export function emptyVariant(
  variants: Readonly<Record<string, Fields>>,
  value: string,
): Readonly<Record<string, unknown>> {
  return { [variantKey]: value, ...emptyGroup(variants[value] ?? {}) };
}

function emptyGroup(fields: Fields): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, emptyValue(field)]),
  );
}
