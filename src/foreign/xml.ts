/**
 * XML 1.0 as the elements of a tree, each with its path: `preferences/hardware/memory/ram_size`. An element with an
 * `id` has it in its path, `ide_controller[0]`. What is not well-formed is refused; a document type too, so there are
 * no entities but the five of XML and nothing grows by being read; depth, count and lengths are bounded.
 */
import { assert, Fault } from '#lib';

const maxDepth = 64;
const maxElements = 50_000;
const maxTextLength = 64 * 1024;
const maxAttributes = 100;

const name = String.raw`[\p{L}_:][\p{L}\p{N}._:\-\u00b7]{0,199}`;
/** One piece of markup, at the place where it begins; `y` takes it there or not at all. */
const endTag = new RegExp(String.raw`</(${name})\s*>`, 'uy');
const startTag = new RegExp(String.raw`<(${name})`, 'uy');
export const attributePattern = String.raw`\s+(${name})\s*=\s*(?:"([^<"]*)"|'([^<']*)')`;
const attribute = new RegExp(attributePattern, 'uy');
const tagEnd = /\s*(\/?)>/y;

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  apos: "'",
  quot: '"',
};

/** Where an element stands in the text that it was read from: offsets in characters, without a mark of its byte order. */
export interface XmlSpan {
  readonly start: number;
  /** After its start tag. */
  readonly inside: number;
  /** Before its end tag; that of an element without one is its end. */
  readonly close: number;
  readonly end: number;
}

interface Element {
  readonly name: string;
  readonly path: string;
  readonly attributes: ReadonlyMap<string, string>;
  text: string;
  readonly children: Element[];
  span: XmlSpan;
}

export type XmlElement = Readonly<Pick<Element, 'path' | 'attributes'>>;

/** With those in it, in their order. */
export interface XmlNode {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** As it stands between its elements, too. */
  readonly text: string;
  readonly children: readonly XmlNode[];
  readonly span: XmlSpan;
}

/** The root. Faults: as `readElements`. */
export function readXml(text: string): XmlNode {
  const [root] = read(text);
  assert(root !== undefined, 'a document without an element is refused');
  return root;
}

/** All elements, each before those in it. Faults: `invalid` with the line, `too-large`. */
export function readElements(text: string): readonly XmlElement[] {
  return read(text);
}

/** Those without elements in them, with their text. Faults: as `readElements`. */
export function readLeaves(text: string): readonly (readonly [string, string])[] {
  return read(text)
    .filter(({ children }) => children.length === 0)
    .map(({ path, text: own }) => [path, own.trim()]);
}

function read(text: string): readonly Element[] {
  return new Reader(text.replace(/^\ufeff/, '')).read();
}

class Reader {
  readonly #text: string;
  readonly #all: Element[] = [];
  readonly #open: Element[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Element[] {
    while (this.#at < this.#text.length) this.#step();
    if (this.#open.length > 0) this.#refuse('invalid', `${this.#open.at(-1)?.name} has no end`);
    if (this.#all.length === 0) this.#refuse('invalid', 'there is no element');
    return this.#all;
  }

  #step(): void {
    const next = this.#text.indexOf('<', this.#at);
    if (next !== this.#at) {
      this.#addText(decode(this.#upTo(next === -1 ? this.#text.length : next), this));
      return;
    }
    if (this.#skips('<!--')) this.#upToMark('-->');
    else if (this.#skips('<?')) this.#upToMark('?>');
    else if (this.#skips('<![CDATA[')) this.#addText(this.#upToMark(']]>'));
    else if (this.#text.startsWith('<!', this.#at))
      this.#refuse('invalid', 'it declares a document type');
    else this.#tag();
  }

  #tag(): void {
    const at = this.#at;
    const end = this.#match(endTag);
    if (end !== undefined) {
      const element = this.#open.pop();
      if (element === undefined || element.name !== end[1])
        return this.#refuse('invalid', `the end of ${end[1] ?? ''} is none of what is open`);
      element.span = { ...element.span, close: at, end: this.#at };
      return;
    }
    const start = this.#match(startTag);
    if (start === undefined) return this.#refuse('invalid', 'no element begins here');
    const attributes = this.#attributes();
    const closing = this.#match(tagEnd);
    if (closing === undefined) return this.#refuse('invalid', `${start[1] ?? ''} is not closed`);
    const element = this.#begin(start[1] ?? '', attributes, at);
    if (closing[1] !== '/') this.#open.push(element);
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      const found = this.#match(attribute);
      if (found === undefined) return attributes;
      const key = found[1] ?? '';
      if (attributes.has(key)) this.#refuse('invalid', `the attribute ${key} stands twice`);
      if (attributes.size >= maxAttributes) this.#refuse('too-large', 'too many attributes');
      attributes.set(key, decode(found[2] ?? found[3] ?? '', this));
    }
  }

  #begin(own: string, attributes: ReadonlyMap<string, string>, start: number): Element {
    if (this.#all.length >= maxElements)
      this.#refuse('too-large', `more than ${maxElements} elements`);
    if (this.#open.length >= maxDepth)
      this.#refuse('too-large', `elements nested ${maxDepth} deep`);
    const above = this.#open.at(-1);
    if (above === undefined && this.#all.length > 0) this.#refuse('invalid', 'a second root');
    const id = attributes.get('id');
    const step = id === undefined ? own : `${own}[${id.slice(0, 64)}]`;
    const path = above === undefined ? step : `${above.path}/${step}`;
    const element = {
      name: own,
      path: path.slice(0, 1024),
      attributes,
      text: '',
      children: [],
      span: { start, inside: this.#at, close: this.#at, end: this.#at },
    };
    above?.children.push(element);
    this.#all.push(element);
    return element;
  }

  #addText(piece: string): void {
    const element = this.#open.at(-1);
    if (element === undefined) {
      if (piece.trim() !== '') this.#refuse('invalid', 'text outside of all elements');
      return;
    }
    if (element.text.length + piece.length > maxTextLength)
      this.#refuse('too-large', `a text of more than ${maxTextLength} characters`);
    element.text += piece;
  }

  #upTo(end: number): string {
    const piece = this.#text.slice(this.#at, end);
    this.#at = end;
    return piece;
  }

  #upToMark(mark: string): string {
    const end = this.#text.indexOf(mark, this.#at);
    if (end === -1) return this.#refuse('invalid', `${mark} is missing`);
    const piece = this.#upTo(end);
    this.#at += mark.length;
    return piece;
  }

  #skips(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  /** For what is found out about a piece that has been read. */
  refuse(why: string): never {
    return this.#refuse('invalid', why);
  }

  #refuse(code: 'invalid' | 'too-large', why: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw new Fault(code, `line ${line} of the XML: ${why.slice(0, 200)}`);
  }
}

/** Character data and values of attributes: references become what they stand for. */
function decode(text: string, reader: { refuse(why: string): never }): string {
  return text.replaceAll(/&([^;&\s]{0,12})(;?)/g, (_, reference: string, end: string) => {
    const number = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(reference);
    const code =
      number === null
        ? undefined
        : Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16);
    const character =
      code === undefined
        ? Object.hasOwn(entities, reference)
          ? entities[reference]
          : undefined
        : characterOf(code);
    if (end === '' || character === undefined)
      return reader.refuse(`&${reference} stands for nothing`);
    return character;
  });
}

/** XML 1.0, section 2.2: what a document may contain. */
function characterOf(code: number): string | undefined {
  const isAllowed =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff);
  return isAllowed ? String.fromCodePoint(code) : undefined;
}
