/** XML text from trees: what goes in is escaped, what XML 1.0 cannot carry is left out. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly content: readonly (Element | Written)[] | string | number;
}

/** XML that is written already, well-formed. */
export interface Written {
  readonly xml: string;
}

/** Attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Element['attributes'] = {},
  content: Element['content'] = [],
): Element {
  return { name, attributes, content };
}

export function writeXml(node: Element | Written, depth = 0): string {
  const indent = '  '.repeat(depth);
  if ('xml' in node) return `${indent}${node.xml}\n`;
  const { name, attributes, content } = node;
  const open = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}='${escape(String(value))}'`)
    .join('');
  if (typeof content !== 'object')
    return `${indent}<${name}${open}>${escape(String(content))}</${name}>\n`;
  if (content.length === 0) return `${indent}<${name}${open}/>\n`;
  const inner = content.map((one) => writeXml(one, depth + 1)).join('');
  return `${indent}<${name}${open}>\n${inner}${indent}</${name}>\n`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

function escape(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '')
      .replaceAll(/[&<>'"]/g, (character) => escapes[character] ?? '')
  );
}
