/** The items of an OVF descriptor: what a vm is allotted, as CIM_ResourceAllocationSettingData says it (DMTF DSP1041, DSP0243 section 8). */
import { bytesOfUnit } from './ovf-units.ts';
import { attributeNamed, childOf, childrenOf, localName, wordOf } from './ovf-package.ts';
import type { XmlNode } from './xml.ts';

/** Of `CIM_ResourceAllocationSettingData.ResourceType`, as far as vms have them. */
export const resourceKinds: ReadonlyMap<string, string> = new Map([
  ['3', 'processor'],
  ['4', 'memory'],
  ['5', 'ide'],
  ['6', 'scsi'],
  ['10', 'adapter'],
  ['14', 'floppy'],
  ['15', 'cd'],
  ['16', 'cd'],
  ['17', 'disk'],
  ['20', 'storage'],
  ['21', 'serial'],
  ['22', 'parallel'],
  ['23', 'usb'],
  ['24', 'graphics'],
  ['35', 'sound'],
]);

export interface OvfItem {
  /** Undefined: none that is known. */
  readonly kind: string | undefined;
  /** As the file has it: its number and what it is called. */
  readonly title: string;
  /** In lower case; the first of several that may be chosen from. */
  readonly subtype: string;
  readonly id: string;
  readonly parent: string;
  readonly address: string;
  readonly position: number | undefined;
  readonly resource: string;
  readonly connection: string | null;
  readonly startsConnected: boolean;
  readonly quantity: number | undefined;
  /** Bytes of one of them; undefined for what is no unit. */
  readonly unitBytes: number | undefined;
  readonly coresPerSocket: number | undefined;
  /** Settings of VMware's: `vmw:Config`. */
  readonly configs: readonly (readonly [string, string])[];
}

/** Those that hold without a choice being made: of several sizes that are offered, the one that is the default. */
export function readItems(envelope: XmlNode, hardware: XmlNode): readonly OvfItem[] {
  const size = defaultSize(envelope);
  return hardware.children
    .filter((node) => /^(Item|StorageItem|EthernetPortItem)$/.test(localName(node.name)))
    .filter((node) => {
      const sizes = (attributeNamed(node, 'configuration') ?? '').split(/\s+/).filter(Boolean);
      // What is bounded says which values may be chosen, beside the item with the one that is.
      const isBound = !/^(|normal)$/.test(attributeNamed(node, 'bound') ?? '');
      return !isBound && (sizes.length === 0 || (size !== undefined && sizes.includes(size)));
    })
    .map(readItem);
}

function defaultSize(envelope: XmlNode): string | undefined {
  const sizes = childrenOf(childOf(envelope, 'DeploymentOptionSection'), 'Configuration');
  const chosen = sizes.find((one) => attributeNamed(one, 'default') === 'true') ?? sizes[0];
  return attributeNamed(chosen, 'id');
}

function readItem(node: XmlNode): OvfItem {
  const word = (name: string): string => wordOf(node, name);
  const number = (name: string): number | undefined => {
    const text = word(name);
    return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  };
  const type = word('ResourceType');
  return {
    kind: resourceKinds.get(type),
    title: `${type} ${word('ElementName') || word('Caption')}`.trim(),
    subtype: (word('ResourceSubType').split(/\s+/)[0] ?? '').toLowerCase(),
    id: word('InstanceID') || word('InstanceId'),
    parent: word('Parent'),
    address: word('Address'),
    position: number('AddressOnParent'),
    resource: word('HostResource'),
    connection: word('Connection') || null,
    startsConnected: word('AutomaticAllocation').toLowerCase() !== 'false',
    quantity: number('VirtualQuantity'),
    unitBytes: bytesOfUnit(word('AllocationUnits') || word('VirtualQuantityUnits')),
    coresPerSocket: number('CoresPerSocket'),
    configs: readConfigs(node),
  };
}

export function readConfigs(node: XmlNode): readonly (readonly [string, string])[] {
  return childrenOf(node, 'Config').map((one) => [
    attributeNamed(one, 'key') ?? '',
    attributeNamed(one, 'value') ?? '',
  ]);
}
