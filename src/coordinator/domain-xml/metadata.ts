/**
 * What other programs keep with a domain: in its `<metadata>` one element for each namespace, of which Gantry understands
 * nothing. It stands in the definition among what is kept for other programs, by the address of its namespace.
 *
 * Invariant: what is shown is well-formed, is of the namespace that it is kept for, and takes no prefix from what stands
 * around it. What has come there by other ways and is not so is not shown.
 */
import { readXml, type XmlNode } from '#foreign';
import type { VmDefinition } from '#api';

export const metadataKey = 'libvirt-metadata';

/** Of the element that Gantry writes itself. */
export const ownNamespace = 'urn:gantry:libvirt:vm:1';

/** By the prefix, '' for names without one. */
export type Prefixes = ReadonlyMap<string, string>;

/** What is kept, as text, by the address of its namespace. */
export function metadataOf({
  extensions,
}: Pick<VmDefinition, 'extensions'>): ReadonlyMap<string, string> {
  const kept = extensions[metadataKey];
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return new Map();
  const pairs = Object.entries(kept).flatMap(([uri, text]): [string, string][] =>
    typeof text === 'string' && isOwnElement(text, uri) ? [[uri, text]] : [],
  );
  return new Map(pairs);
}

function isOwnElement(text: string, uri: string): boolean {
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
