/** The description of a network or a storage pool of a hypervisor, between the names that it has there and here. Pure. */
import { find, XmlText } from '#foreign';

/** With the name and the UUID that the other side knows it by; undefined: as it is. */
export function renamed(
  xml: string,
  known: { readonly name: string; readonly uuid: string | undefined },
): string {
  const text = new XmlText(xml);
  for (const word of ['name', 'uuid'] as const) {
    const node = find(text.root, word);
    const value = known[word];
    if (node !== undefined && value !== undefined) text.setText(node, value);
  }
  return text.toString();
}
