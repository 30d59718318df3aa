/**
 * DER, the one encoding of ASN.1 in certificates (ITU-T X.690, chapter 10). Writing makes the only
 * valid form; reading takes nothing else: definite lengths in their shortest form, within the bytes
 * that are there. Depth and count are bounded by the reader, who asks for children level by level.
 */
import { Fault } from '../fault.ts';

/** Tags in use (X.680, 8.6): universal ones, and those of a context. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag `[n]` of a context: primitive, or constructed around whole elements. */
export const contextTag = (n: number): number => 0x80 | n;
export const constructedTag = (n: number): number => 0xa0 | n;

export function encode(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag]), encodeLength(length), ...contents]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const encodeSequence = (...parts: readonly Uint8Array[]): Buffer =>
  encode(tags.sequence, ...parts);

/** A non-negative integer from its bytes, most significant first. */
export function encodeInteger(magnitude: Uint8Array): Buffer {
  let from = 0;
  while (from < magnitude.length - 1 && magnitude[from] === 0) from += 1;
  const bytes = magnitude.subarray(from);
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return encode(tags.integer, ...(negative ? [Buffer.from([0]), bytes] : [bytes]));
}

/** From dotted form, for example 2.5.29.17. */
export function encodeOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      group.unshift(0x80 | (left % 128));
    }
    bytes.push(...group);
  }
  return encode(tags.oid, Buffer.from(bytes));
}

/** All bits used. */
export const encodeBits = (bytes: Uint8Array): Buffer =>
  encode(tags.bitString, Buffer.from([0]), bytes);

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). Whole seconds. */
export function encodeTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? encode(tags.utcTime, Buffer.from(digits.slice(2)))
    : encode(tags.generalizedTime, Buffer.from(digits));
}

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length, as a signature covers it. */
  readonly whole: Buffer;
}

function malformed(what: string): Fault {
  return new Fault('invalid', `cannot read DER: ${what}`);
}

function readElement(bytes: Buffer, at: number): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw malformed('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw malformed('a tag of several bytes');
  let length = first;
  let head = 2;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count === 0 || count > 3) throw malformed('a length of an unfit form');
    if (at + 2 + count > bytes.length) throw malformed('it ends too early');
    length = bytes.readUIntBE(at + 2, count);
    if (length < 0x80 || length < 256 ** (count - 1)) throw malformed('a length that is too long');
    head += count;
  }
  const end = at + head + length;
  if (end > bytes.length) throw malformed('it ends too early');
  return { tag, content: bytes.subarray(at + head, end), whole: bytes.subarray(at, end) };
}

/** The one element that the bytes are. Errors: `invalid`. */
export function decode(bytes: Buffer, tag: number): Element {
  const element = readElement(bytes, 0);
  if (element.whole.length !== bytes.length) throw malformed('bytes after its end');
  if (element.tag !== tag) throw malformed('something else than expected');
  return element;
}

/** The elements inside of one, at most `limit`. Errors: `invalid`. */
export function decodeChildren(element: Element, limit: number): readonly Element[] {
  const children: Element[] = [];
  for (let at = 0; at < element.content.length;) {
    if (children.length === limit) throw malformed('too many parts');
    const child = readElement(element.content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}
