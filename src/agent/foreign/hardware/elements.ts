/** Ways through a domain's XML (libvirt's page "Domain XML format"), each with what is there or undefined. Pure. */
import type { XmlNode } from '#foreign';

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
