/** A network adapter as an `<interface>` of domain XML. */
import type { Adapter, Attachment } from '#api';
import { bandwidthXmlOf } from './bandwidth.ts';
import { adapterTarget } from './domain-devices.ts';
import { element, type Element } from './xml.ts';

/** What whoever reads the XML calls networks. */
export interface NetworkNames {
  /** Of Gantry, by their ids. */
  readonly networkName: (id: string) => string;
  /** Of a hypervisor that others run, by their names there. */
  readonly theirNetworkName: (name: string) => string;
}

export function interfaceOf(adapter: Adapter, names: NetworkNames): Element {
  const { attachment, mac, model, link } = adapter;
  const { type, source } = plugOf(attachment, names);
  return element('interface', { type }, [
    element('mac', { address: mac }),
    ...(source === undefined ? [] : [element('source', source)]),
    element('target', { dev: adapterTarget(adapter) }),
    element('model', { type: model }),
    element('link', { state: link }),
    ...bandwidthXmlOf(adapter.bandwidth),
  ]);
}

interface Plug {
  readonly type: string;
  readonly source?: Readonly<Record<string, string>>;
}

/** What its hypervisor calls a thing that is neither network nor bridge is its type, and what is there in its place. */
function plugOf(attachment: Attachment, { networkName, theirNetworkName }: NetworkNames): Plug {
  switch (attachment.kind) {
    case 'none':
      return { type: 'null' };
    case 'user':
      return { type: 'user' };
    case 'network':
      return { type: 'network', source: { network: networkName(attachment.network) } };
    case 'foreign': {
      const words = /^(?<type>\w+)(?<other> interface)?(?: (?<name>.+))?$/.exec(attachment.name);
      const { type = 'network', other, name } = words?.groups ?? {};
      if (other !== undefined)
        return { type, ...(name === undefined ? {} : { source: { dev: name } }) };
      if (type === 'bridge') return { type, source: { bridge: name ?? '' } };
      return { type: 'network', source: { network: theirNetworkName(name ?? '') } };
    }
  }
}
