/**
 * What a hypervisor keeps with a vm for other programs, title and metadata, in the words of a definition's `extensions`. Pure. What is too
 * long stays there, and is on the list of what has no word here.
 */
import {
  keptMetadata,
  keptTitle,
  metadataIn,
  metadataKey,
  titleIn,
  titleKey,
  type XmlNode,
} from '#foreign';
import { describeFault, isFault } from '#lib';

export type KeptForOthers = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** Of one vm: many of them are told at once. */
const maxLength = 16 * 1024;
const maxTitleLength = 1024;
const maxNamespaces = 32;
const maxAddressLength = 1024;

export interface ReadKept {
  readonly kept: KeptForOthers;
  readonly others: readonly string[];
}

export function readKept(text: string, domain: XmlNode): ReadKept {
  const title = titleIn(domain);
  const hasTitle = title !== undefined && title.length <= maxTitleLength;
  const titled = hasTitle ? { [titleKey]: title } : {};
  const others = title === undefined || hasTitle ? [] : [`title of ${title.length} characters`];
  let metadata: ReadonlyMap<string, string>;
  try {
    metadata = metadataIn(text, domain);
  } catch (error) {
    if (!isFault(error, 'invalid')) throw error;
    return { kept: titled, others: [...others, `metadata: ${describeFault(error)}`] };
  }
  if (metadata.size === 0) return { kept: titled, others };
  const length = [...metadata].reduce(
    (sum, [uri, element]) => sum + uri.length + element.length,
    0,
  );
  const isLong =
    length > maxLength ||
    metadata.size > maxNamespaces ||
    [...metadata.keys()].some((uri) => uri.length > maxAddressLength);
  if (isLong) return { kept: titled, others: [...others, `metadata of ${length} characters`] };
  return { kept: { ...titled, [metadataKey]: Object.fromEntries(metadata) }, others };
}

export interface KeptChange {
  /** Absent: it stays; null: it goes. */
  readonly title?: string | null;
  /** By namespaces; null: it goes. */
  readonly metadata: ReadonlyMap<string, string | null>;
}

type Extensions = Readonly<Record<string, unknown>>;

/** From the one to the other. What is not well-formed is none. */
export function changeOfKept(base: Extensions, wanted: Extensions): KeptChange {
  const [before, after] = [keptTitle(base), keptTitle(wanted)];
  const [known, now] = [keptMetadata(base), keptMetadata(wanted)];
  const metadata = new Map<string, string | null>();
  for (const uri of known.keys()) if (!now.has(uri)) metadata.set(uri, null);
  for (const [uri, element] of now) if (known.get(uri) !== element) metadata.set(uri, element);
  return { ...(before === after ? {} : { title: after ?? null }), metadata };
}
