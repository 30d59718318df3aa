/** Questions about domains: listed, looked up, described. */
import { kiB } from '#lib';
import { libvirtFault, maxListLength, type Handlers } from '#libvirt';
import type { Vm } from '#api';
import type { HostDocument } from '../documents.ts';
import { isActive, notNow, requireActive, type Connection } from './connection.ts';
import { matchesFlags, startsItself, stateOf } from './domain-state.ts';
import { ownMetadata, writeDomainXml } from '../domain-xml/domain-xml.ts';
import { ownNamespace } from '#foreign';
import { metadataOf } from '../domain-xml/metadata.ts';
import { writeXml } from '../domain-xml/xml.ts';
import { shownMetadata } from './define/metadata-wish.ts';
import { shownNetworkName } from './vm-plugs.ts';
import { titleOf } from '../domain-xml/title.ts';
import { whole } from './domain-stats.ts';

type Calls = Pick<
  Handlers,
  | 'CONNECT_LIST_ALL_DOMAINS'
  | 'CONNECT_LIST_DOMAINS'
  | 'CONNECT_NUM_OF_DOMAINS'
  | 'CONNECT_LIST_DEFINED_DOMAINS'
  | 'CONNECT_NUM_OF_DEFINED_DOMAINS'
  | 'DOMAIN_LOOKUP_BY_ID'
  | 'DOMAIN_LOOKUP_BY_NAME'
  | 'DOMAIN_LOOKUP_BY_UUID'
  | 'DOMAIN_GET_XML_DESC'
  | 'DOMAIN_GET_INFO'
  | 'DOMAIN_GET_STATE'
  | 'DOMAIN_GET_CONTROL_INFO'
  | 'DOMAIN_GET_OS_TYPE'
  | 'DOMAIN_GET_AUTOSTART'
  | 'DOMAIN_GET_MAX_MEMORY'
  | 'DOMAIN_GET_MAX_VCPUS'
  | 'DOMAIN_GET_VCPUS_FLAGS'
  | 'DOMAIN_GET_METADATA'
  | 'DOMAIN_GET_MESSAGES'
  | 'DOMAIN_GET_SECURITY_LABEL'
  | 'DOMAIN_HAS_MANAGED_SAVE_IMAGE'
  | 'DOMAIN_MANAGED_SAVE_GET_XML_DESC'
  | 'DOMAIN_IS_ACTIVE'
  | 'DOMAIN_IS_PERSISTENT'
  | 'DOMAIN_IS_UPDATED'
>;

/** VIR_DOMAIN_XML_INACTIVE: as it will be at the next start. */
const inactiveXml = 2;
/** VIR_DOMAIN_AFFECT_LIVE. */
const liveOnly = 1;
/** VIR_DOMAIN_VCPU_MAXIMUM, VIR_DOMAIN_VCPU_GUEST. */
const maximumVcpus = 4;
const guestVcpus = 8;

export function domainCalls(connection: Connection): Calls {
  const find = (dom: { readonly uuid: string }): Vm => connection.find(dom.uuid);
  const active = (): Vm[] => connection.list().filter(isActive);
  const inactive = (): Vm[] => connection.list().filter((vm) => !isActive(vm));
  return {
    CONNECT_LIST_ALL_DOMAINS: ({ need_results, flags }) => {
      const { key, shows } = connection.sight();
      const isAsked = (vm: Vm): boolean => shows(vm) && matchesFlags(vm, flags, isActive(vm));
      const { lists, coordinator } = connection.parts;
      if (need_results === 0) {
        const found = [...coordinator.inventory.allVms()].filter(isAsked);
        return { domains: [], ret: listable(found).length };
      }
      return lists.get(
        key && `${key} ${flags}`,
        (vm) => (isAsked(vm) ? connection.handleOf(vm) : undefined),
        requireListable,
      );
    },
    CONNECT_LIST_DOMAINS: ({ maxids }) => ({
      ids: listable(active())
        .slice(0, Math.max(0, maxids))
        .map((vm) => connection.handleOf(vm).id),
    }),
    CONNECT_NUM_OF_DOMAINS: () => ({ num: active().length }),
    CONNECT_LIST_DEFINED_DOMAINS: ({ maxnames }) => ({
      names: listable(inactive())
        .slice(0, Math.max(0, maxnames))
        .map((vm) => connection.handleOf(vm).name),
    }),
    CONNECT_NUM_OF_DEFINED_DOMAINS: () => ({ num: inactive().length }),
    DOMAIN_LOOKUP_BY_ID: ({ id }) => ({ dom: connection.handleOf(connection.findById(id)) }),
    DOMAIN_LOOKUP_BY_NAME: ({ name }) => ({
      dom: connection.handleOf(connection.findByName(name)),
    }),
    DOMAIN_LOOKUP_BY_UUID: ({ uuid }) => ({ dom: connection.handleOf(connection.find(uuid)) }),
    DOMAIN_GET_XML_DESC: async ({ dom, flags }) => ({
      xml: await domainXmlOf(connection, find(dom), flags),
    }),
    DOMAIN_GET_INFO: ({ dom }) => {
      const vm = find(dom);
      const { memory, processor } = vm.definition.hardware;
      return {
        state: stateOf(vm).state,
        maxMem: BigInt((memory.maxBytes ?? memory.sizeBytes) / kiB),
        memory: BigInt(memory.sizeBytes / kiB),
        nrVirtCpu: processor.count,
        cpuTime: whole(connection.parts.counters.of(vm.id).cpuNs),
      };
    },
    DOMAIN_GET_STATE: ({ dom }) => {
      const vm = find(dom);
      return stateOf(vm, connection.parts.stopReasons.of(vm.id));
    },
    DOMAIN_GET_CONTROL_INFO: ({ dom }) => {
      requireActive(find(dom));
      return { state: 0, details: 0, stateTime: 0n };
    },
    DOMAIN_GET_OS_TYPE: ({ dom }) => {
      find(dom);
      return { type: 'hvm' };
    },
    DOMAIN_GET_AUTOSTART: ({ dom }) => ({ autostart: startsItself(find(dom)) ? 1 : 0 }),
    DOMAIN_GET_MAX_MEMORY: ({ dom }) => {
      const { sizeBytes, maxBytes } = find(dom).definition.hardware.memory;
      return { memory: BigInt((maxBytes ?? sizeBytes) / kiB) };
    },
    DOMAIN_GET_MAX_VCPUS: ({ dom }) => ({ num: vcpus(find(dom), maximumVcpus) }),
    DOMAIN_GET_VCPUS_FLAGS: ({ dom, flags }) => ({ num: vcpus(find(dom), flags) }),
    DOMAIN_GET_METADATA: ({ dom, type, uri, flags }) => {
      const vm = find(dom);
      if ((flags & liveOnly) !== 0) requireActive(vm);
      return { metadata: describingOf(vm, type, uri ?? '') };
    },
    DOMAIN_GET_MESSAGES: ({ dom }) => {
      const { lastFault } = find(dom).status;
      return { msgs: lastFault === null ? [] : [lastFault.message] };
    },
    DOMAIN_GET_SECURITY_LABEL: ({ dom }) => {
      find(dom);
      return { label: '', enforcing: 0 };
    },
    DOMAIN_HAS_MANAGED_SAVE_IMAGE: ({ dom }) => ({ result: find(dom).state === 'saved' ? 1 : 0 }),
    DOMAIN_MANAGED_SAVE_GET_XML_DESC: async ({ dom }) => {
      const vm = find(dom);
      if (vm.state !== 'saved') throw notNow('domain does not have managed save image');
      return { xml: await domainXmlOf(connection, vm) };
    },
    DOMAIN_IS_ACTIVE: ({ dom }) => ({ active: isActive(find(dom)) ? 1 : 0 }),
    DOMAIN_IS_PERSISTENT: ({ dom }) => {
      find(dom);
      return { persistent: 1 };
    },
    DOMAIN_IS_UPDATED: ({ dom }) => ({ updated: find(dom).status.pending.length > 0 ? 1 : 0 }),
  };
}

function listable(vms: Vm[]): Vm[] {
  requireListable(vms.length);
  return vms;
}

/** Errors: `too-large`, with the way out, beyond what a list can carry. */
export function requireListable(count: number): void {
  if (count <= maxListLength) return;
  throw libvirtFault(
    'OVERFLOW',
    `${count} vms, and a list of libvirt's protocol carries ${maxListLength}; connect to gantry:///host/NAME or gantry:///folder/PATH`,
  );
}

function vcpus({ definition, name }: Vm, flags: number): number {
  const { count, maxCount } = definition.hardware.processor;
  if ((flags & guestVcpus) !== 0)
    throw libvirtFault('OPERATION_UNSUPPORTED', `the guest of ${name} is not asked for processors`);
  return (flags & maximumVcpus) === 0 ? count : (maxCount ?? count);
}

/** virDomainMetadataType: 0 description, 1 title, 2 an element of its own. Errors: NO_DOMAIN_METADATA. */
function describingOf(vm: Vm, type: number, uri: string): string {
  const { definition } = vm;
  if (type === 0 && definition.description !== '') return definition.description;
  const title = titleOf(definition);
  if (type === 1 && title !== undefined) return title;
  const element =
    uri === ownNamespace ? writeXml(ownMetadata(vm)) : metadataOf(definition).get(uri);
  if (type === 2 && element !== undefined) return shownMetadata(element.trim(), uri);
  throw libvirtFault(
    'NO_DOMAIN_METADATA',
    'metadata not found: Requested metadata element is not present',
  );
}

/** `flags`: virDomainXMLFlags. */
export async function domainXmlOf(connection: Connection, vm: Vm, flags = 0): Promise<string> {
  const { coordinator, screens } = connection.parts;
  const { inventory } = coordinator;
  const isShown = (flags & inactiveXml) === 0 && isActive(vm);
  const host = inventory.document<HostDocument>('host', vm.hostId)?.data;
  const { name, id } = connection.handleOf(vm);
  return writeDomainXml(vm, {
    name,
    id: isShown ? id : undefined,
    type: host?.facts?.acceleration.use === 'kvm' ? 'kvm' : 'qemu',
    blockDevices: connection.blockDevicesOf(vm),
    networkName: (id) => connection.networkName(id),
    theirNetworkName: (there) => shownNetworkName(connection, vm.hostId, there),
    screenPort: isShown ? await screens?.portOf(vm.id) : screens && null,
  });
}
