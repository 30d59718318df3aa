/**
 * XML as a text that is changed in places: what no change is about stays as it is written, to the character
 * (white space, comments, quotes, elements of other namespaces).
 *
 * Invariant: the changes of one text do not overlap; what is to be changed twice is read again in between.
 */
import { assert } from '#lib';
import { attributePattern, readXml, type XmlNode } from './xml.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Character data and values of attributes. What XML cannot say (its section 2.2) is left out. */
export function escapeXml(text: string): string {
  return (
    text
      .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;')
      // A reader makes other white space of these.
      .replaceAll(/[\t\n\r]/g, (mark) => `&#${mark.charCodeAt(0)};`)
  );
}

export class XmlText {
  readonly root: XmlNode;
  readonly #text: string;
  readonly #byteOrderMark: string;
  readonly #edits: Edit[] = [];
  readonly #appended = new Map<XmlNode, string[]>();

  /** Faults: `invalid` with the line, `too-large`. */
  constructor(text: string) {
    this.root = readXml(text);
    this.#byteOrderMark = text.startsWith('\ufeff') ? '\ufeff' : '';
    this.#text = text.slice(this.#byteOrderMark.length);
  }

  setAttribute(node: XmlNode, name: string, value: string): void {
    if (node.attributes.get(name) === value) return;
    const place = this.#attribute(node, name);
    if (place !== undefined) {
      const { valueStart, end } = place;
      const quote = this.#text.charAt(valueStart);
      this.#edits.push({ start: valueStart, end, text: `${quote}${escapeXml(value)}${quote}` });
      return;
    }
    const at = node.span.start + 1 + node.name.length;
    this.#edits.push({ start: at, end: at, text: ` ${name}='${escapeXml(value)}'` });
  }

  removeAttribute(node: XmlNode, name: string): void {
    const place = this.#attribute(node, name);
    if (place !== undefined) this.#edits.push({ start: place.start, end: place.end, text: '' });
  }

  /** Of the element alone; what is in it stays. */
  rename(node: XmlNode, name: string): void {
    if (node.name === name) return;
    const { start, close } = node.span;
    for (const at of this.#isEmptyTag(node) ? [start + 1] : [start + 1, close + 2])
      this.#edits.push({ start: at, end: at + node.name.length, text: name });
  }

  /** In place of all that is in the element. */
  setText(node: XmlNode, text: string): void {
    if (node.children.length === 0 && node.text.trim() === text) return;
    this.replaceContent(node, escapeXml(text));
  }

  /** In place of all that is in the element. */
  replaceContent(node: XmlNode, xml: string): void {
    const { inside, close } = node.span;
    if (!this.#isEmptyTag(node)) this.#edits.push({ start: inside, end: close, text: xml });
    else this.#edits.push(this.#opened(node, xml));
  }

  replace({ span }: XmlNode, xml: string): void {
    this.#edits.push({ start: span.start, end: span.end, text: xml });
  }

  /** With its line, where it has one of its own. */
  remove({ span }: XmlNode): void {
    this.#edits.push({
      start: span.start - this.#lineStart(span.start).length,
      end: span.end,
      text: '',
    });
  }

  /** As the last one in the element, in a line of its own where its neighbours have one. */
  append(parent: XmlNode, xml: string): void {
    this.#appended.set(parent, [...(this.#appended.get(parent) ?? []), xml]);
  }

  /** The element as it was read. */
  outer({ span }: XmlNode): string {
    return this.#text.slice(span.start, span.end);
  }

  toString(): string {
    const appended = [...this.#appended].map(([parent, added]) => this.#appending(parent, added));
    const edits = [...this.#edits, ...appended].toSorted(
      (one, other) => one.start - other.start || one.end - other.end,
    );
    let text = this.#byteOrderMark;
    let at = 0;
    for (const edit of edits) {
      assert(edit.start >= at, 'changes of one text do not overlap');
      text += this.#text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return text + this.#text.slice(at);
  }

  #appending(parent: XmlNode, added: readonly string[]): Edit {
    const last = parent.children.at(-1);
    if (last !== undefined) {
      const line = this.#lineStart(last.span.start);
      const { end } = last.span;
      return { start: end, end, text: added.map((xml) => `${line}${xml}`).join('') };
    }
    const line = this.#lineStart(parent.span.start);
    const inner = line === '' ? '' : `${line}  `;
    const content = `${added.map((xml) => `${inner}${xml}`).join('')}${line}`;
    if (this.#isEmptyTag(parent)) return this.#opened(parent, content);
    const { inside, close } = parent.span;
    return { start: inside, end: close, text: content };
  }

  #isEmptyTag({ span }: XmlNode): boolean {
    return span.inside === span.end;
  }

  /** `<a/>` with something in it. */
  #opened({ name, span }: XmlNode, content: string): Edit {
    const slash = this.#text.lastIndexOf('/', span.end);
    return { start: slash, end: span.end, text: `>${content}</${name}>` };
  }

  /** The white space from the end of the line before, with its mark; empty where something stands in between. */
  #lineStart(at: number): string {
    return /\n[ \t]*$/.exec(this.#text.slice(Math.max(0, at - 1024), at))?.[0] ?? '';
  }

  #attribute(
    { name, span }: XmlNode,
    wanted: string,
  ): { readonly start: number; readonly valueStart: number; readonly end: number } | undefined {
    const pattern = new RegExp(attributePattern, 'uy');
    pattern.lastIndex = span.start + 1 + name.length;
    for (;;) {
      const start = pattern.lastIndex;
      const found = pattern.exec(this.#text);
      if (found === null || pattern.lastIndex > span.inside) return undefined;
      if (found[1] !== wanted) continue;
      const value = found[2] ?? found[3] ?? '';
      const end = pattern.lastIndex;
      return { start, valueStart: end - value.length - 2, end };
    }
  }
}
