/** Metadata of other programs, as clients write and read it: with the prefix that they name, or without one. Pure. */
import {
  metadataIn,
  namespaceOf,
  ownNamespace,
  prefixesIn,
  prefixOf,
  standingAlone,
  XmlText,
  type Prefixes,
  type XmlNode,
} from '#foreign';
import { describeFault, isFault, type Fault } from '#lib';
import { libvirtFault } from '#libvirt';

/** What one vm keeps of it. */
export const maxNamespaces = 32;
export const maxMetadataLength = 64 * 1024;
const maxAddressLength = 1024;
const declaration = 'xmlns:';

/** Of a definition: the first of each namespace, as libvirt keeps it. `text`: what `root` was read from. Errors: XML_ERROR, OVERFLOW. */
export function metadataWanted(text: string, root: XmlNode): ReadonlyMap<string, string> {
  const kept = asXmlError(() => metadataIn(text, root));
  requireBounds(kept);
  return kept;
}

/** Errors: XML_ERROR. */
function asXmlError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isFault(error, 'invalid')) throw error;
    throw libvirtFault('XML_ERROR', `XML error: ${describeFault(error)}`);
  }
}

/** One element as a client sets it, of the namespace `uri` under the prefix `key`. Errors: XML_ERROR, INVALID_ARG, OVERFLOW. */
export function writtenMetadata(text: string, key: string, uri: string): string {
  if (!/^[\p{L}_][\p{L}\p{N}._\-\u00b7]{0,99}$/u.test(key) || /^xml/i.test(key))
    throw libvirtFault(
      'INVALID_ARG',
      'invalid argument: failed to validate prefix for a new XML namespace',
    );
  if (uri === '' || uri.length > maxAddressLength)
    throw libvirtFault(
      'INVALID_ARG',
      `invalid argument: the address of a namespace has 1 to ${maxAddressLength} characters`,
    );
  if (uri === ownNamespace)
    throw libvirtFault('INVALID_ARG', `invalid argument: Gantry itself writes what is of ${uri}`);
  const xml = readText(text);
  const { root } = xml;
  const own = namespaceOf(root, new Map());
  if (own === undefined) {
    if (declares(root, key))
      throw libvirtFault('INVALID_ARG', 'invalid argument: failed to create a new XML namespace');
    for (const node of bareIn(root)) xml.rename(node, `${key}:${node.name}`);
    xml.setAttribute(root, `${declaration}${key}`, uri);
  } else if (own !== uri)
    throw libvirtFault('INVALID_ARG', `invalid argument: the metadata is not of ${uri}`);
  const written = new XmlText(xml.toString());
  return asXmlError(() => standingAlone(written.outer(written.root), new Map()));
}

/** As clients read it: the names of its namespace without their prefix. `text`: as `metadataOf` has it. */
export function shownMetadata(text: string, uri: string): string {
  const xml = new XmlText(text);
  const { root } = xml;
  for (const node of namesOf(root, uri, new Map()))
    xml.rename(node, node.name.slice(node.name.indexOf(':') + 1));
  for (const [name, value] of root.attributes) {
    const prefix = name === 'xmlns' ? '' : name.slice(declaration.length);
    const isDeclared = name === 'xmlns' || name.startsWith(declaration);
    if (isDeclared && value === uri && !marksAttributes(root, prefix))
      xml.removeAttribute(root, name);
  }
  return xml.toString();
}

/** Where it would go, with those that a vm has. Errors: OVERFLOW. */
export function requireBounds(kept: ReadonlyMap<string, string>): void {
  if (kept.size > maxNamespaces) throw tooMuch(`${kept.size} namespaces`);
  let length = 0;
  for (const [uri, text] of kept) {
    if (uri.length > maxAddressLength) throw tooMuch(`a namespace of ${uri.length} characters`);
    length += text.length;
  }
  if (length > maxMetadataLength) throw tooMuch(`${length} characters`);
}

function tooMuch(what: string): Fault {
  return libvirtFault(
    'OVERFLOW',
    `${what} of metadata, and a vm keeps ${maxMetadataLength} characters of ${maxNamespaces} namespaces`,
  );
}

/** Elements without a prefix and without a namespace. */
function bareIn(node: XmlNode): readonly XmlNode[] {
  if (node.attributes.has('xmlns')) return [];
  const own = prefixOf(node.name) === '' ? [node] : [];
  return [...own, ...node.children.flatMap(bareIn)];
}

function declares(node: XmlNode, prefix: string): boolean {
  return (
    node.attributes.has(`${declaration}${prefix}`) ||
    node.children.some((child) => declares(child, prefix))
  );
}

/** Elements of the namespace that have a prefix. */
function namesOf(node: XmlNode, uri: string, around: Prefixes): readonly XmlNode[] {
  const inner = prefixesIn(node, around);
  const isOfIt = prefixOf(node.name) !== '' && inner.get(prefixOf(node.name)) === uri;
  return [
    ...(isOfIt ? [node] : []),
    ...node.children.flatMap((child) => namesOf(child, uri, inner)),
  ];
}

function marksAttributes({ attributes, children }: XmlNode, prefix: string): boolean {
  if (prefix === '') return false;
  const isMarked = [...attributes.keys()].some((name) => prefixOf(name) === prefix);
  return isMarked || children.some((child) => marksAttributes(child, prefix));
}

function readText(text: string): XmlText {
  if (text.length > maxMetadataLength) throw tooMuch(`${text.length} characters`);
  try {
    return new XmlText(text);
  } catch (error) {
    throw libvirtFault('XML_ERROR', `XML error: (metadata_xml): ${describeFault(error)}`);
  }
}
