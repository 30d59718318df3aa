/** Network adapters of a domain's XML, in the words of a definition. Pure. */
import { adapterModels, adapterSchema, bandwidthSchema, type Hardware } from '#api';
import { attributeOf, find, rateUnitBits, wholeNumber, type XmlNode } from '#foreign';

const maxAdapters = 16;

export interface ReadAdapters extends Pick<Hardware, 'adapters'> {
  /** Those that Gantry has no word for. */
  readonly others: readonly string[];
}

export function readAdapters(elements: readonly XmlNode[]): ReadAdapters {
  const adapters: Hardware['adapters'] = [];
  const others: string[] = [];
  for (const element of elements) {
    const told = attributeOf(find(element, 'model'), 'type');
    const mac = attributeOf(find(element, 'mac'), 'address')?.toLowerCase();
    const model = modelOf(told);
    const isNew = adapters.length < maxAdapters && adapters.every((one) => one.mac !== mac);
    const { data: adapter } = adapterSchema.safeParse({
      slot: adapters.length,
      model,
      mac,
      macMode: 'static',
      attachment: attachmentOf(element),
      link: attributeOf(find(element, 'link'), 'state') === 'down' ? 'down' : 'up',
      bandwidth: bandwidthOf(element),
    });
    if (adapter !== undefined && isNew) adapters.push(adapter);
    if (adapter === undefined || !isNew || model !== told)
      others.push(['interface', mac, told].filter((text) => text !== undefined).join(' '));
  }
  return { adapters, others };
}

/** The nearest: an adapter whose model has no word, or is not told, is one that its hypervisor made for its guests. */
function modelOf(told = ''): Hardware['adapters'][number]['model'] {
  if (told.startsWith('e1000-')) return 'e1000';
  return adapterModels.find((one) => one === told) ?? 'virtio';
}

/** Of one that its hypervisor would not limit, or whose limit is beyond those of a definition, nothing is told. */
function bandwidthOf(element: XmlNode): unknown {
  if (attributeOf(element, 'type') === 'user') return undefined;
  const bitsIn = (direction: string): number | null => {
    const told = attributeOf(find(element, 'bandwidth', direction), 'average');
    const average = wholeNumber(told) ?? 0;
    return average === 0 ? null : average * rateUnitBits;
  };
  return bandwidthSchema.safeParse({
    inboundBitsPerSecond: bitsIn('inbound'),
    outboundBitsPerSecond: bitsIn('outbound'),
  }).data;
}

function attachmentOf(element: XmlNode): unknown {
  const type = attributeOf(element, 'type') ?? '';
  if (type === 'user') return { kind: 'user' };
  if (type === 'null') return { kind: 'none' };
  const source = find(element, 'source');
  const name = ['network', 'bridge', 'dev', 'portgroup', 'path', 'name', 'address']
    .map((key) => attributeOf(source, key))
    .find((value) => value !== undefined);
  const isNamed = type === 'network' || type === 'bridge';
  const what = isNamed ? type : `${type} interface`;
  return { kind: 'foreign', name: (name === undefined ? what : `${what} ${name}`).slice(0, 256) };
}
