/** Ways through the elements of XML, each with what is there or undefined. Pure. */
import type { XmlNode } from './xml.ts';

/** The first of them at a way of names: `find(domain, 'os', 'loader')`. */
export function find(from: XmlNode | undefined, ...names: readonly string[]): XmlNode | undefined {
  let at = from;
  for (const name of names) at = at?.children.find((child) => child.name === name);
  return at;
}

export function findAll(from: XmlNode | undefined, name: string): readonly XmlNode[] {
  return from?.children.filter((child) => child.name === name) ?? [];
}

export function attributeOf(node: XmlNode | undefined, name: string): string | undefined {
  return node?.attributes.get(name);
}

/** Its text; undefined where there is none. */
export function textOf(node: XmlNode | undefined): string | undefined {
  const text = node?.text.trim() ?? '';
  return text === '' ? undefined : text;
}

/** A whole number from 0 that is exact; undefined for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

/** Those of libvirt's page "Domain XML format", element `memory`; libvirt takes them in any case. */
const units: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['bytes', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, index): [string, number][] => [
    [letter, 1024 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
    [`${letter}b`, 1000 ** (index + 1)],
  ]),
]);

/** In one kilobyte per second of `<bandwidth>`: 1000 bytes, as tc(8) takes the `kbps` that libvirt gives it. */
export const rateUnitBits = 8000;

/** Of memory as domains have it, in KiB where no unit is said: exact bytes; undefined for what is no size. */
export function memoryBytesOf(node: XmlNode | undefined): number | undefined {
  const unit = units.get((attributeOf(node, 'unit') ?? 'KiB').toLowerCase());
  const bytes = (wholeNumber(textOf(node)) ?? Number.NaN) * (unit ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
