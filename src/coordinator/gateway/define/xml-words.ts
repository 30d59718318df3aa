/** Words of domain XML, one by one; what nobody here understands is gathered, so that all of it is refused at once. */
import { memoryBytesOf, readXml, wholeNumber, type XmlNode } from '#foreign';
import { describeFault } from '#lib';
import { libvirtFault } from '#libvirt';

/** Errors: XML_ERROR. */
export function readRoot(text: string, ...names: readonly string[]): XmlNode {
  let root: XmlNode;
  try {
    root = readXml(text);
  } catch (error) {
    throw libvirtFault('XML_ERROR', `XML error: ${describeFault(error)}`);
  }
  if (names.includes(root.name)) return root;
  throw libvirtFault('XML_ERROR', `XML error: <${root.name}> is not <${names.join('> or <')}>`);
}

/** What Gantry has no word for. */
export class Lost {
  readonly #words = new Set<string>();

  add(word: string): void {
    this.#words.add(word.slice(0, 100));
  }

  /** All elements but these. */
  others(node: XmlNode | undefined, place: string, known: readonly string[]): void {
    for (const { name } of node?.children ?? [])
      if (!known.includes(name)) this.add(place === '' ? name : `${place}/${name}`);
  }

  /** One of a table; undefined is left as it is. */
  choose<T>(
    what: string,
    word: string | undefined,
    table: Readonly<Record<string, T>>,
  ): T | undefined {
    if (word === undefined) return undefined;
    if (Object.hasOwn(table, word)) return table[word];
    this.add(`${what} ${word}`);
    return undefined;
  }

  /** Errors: CONFIG_UNSUPPORTED with the names. */
  refuse(thing: 'vm' | 'snapshot' | 'volume' | 'network' = 'vm'): void {
    if (this.#words.size === 0) return;
    const shown = [...this.#words].slice(0, 10).join(', ');
    throw libvirtFault(
      'CONFIG_UNSUPPORTED',
      `unsupported configuration: a ${thing} has no ${shown}`,
    );
  }
}

/** Of memory, in bytes. Errors: XML_ERROR. */
export function sizeOf(node: XmlNode | undefined): number | undefined {
  if (node === undefined) return undefined;
  const bytes = memoryBytesOf(node);
  if (bytes !== undefined) return bytes;
  throw libvirtFault('XML_ERROR', `XML error: ${node.name} is no size`);
}

/** Errors: XML_ERROR. */
export function countOf(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const count = wholeNumber(text);
  if (count !== undefined) return count;
  throw libvirtFault('XML_ERROR', `XML error: ${what} is no number`);
}
