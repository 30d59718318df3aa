/**
 * What can be set, out of the contract's own schemas (as JSON Schema 2020-12): kinds of fields with limits,
 * choices and hints. The console draws its forms from this and the CLI its list of settings, so that a
 * setting new in the contract is there by itself.
 */
import { z } from 'zod';
import { assert } from '#lib';

interface Common {
  /** What the contract says of it. */
  readonly hint: string | undefined;
  /** Null is a value of its own: it means what the hint says. */
  readonly nullable: boolean;
  /** What it is where nothing is said of it; undefined: it has to be said, or is null. */
  readonly default: unknown;
}

export type Unit = 'bytes' | 'bytes-per-second' | 'seconds' | 'percent' | undefined;

export type Field = Common &
  (
    | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly unit: Unit }
    | { readonly kind: 'text'; readonly maxLength: number }
    | { readonly kind: 'flag' }
    | { readonly kind: 'choice'; readonly options: readonly string[] }
    | { readonly kind: 'group'; readonly fields: Fields }
    | { readonly kind: 'list'; readonly item: Field; readonly maxItems: number }
    | { readonly kind: 'variant'; readonly variants: Readonly<Record<string, Fields>> }
    | { readonly kind: 'open' }
  );
export type Fields = Readonly<Record<string, Field>>;

/** The part of JSON Schema that the contract's schemas use. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** The name under which the alternatives of a union are told apart. */
export const variantKey = 'kind';

export function readFields(schema: z.ZodType): Fields {
  const root = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Schema;
  const field = readField(root, '', root.$defs ?? {});
  assert(field.kind === 'group', 'the schema is an object');
  return field.fields;
}

function readField(
  given: Schema,
  name: string,
  defs: Readonly<Record<string, Schema>>,
  within = '',
): Field {
  const named = given.$ref === undefined ? undefined : defs[given.$ref.replace('#/$defs/', '')];
  const schema: Schema = named === undefined ? given : { ...named, ...given };
  const hint = cleanHint(schema.description);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) {
    const real = branches.filter(({ type }) => type !== 'null');
    const nullable = real.length < branches.length;
    const [only] = real;
    if (only !== undefined && real.length === 1) {
      const field = readField(only, name, defs, within);
      return {
        ...field,
        hint: hint ?? field.hint,
        nullable: nullable || field.nullable,
        default: schema.default === undefined ? field.default : schema.default,
      };
    }
    const variants = readVariants(real, defs);
    return { kind: 'variant', hint, nullable, default: schema.default, variants };
  }
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const common = { hint, nullable: types.includes('null'), default: schema.default };
  const type = types.find((type) => type !== 'null') ?? 'object';
  switch (type) {
    case 'integer':
    case 'number':
      return {
        ...common,
        kind: 'number',
        min: schema.minimum ?? Number.MIN_SAFE_INTEGER,
        max: schema.maximum ?? Number.MAX_SAFE_INTEGER,
        unit: unitOf(name, within),
      };
    case 'boolean':
      return { ...common, kind: 'flag' };
    case 'string':
      return schema.enum === undefined
        ? { ...common, kind: 'text', maxLength: schema.maxLength ?? 1024 }
        : { ...common, kind: 'choice', options: schema.enum };
    case 'array':
      assert(schema.items !== undefined, `the list ${name} has members`);
      return {
        ...common,
        kind: 'list',
        item: readField(schema.items, name, defs),
        maxItems: schema.maxItems ?? 64,
      };
    default:
      return schema.properties === undefined
        ? { ...common, kind: 'open' }
        : { ...common, kind: 'group', fields: readProperties(schema, defs, name) };
  }
}

function readProperties(
  schema: Schema,
  defs: Readonly<Record<string, Schema>>,
  within = '',
): Fields {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([, { const: fixed }]) => fixed === undefined)
      .map(([name, property]) => {
        const field = readField(property, name, defs, within);
        // What a request may leave out is null until it is set.
        const isOptional = schema.required?.includes(name) !== true;
        return [name, isOptional ? { ...field, nullable: true } : field];
      }),
  );
}

function readVariants(
  branches: readonly Schema[],
  defs: Readonly<Record<string, Schema>>,
): Readonly<Record<string, Fields>> {
  return Object.fromEntries(
    branches.map((branch) => {
      const value = branch.properties?.[variantKey]?.const;
      assert(value !== undefined, 'alternatives are told apart by their kind');
      return [value, readProperties(branch, defs)];
    }),
  );
}

/** `within`: name of the group that it is in. */
function unitOf(name: string, within: string): Unit {
  if (/persecond$/i.test(name) && /bytes$/i.test(within)) return 'bytes-per-second';
  if (name.endsWith('Bytes')) return 'bytes';
  if (name.endsWith('Seconds')) return 'seconds';
  return name.endsWith('Percent') ? 'percent' : undefined;
}

/** In words for people: no numbers of requirements, and null is what an empty field is. */
function cleanHint(description: string | undefined): string | undefined {
  return description
    ?.replaceAll(/ \([A-Z]+-\d+(?:, [A-Z]+-\d+)*\)/g, '')
    .replaceAll(/\bnull(?=:| is\b)/g, 'empty');
}

/** The field at a path of names; members of lists are no part of it. */
export function findField(path: readonly string[], from: Fields): Field | undefined {
  const [name = '', ...rest] = path;
  const field = Object.hasOwn(from, name) ? from[name] : undefined;
  return field === undefined || rest.length === 0 ? field : findField(rest, fieldsIn(field));
}

/** What is inside a field, of whatever kind its value is. */
export function fieldsIn(field: Field): Fields {
  switch (field.kind) {
    case 'group':
      return field.fields;
    case 'list':
      return fieldsIn(field.item);
    case 'variant':
      return {
        [variantKey]: {
          kind: 'choice',
          hint: undefined,
          nullable: false,
          default: undefined,
          options: Object.keys(field.variants),
        },
        ...Object.assign({}, ...Object.values(field.variants)),
      };
    case 'number':
    case 'text':
    case 'flag':
    case 'choice':
    case 'open':
      return {};
  }
}
