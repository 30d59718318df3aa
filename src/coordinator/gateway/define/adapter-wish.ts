/** An `<interface>` of domain XML: a network adapter as somebody wants it. */
import { attributeOf, find, type XmlNode } from '#foreign';
import { adapterModels, type Adapter } from '#api';
import { readBandwidth } from './bandwidth-wish.ts';
import type { Lost } from './xml-words.ts';

export interface AdapterWish {
  /** Lower case; undefined: Gantry gives one. */
  readonly mac: string | undefined;
  readonly attachment:
    { readonly kind: 'user' | 'none' } | { readonly kind: 'network'; readonly network: string };
  readonly model: Adapter['model'] | undefined;
  readonly link: Adapter['link'];
  readonly bandwidth: Adapter['bandwidth'];
}

const models: Readonly<Record<string, Adapter['model']>> = Object.fromEntries(
  adapterModels.map((model) => [model, model]),
);
/** Names and addresses on the host are Gantry's. */
const known = 'mac source model link target address alias boot driver bandwidth'.split(' ');

export function readAdapter(node: XmlNode, lost: Lost): AdapterWish {
  lost.others(node, 'interface', known);
  const type = attributeOf(node, 'type') ?? '';
  const kind = lost.choose('interface type', type, {
    user: 'user',
    null: 'none',
    network: 'network',
  } as const);
  const network = attributeOf(find(node, 'source'), 'network') ?? '';
  if (kind === 'network' && network === '') lost.add('interface without the name of a network');
  return {
    mac: attributeOf(find(node, 'mac'), 'address')?.toLowerCase(),
    attachment: kind === 'network' ? { kind, network } : { kind: kind ?? 'none' },
    model: lost.choose('interface model', attributeOf(find(node, 'model'), 'type'), models),
    link: attributeOf(find(node, 'link'), 'state') === 'down' ? 'down' : 'up',
    bandwidth: readBandwidth(node, lost),
  };
}
