/** What adapters are plugged into: the words of domain XML for it, and ours. Pure. */
import type { Adapter, Attachment } from '#api';
import { libvirtFault } from '#libvirt';
import type { AdapterWish } from './adapter-wish.ts';

/** The networks of a host, as a client calls them. */
export interface Plugs {
  /** Of a network of Gantry, by its id. */
  readonly networkName: (id: string) => string;
  /** On a hypervisor that others run: what that calls one of its networks, by what the client calls it. Else undefined. */
  readonly theirName: ((shown: string) => string) | undefined;
}

/** What leads to the same place stays as it is, with its forwards. Errors: CONFIG_UNSUPPORTED for what a host has not. */
export function attachmentOf(
  { attachment }: AdapterWish,
  own: Adapter | undefined,
  { networkName, theirName }: Plugs,
): Attachment {
  const before = own?.attachment;
  switch (attachment.kind) {
    case 'none':
      return { kind: 'none' };
    case 'user':
      if (before?.kind === 'user') return before;
      return { kind: 'user', restrict: false, forwards: [], bootFile: null };
    case 'network': {
      const { network } = attachment;
      if (theirName !== undefined)
        return { kind: 'foreign', name: `network ${theirName(network)}` };
      if (before?.kind === 'network' && networkName(before.network) === network) return before;
      return { kind: 'network', network };
    }
    case 'bridge':
      if (theirName === undefined) throw noInterface('bridge');
      return { kind: 'foreign', name: `bridge ${attachment.bridge}` };
    case 'other': {
      const { type } = attachment;
      if (before?.kind === 'foreign' && before.name.startsWith(`${type} interface`)) return before;
      throw noInterface(type);
    }
  }
}

function noInterface(type: string): Error {
  return libvirtFault(
    'CONFIG_UNSUPPORTED',
    `unsupported configuration: a vm has no interface type ${type}`,
  );
}
