/** What can be set in a vm, by the paths that `gantry vm set` takes, out of the contract's schema. */
import { Fault, formatBytes, isFault } from '#lib';
import {
  readFields,
  sectionOf,
  settingSections,
  titleOfSection,
  vmDefinitionSchema,
  type Field,
  type Unit,
  type Fields,
  type Grant,
  type SettingSection,
} from '#api';
import { nearest } from './parse.ts';

export interface Setting {
  /** The group of the configuration; null: it is no configuration but what the vm is called. */
  readonly group: string | null;
  /** Names with dots. */
  readonly path: string;
  readonly value: unknown;
  /** For people: `1 to 1024`, `true or false`. */
  readonly takes: string;
  readonly meaning: string;
}

type Found = Omit<Setting, 'group'>;

/**
 * All settings of a definition: first what the vm is called, then the groups in the order of the contract.
 * A list is one setting. `grants`: those that cover the vm, as the one entry of the group of access rights;
 * null: they may not be seen.
 */
export function listSettings(
  definition: unknown,
  grants?: readonly Grant[] | null,
): readonly Setting[] {
  const found = [...walk(readFields(vmDefinitionSchema), definition, '')];
  const within = (section: SettingSection | undefined): readonly Setting[] => {
    const group = section === undefined ? null : titleOfSection(section);
    const held = section === 'access' && grants !== undefined ? [describeGrants(grants)] : [];
    return found
      .filter(({ path }) => sectionOf(path.replaceAll('.', '/')) === section)
      .concat(held)
      .map((setting) => ({ group, ...setting }));
  };
  return [undefined, ...settingSections].flatMap(within);
}

function describeGrants(grants: readonly Grant[] | null): Found {
  return {
    path: 'grants',
    value: grants,
    takes: 'gantry grant create, gantry grant delete',
    meaning: 'who may do what with it, also by its folder and its host',
  };
}

function* walk(fields: Fields, value: unknown, prefix: string): Generator<Found> {
  for (const [name, field] of Object.entries(fields)) {
    const path = `${prefix}${name}`;
    const inner =
      typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    if (field.kind === 'group') yield* walk(field.fields, inner, `${path}.`);
    else yield { path, value: inner ?? null, takes: takesOf(field), meaning: field.hint ?? '' };
  }
}

function takesOf(field: Field): string {
  const some = valuesOf(field);
  return field.nullable ? `${some} or null` : some;
}

function signOf(unit: Unit): string {
  if (unit === 'bytes-per-second') return ' a second';
  return unit === 'bytes' || unit === undefined ? '' : ` ${unit}`;
}

function valuesOf(field: Field): string {
  switch (field.kind) {
    case 'number': {
      const [min, max] = [field.min, field.max].map((limit) =>
        field.unit?.startsWith('bytes') === true ? formatBytes(limit) : String(limit),
      );
      const unit = signOf(field.unit);
      const open = field.max === Number.MAX_SAFE_INTEGER;
      return open ? `a number from ${min}${unit}` : `${min} to ${max}${unit}`;
    }
    case 'flag':
      return 'true or false';
    case 'choice':
      return field.options.join(', ');
    case 'text':
      return 'text';
    case 'list':
      return field.item.kind === 'group' ? 'a list' : `a list of ${valuesOf(field.item)}`;
    case 'group':
    case 'variant':
    case 'open':
      return 'an object';
  }
}

/** The value as people read it: sizes with a unit, lists by their members or their number. */
export function describeValue(path: string, value: unknown): string {
  if (value === null || value === '') return '-';
  if (typeof value === 'number' && path.endsWith('Bytes')) return formatBytes(value);
  if (Array.isArray(value)) return describeList(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function describeList(members: readonly unknown[]): string {
  if (members.length === 0) return '-';
  if (members.every((member) => typeof member !== 'object')) return members.join(', ');
  return members.length === 1 ? '1 entry' : `${members.length} entries`;
}

/**
 * The same refusal with the next step: which setting may have been meant where a path is none that this
 * version knows, and what a setting takes whose value was refused. A server may know more, so it is asked first.
 */
export function explainRefusal(error: unknown, words: readonly string[]): unknown {
  if (!isFault(error) || error.code !== 'invalid') return error;
  const settings = listSettings(undefined);
  const paths = words.map((word) => word.slice(0, word.indexOf('=')));
  const isKnown = (path: string): boolean =>
    settings.some(
      (one) => `${one.path}.`.startsWith(`${path}.`) || path.startsWith(`${one.path}.`),
    );
  const wrong = paths.find((path) => !isKnown(path));
  if (wrong !== undefined) {
    const meant = findMeant(wrong, settings);
    const hint =
      meant.length === 0
        ? 'all settings: gantry vm settings VM'
        : `did you mean ${meant.join(', ')}?`;
    return new Fault('invalid', `${wrong.slice(0, 80)} is not a setting`, { cause: error, hint });
  }
  const refused = settings.find(
    ({ path }) => paths.includes(path) && error.message.includes(path.replaceAll('.', '/')),
  );
  if (refused === undefined) return error;
  const hint = `${refused.path} takes ${refused.takes}`;
  return new Fault(error.code, error.message, { facts: error.facts, hint });
}

const maxMeant = 3;

/** Paths in which the last word is the beginning of a name; else those with the name that is written alike. */
function findMeant(wrong: string, settings: readonly Setting[]): readonly string[] {
  const known = settings.map(({ path }) => path);
  const word = (wrong.split('.').at(-1) ?? '').toLowerCase();
  const holding = (beginning: string): readonly string[] =>
    known
      .filter((path) =>
        path
          .toLowerCase()
          .split('.')
          .some((name) => name.startsWith(beginning)),
      )
      .slice(0, maxMeant);
  const held = holding(word);
  if (held.length > 0) return held;
  const names = new Set(known.flatMap((path) => path.toLowerCase().split('.')));
  const alike = nearest(word, [...names]);
  return alike === undefined ? [] : holding(alike);
}
