/** Domains defined by XML: made, or changed where there is a vm with the UUID; and taken out of Gantry. */
import type { Vm } from '#api';
import { metadataKey, titleKey } from '#foreign';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { chooseHost } from '../app/vm/create-vm.ts';
import { giveMac, usedMacs } from '../app/macs.ts';
import { findPlace } from '../app/find.ts';
import { listSnapshots } from '../app/vm/snapshots-vm.ts';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import { isActive, notNow, type Connection } from './connection.ts';
import { mergeDevices, newFiles } from './define/merge-wish.ts';
import type { Plugs } from './define/plugs.ts';
import { plugsOn } from './vm-plugs.ts';
import { sharePatch } from './define/cpu-tune-wish.ts';
import { readDomain, type DomainWish } from './define/wish.ts';
import { inspectWanted } from './late-disks.ts';
import { metadataPatch } from './metadata-patch.ts';
import { titlePatch } from './title-patch.ts';
import { VolumeLists } from './volumes.ts';
import { crashWord } from '../domain-xml/domain-xml.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_DEFINE_XML'
  | 'DOMAIN_DEFINE_XML_FLAGS'
  | 'DOMAIN_CREATE_XML'
  | 'DOMAIN_MANAGED_SAVE_DEFINE_XML'
  | 'DOMAIN_UNDEFINE'
  | 'DOMAIN_UNDEFINE_FLAGS'
>;

/** virDomainUndefineFlagsValues. */
const withSavedState = 1;
const withSnapshots = 2;
const withNvram = 4;
const keepNvram = 8;

/** virDomainCreateFlags. */
const startPaused = 1;
const startAutodestroy = 2;

export function defineCalls(connection: Connection): Calls {
  const undefine = async (
    dom: DomainHandle,
    flags: number,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = connection.find(dom.uuid);
    const params = { vm: vm.id };
    if (isForeignHost(connection.parts.coordinator.inventory, vm.hostId)) {
      requireAllTold(connection, vm, flags);
      if (vm.state === 'saved') await connection.act(vm, 'discard', signal);
      await connection.work('vm.delete', { params, query: { disks: 'keep' } }, signal);
    } else await connection.work('vm.remove', { params }, signal);
    return {};
  };
  return {
    DOMAIN_DEFINE_XML: async ({ xml }, { signal }) => ({
      dom: connection.handleOf(await define(connection, readDomain(xml), signal)),
    }),
    DOMAIN_DEFINE_XML_FLAGS: async ({ xml }, { signal }) => ({
      dom: connection.handleOf(await define(connection, readDomain(xml), signal)),
    }),
    DOMAIN_CREATE_XML: async ({ xml_desc, flags }, { signal }) => {
      if ((flags & startAutodestroy) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', 'a vm does not end with a connection');
      const wish = readDomain(xml_desc);
      const known = findDefined(connection, wish);
      if (known !== undefined && isActive(known))
        throw libvirtFault('OPERATION_INVALID', `domain ${wish.name} is already active`);
      const vm = await define(connection, wish, signal);
      await connection.act(vm, (flags & startPaused) === 0 ? 'start' : 'hold', signal);
      return { dom: connection.handleOf(connection.find(vm.id)) };
    },
    DOMAIN_MANAGED_SAVE_DEFINE_XML: async ({ dom, dxml, flags }, { signal }) => {
      const vm = connection.find(dom.uuid);
      if (vm.state !== 'saved') throw notNow('domain does not have managed save image');
      if (flags !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `${vm.name} goes on as it was saved`);
      const wish = readDomain(dxml ?? '');
      if (findDefined(connection, wish)?.id !== vm.id)
        throw libvirtFault('OPERATION_INVALID', `a state of ${vm.name} is that of no other vm`);
      // Its hardware is that of its state, and a change of it is refused.
      await define(connection, wish, signal);
      return {};
    },
    DOMAIN_UNDEFINE: ({ dom }, { signal }) => undefine(dom, 0, signal),
    DOMAIN_UNDEFINE_FLAGS: ({ dom, flags }, { signal }) => undefine(dom, flags, signal),
  };
}

/**
 * With the definition on a hypervisor that others run goes what it keeps beside the disks. As libvirt's own drivers do, that takes a
 * word for each. Errors: OPERATION_INVALID, in their words.
 */
function requireAllTold(connection: Connection, vm: Vm, flags: number): void {
  if ((flags & keepNvram) !== 0)
    throw libvirtFault(
      'ARGUMENT_UNSUPPORTED',
      'the variables of its firmware go with a definition: virsh undefine --nvram',
    );
  const said = (flag: number): boolean => (flags & flag) !== 0;
  if (vm.state === 'saved' && !said(withSavedState))
    throw notNow('Refusing to undefine while domain managed save image exists');
  const { length } = listSnapshots(connection.parts.coordinator.inventory, vm.id);
  if (length > 0 && !said(withSnapshots))
    throw notNow(`cannot delete inactive domain with ${length} snapshots`);
  if (vm.definition.hardware.firmware.type === 'uefi' && !said(withNvram))
    throw notNow('cannot undefine domain with nvram');
}

/** Errors: those of vm.create or vm.update; DOM_EXIST for the name of another vm. */
async function define(connection: Connection, wish: DomainWish, signal: AbortSignal): Promise<Vm> {
  const vm = findDefined(connection, wish);
  if (vm === undefined) return await create(connection, wish, signal);
  const shown = connection.blockDevicesOf(vm);
  const files = newFiles(wish, shown);
  const found = await inspectWanted(connection, vm.hostId, files, wish.blocks, signal);
  const before = vm.definition.hardware;
  const devices = mergeDevices(wish, {
    before,
    shown,
    found,
    ...surroundings(connection, vm.hostId),
  });
  const isRenamed = wish.name !== connection.handleOf(vm).name;
  const patch = {
    ...(isRenamed ? { name: wish.name } : {}),
    description: wish.description,
    extensions: {
      ...titlePatch(vm, wish.title),
      ...metadataPatch(vm, wish.metadata),
    },
    ...endingsPatch(vm, wish),
    resources: sharePatch(vm.definition.resources, wish.share),
    hardware: { ...wish.hardware, ...devices },
  };
  await connection.change(vm, patch, signal);
  const defined = connection.find(vm.id);
  if (isActive(defined)) connection.partingDevices.note(vm.id, before, defined.definition.hardware);
  return defined;
}

/** A reaction that is shown by the word that was said stays: libvirt has one word for two of them. */
function endingsPatch(
  { definition: { settings } }: Vm,
  { crashReaction, onGuestReboot }: DomainWish,
): Readonly<Record<string, unknown>> {
  const { reaction } = settings.failure;
  const isOther = crashReaction !== undefined && crashWord(reaction) !== crashWord(crashReaction);
  if (!isOther && onGuestReboot === undefined) return {};
  return {
    settings: {
      ...(isOther ? { failure: { reaction: crashReaction } } : {}),
      ...(onGuestReboot === undefined ? {} : { onGuestReboot }),
    },
  };
}

async function create(connection: Connection, wish: DomainWish, signal: AbortSignal): Promise<Vm> {
  const { coordinator, named, caller } = connection.parts;
  const { scope } = named;
  if (named.driver !== undefined)
    throw libvirtFault(
      'OPERATION_UNSUPPORTED',
      'vms are not made on System Center servers from here',
    );
  const folder = findPlace(coordinator.inventory, caller, scope.kind === 'folder' ? scope.id : '/');
  const wanted =
    scope.kind === 'host'
      ? scope.id
      : (wish.host ?? (await hostOfFiles(connection, newFiles(wish, []), signal)));
  const host = chooseHost(coordinator, caller, wanted, folder.id, undefined);
  const files = newFiles(wish, []);
  const found = await inspectWanted(connection, host.id, files, wish.blocks, signal);
  const devices = mergeDevices(wish, {
    before: undefined,
    shown: [],
    found,
    ...surroundings(connection, host.id),
  });
  const body = {
    name: wish.name,
    host: host.id,
    folder: folder.id,
    network: 'none',
    definition: {
      ...identityOf(connection, host.id, wish),
      description: wish.description,
      settings: {
        ...(wish.crashReaction === 'restart' ? { failure: { reaction: 'restart' } } : {}),
        ...(wish.onGuestReboot === 'turn-off' ? { onGuestReboot: 'turn-off' } : {}),
      },
      resources: wish.share,
      hardware: { machine: wish.usualMachine, ...wish.hardware, ...devices },
    },
  };
  const { target } = await connection.work('vm.create', { body }, signal);
  return connection.find(target.id);
}

/** A vm's id is its UUID; on a hypervisor that others run the id is made of the UUID there. */
function identityOf(
  { parts }: Connection,
  hostId: string,
  { uuid, name, title, metadata }: DomainWish,
): Record<string, unknown> {
  const extensions = {
    ...(title === undefined ? {} : { [titleKey]: title }),
    ...(metadata.size === 0 ? {} : { [metadataKey]: Object.fromEntries(metadata) }),
  };
  if (uuid === undefined) return { extensions };
  return isForeignHost(parts.coordinator.inventory, hostId)
    ? { extensions: { ...extensions, libvirt: { name, uuid } } }
    : { id: uuid, extensions };
}

/** What its hypervisor knows it by, where others run that. */
function uuidThere({ definition }: Vm): unknown {
  const { libvirt } = definition.extensions;
  const isObject = typeof libvirt === 'object' && libvirt !== null && !Array.isArray(libvirt);
  return isObject ? libvirt['uuid'] : undefined;
}

/** The host that alone has them in its pools, where there is one: a volume of a pool is named by its path. */
async function hostOfFiles(
  connection: Connection,
  files: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const lists = new VolumeLists(connection);
  const found = await Promise.all(files.map((file) => lists.at(file, signal)));
  const hosts = new Set(found.flat().map(({ pool }) => pool.host.id));
  return hosts.size === 1 ? [...hosts][0] : undefined;
}

/** By its UUID, else by its name. Errors: DOM_EXIST where the name is another's. */
function findDefined(connection: Connection, { uuid, name }: DomainWish): Vm | undefined {
  const vms = connection.list();
  const named = vms.find((vm) => connection.handleOf(vm).name === name);
  if (uuid === undefined) return named;
  const own = vms.find(({ id }) => id === uuid);
  if (named === undefined || named.id === uuid) return own;
  // Programs that make a vm define it twice, by the UUID that they have chosen.
  if (uuidThere(named) === uuid) return named;
  throw libvirtFault('DOM_EXIST', `domain '${name}' already exists with uuid ${named.id}`);
}

function surroundings(
  connection: Connection,
  hostId: string,
): {
  readonly plugs: Plugs;
  readonly makeMac: () => string;
} {
  const { inventory } = connection.parts.coordinator;
  const macs = usedMacs(inventory);
  return {
    plugs: plugsOn(connection, hostId),
    makeMac: () => giveMac(inventory, macs),
  };
}
