/** An `<interface>` of domain XML: a network adapter as somebody wants it. */
import { attributeOf, find, type XmlNode } from '#foreign';
import { adapterModels, type Adapter } from '#api';
import { readBandwidth } from './bandwidth-wish.ts';
import type { Lost } from './xml-words.ts';

export interface AdapterWish {
  /** Lower case; undefined: Gantry gives one. */
  readonly mac: string | undefined;
  readonly attachment:
    | { readonly kind: 'user' | 'none' }
    | { readonly kind: 'network'; readonly network: string }
    | { readonly kind: 'bridge'; readonly bridge: string }
    /** What a hypervisor that others run may have, and nobody makes here. */
    | { readonly kind: 'other'; readonly type: string };
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
  return {
    mac: attributeOf(find(node, 'mac'), 'address')?.toLowerCase(),
    attachment: readPlace(node, lost),
    model: lost.choose('interface model', attributeOf(find(node, 'model'), 'type'), models),
    link: attributeOf(find(node, 'link'), 'state') === 'down' ? 'down' : 'up',
    bandwidth: readBandwidth(node, lost),
  };
}

function readPlace(node: XmlNode, lost: Lost): AdapterWish['attachment'] {
  const type = attributeOf(node, 'type') ?? '';
  const named = (key: string): string => {
    const name = attributeOf(find(node, 'source'), key) ?? '';
    if (name === '') lost.add(`interface without the name of a ${key}`);
    return name;
  };
  switch (type) {
    case 'user':
      return { kind: 'user' };
    case 'null':
      return { kind: 'none' };
    case 'network':
      return { kind: 'network', network: named('network') };
    case 'bridge':
      return { kind: 'bridge', bridge: named('bridge') };
    default:
      return { kind: 'other', type };
  }
}
