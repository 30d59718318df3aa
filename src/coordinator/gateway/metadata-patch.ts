/** Metadata of other programs, as what it changes of a vm. */
import type { Vm } from '#api';
import { metadataKey } from '#foreign';
import { metadataOf } from '../domain-xml/metadata.ts';
import { requireBounds, writtenMetadata } from './define/metadata-wish.ts';

type Patch = Readonly<Record<string, unknown>>;

/** A merge patch to what a definition says, empty where it is the same. */
export function metadataPatch(
  vm: Pick<Vm, 'definition'>,
  wanted: ReadonlyMap<string, string>,
): Patch {
  const before = metadataOf(vm.definition);
  const changed = [...wanted].filter(([uri, text]) => before.get(uri) !== text);
  const gone = [...before.keys()].filter((uri) => !wanted.has(uri));
  if (changed.length === 0 && gone.length === 0) return {};
  const all = { ...Object.fromEntries(changed), ...Object.fromEntries(gone.map(nothing)) };
  return { [metadataKey]: wanted.size === 0 ? null : all };
}

const nothing = (uri: string): [string, null] => [uri, null];

/** One element of a vm of a host with an agent; `text` null: it goes. Errors: XML_ERROR, INVALID_ARG, OVERFLOW. */
export function elementPatch(
  { definition }: Pick<Vm, 'definition'>,
  text: string | null,
  key: string,
  uri: string,
): Patch {
  const before = metadataOf(definition);
  if (text === null) {
    if (!before.has(uri)) return {};
    return { [metadataKey]: before.size === 1 ? null : { [uri]: null } };
  }
  const written = writtenMetadata(text, key, uri);
  requireBounds(new Map([...before, [uri, written]]));
  return { [metadataKey]: { [uri]: written } };
}
