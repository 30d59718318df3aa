/**
 * What other programs keep with a domain of libvirt: its title, one line for people, and in its `<metadata>` one element for each
 * namespace, of which Gantry understands nothing. Both stand in a definition's `extensions`. Pure.
 *
 * Invariant: each element stands alone, and takes no prefix from what stands around it.
 */
import { Fault } from '#lib';
import { readXml, type XmlNode } from './xml.ts';
import { XmlText } from './xml-text.ts';
import { find, textOf } from './xml-ways.ts';

export const titleKey = 'libvirt-title';
export const metadataKey = 'libvirt-metadata';

/** Of the element that Gantry writes itself. */
export const ownNamespace = 'urn:gantry:libvirt:vm:1';

/** By the prefix, '' for names without one. */
export type Prefixes = ReadonlyMap<string, string>;

/** With those that the element declares. */
export function prefixesIn({ attributes }: XmlNode, around: Prefixes): Prefixes {
  const inner = new Map(around);
  for (const [name, uri] of attributes) {
    if (name === 'xmlns') inner.set('', uri);
    else if (name.startsWith('xmlns:')) inner.set(name.slice('xmlns:'.length), uri);
  }
  return inner;
}

/** '' for a name without one. */
export function prefixOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(':')));
}

/** Undefined for none. */
export function namespaceOf(node: XmlNode, around: Prefixes): string | undefined {
  const uri = prefixesIn(node, around).get(prefixOf(node.name));
  return uri === '' ? undefined : uri;
}

/** Prefixes of names in the element that are declared around it, if anywhere. */
export function freePrefixes(node: XmlNode, around: Prefixes = new Map()): ReadonlySet<string> {
  const known = prefixesIn(node, around);
  const used = [...node.attributes.keys()].filter((name) => prefixOf(name) !== 'xmlns');
  const free = [node.name, ...used]
    .map(prefixOf)
    .filter((prefix) => prefix !== '' && prefix !== 'xml' && !known.has(prefix));
  return new Set([...free, ...node.children.flatMap((child) => [...freePrefixes(child, known)])]);
}

/** What a definition keeps: elements by their namespaces. What has come there by other ways and is not well-formed is left out. */
export function keptMetadata(
  extensions: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, string> {
  const kept = extensions[metadataKey];
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return new Map();
  const pairs = Object.entries(kept).flatMap(([uri, text]): [string, string][] =>
    typeof text === 'string' && isElementOf(text, uri) ? [[uri, text]] : [],
  );
  return new Map(pairs);
}

/** Undefined: none. */
export function keptTitle(extensions: Readonly<Record<string, unknown>>): string | undefined {
  const title = extensions[titleKey];
  return typeof title === 'string' && title !== '' ? title : undefined;
}

/** Whether the text is one element of the namespace and nothing else, and stands alone. */
function isElementOf(text: string, uri: string): boolean {
  let root: XmlNode;
  try {
    root = readXml(text);
  } catch {
    return false;
  }
  const { start, end } = root.span;
  if (start !== 0 || end !== text.length || uri === ownNamespace || uri === '') return false;
  return namespaceOf(root, new Map()) === uri && freePrefixes(root).size === 0;
}

/** Of a domain that was read from `text`: the first of each namespace, as libvirt keeps it. Faults: `invalid`. */
export function metadataIn(text: string, root: XmlNode): ReadonlyMap<string, string> {
  const plain = text.replace(/^\ufeff/, '');
  const kept = elementsOf(root).map(
    ({ uri, node, around }) =>
      [uri, standingAlone(plain.slice(node.span.start, node.span.end), around)] as const,
  );
  return new Map(kept);
}

/** Undefined: none. */
export function titleIn(root: XmlNode): string | undefined {
  const title = textOf(find(root, 'title'))?.trim() ?? '';
  return title === '' ? undefined : title;
}

/** Declares what is declared around it. Faults: `invalid`. */
export function standingAlone(text: string, around: Prefixes): string {
  const xml = new XmlText(text);
  const { root } = xml;
  const wanted = new Set(freePrefixes(root));
  if (around.has('') && !root.attributes.has('xmlns') && hasBareNames(root)) wanted.add('');
  for (const prefix of wanted) {
    const uri = around.get(prefix);
    if (uri === undefined)
      throw new Fault('invalid', `the prefix ${prefix} of metadata is not declared`);
    xml.setAttribute(root, prefix === '' ? 'xmlns' : `xmlns:${prefix}`, uri);
  }
  return xml.toString();
}

function hasBareNames({ name, children }: XmlNode): boolean {
  return prefixOf(name) === '' || children.some(hasBareNames);
}

interface Element {
  readonly uri: string;
  readonly node: XmlNode;
  readonly around: Prefixes;
}

/** The first of each namespace; what is of none nobody could ask for. */
function elementsOf(root: XmlNode): readonly Element[] {
  const metadata = find(root, 'metadata');
  if (metadata === undefined) return [];
  const around = prefixesIn(metadata, prefixesIn(root, new Map()));
  const seen = new Set([ownNamespace]);
  return metadata.children.flatMap((node): Element[] => {
    const uri = namespaceOf(node, around);
    if (uri === undefined || seen.has(uri)) return [];
    seen.add(uri);
    return [{ uri, node, around }];
  });
}

/** The text of a domain with another title; undefined: with none. */
export function withTitle(text: string, wanted: string | undefined): string {
  const xml = new XmlText(text);
  const { root } = xml;
  if (titleIn(root) === wanted) return text;
  const told = find(root, 'title');
  if (wanted === undefined) {
    if (told !== undefined) xml.remove(told);
  } else if (told === undefined) xml.append(root, `<title>${escapeText(wanted)}</title>`);
  else xml.replaceContent(told, escapeText(wanted));
  return xml.toString();
}

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The text of a domain with elements of these namespaces changed; null: that goes. All else of its metadata stays. */
export function withMetadata(text: string, changes: ReadonlyMap<string, string | null>): string {
  if (changes.size === 0) return text;
  const xml = new XmlText(text);
  const { root } = xml;
  const there = new Map(elementsOf(root).map(({ uri, node }) => [uri, node]));
  const added: string[] = [];
  for (const [uri, element] of changes) {
    const node = there.get(uri);
    if (element === null) {
      if (node !== undefined) xml.remove(node);
    } else if (node === undefined) added.push(element);
    else xml.replace(node, element);
  }
  const metadata = find(root, 'metadata');
  if (metadata === undefined) {
    if (added.length > 0) xml.append(root, `<metadata>${added.join('')}</metadata>`);
  } else for (const element of added) xml.append(metadata, element);
  return xml.toString();
}
