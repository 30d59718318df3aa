/** Memory, processors, description, name and endings of a domain, each changed by a call of its own. */
import { kiB } from '#lib';
import type { Hardware, Vm } from '#api';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import { isForeignHost } from '../app/vm/tell-hypervisor.ts';
import { requireActive, type Connection } from './connection.ts';
import { elementPatch } from './metadata-patch.ts';
import { titlePatch } from './title-patch.ts';

type Calls = Pick<
  Handlers,
  | 'DOMAIN_SET_MEMORY'
  | 'DOMAIN_SET_MEMORY_FLAGS'
  | 'DOMAIN_SET_MAX_MEMORY'
  | 'DOMAIN_SET_VCPUS'
  | 'DOMAIN_SET_VCPUS_FLAGS'
  | 'DOMAIN_SET_METADATA'
  | 'DOMAIN_RENAME'
  | 'DOMAIN_SET_LIFECYCLE_ACTION'
>;

/** VIR_DOMAIN_MEM_MAXIMUM, VIR_DOMAIN_VCPU_MAXIMUM, VIR_DOMAIN_VCPU_GUEST. */
const maximum = 4;
const byGuest = 8;
/** virDomainModificationImpact. */
const live = 1;
const config = 2;
/** virDomainLifecycle, and the actions that there are for all of them (virDomainLifecycleAction). */
const ends = { poweroff: 0, reboot: 1, crash: 2 } as const;
const endings = { destroy: 0, restart: 1 } as const;
/** virDomainMetadataType. */
const describes = 0;
const entitles = 1;
const isElement = 2;

type Which = 'now' | 'maximum';

export function changeCalls(connection: Connection): Calls {
  const setMemory = async (
    { uuid }: DomainHandle,
    memory: bigint,
    flags: number,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = connection.find(uuid);
    const bytes = Number(memory) * kiB;
    const changed = changeMemory(vm.definition.hardware.memory, bytes, whichOf(flags));
    await connection.change(vm, { hardware: { memory: changed } }, signal);
    return {};
  };
  const setVcpus = async (
    { uuid }: DomainHandle,
    count: number,
    flags: number,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = connection.find(uuid);
    if ((flags & byGuest) !== 0)
      throw libvirtFault('OPERATION_UNSUPPORTED', 'guests are not asked to use fewer processors');
    const { processor } = vm.definition.hardware;
    const changed = changeProcessors(processor, count, whichOf(flags));
    await connection.change(vm, { hardware: { processor: changed } }, signal);
    return {};
  };
  return {
    DOMAIN_SET_MEMORY: ({ dom, memory }, { signal }) => setMemory(dom, memory, 0, signal),
    DOMAIN_SET_MEMORY_FLAGS: ({ dom, memory, flags }, { signal }) =>
      setMemory(dom, memory, flags, signal),
    DOMAIN_SET_MAX_MEMORY: ({ dom, memory }, { signal }) => setMemory(dom, memory, maximum, signal),
    DOMAIN_SET_VCPUS: ({ dom, nvcpus }, { signal }) => setVcpus(dom, nvcpus, 0, signal),
    DOMAIN_SET_VCPUS_FLAGS: ({ dom, nvcpus, flags }, { signal }) =>
      setVcpus(dom, nvcpus, flags, signal),
    DOMAIN_SET_METADATA: async ({ dom, type, metadata, key, uri, flags }, { signal }) => {
      const vm = connection.find(dom.uuid);
      if ((flags & live) !== 0) requireActive(vm);
      const patch = describingPatch(vm, type, metadata, key ?? '', uri ?? '');
      await connection.change(vm, patch, signal);
      return {};
    },
    DOMAIN_SET_LIFECYCLE_ACTION: async ({ dom, type, action, flags }, { signal }) => {
      const vm = connection.find(dom.uuid);
      if ((flags & ~(live | config)) !== 0)
        throw libvirtFault('ARGUMENT_UNSUPPORTED', `flags ${flags} say nothing about an ending`);
      if ((flags & live) !== 0) {
        requireActive(vm);
        throw libvirtFault('OPERATION_UNSUPPORTED', 'it holds from the next start on: --config');
      }
      const isForeign = isForeignHost(connection.parts.coordinator.inventory, vm.hostId);
      const settings = endingSettings(vm, isForeign, type, action);
      if (settings !== undefined) await connection.change(vm, { settings }, signal);
      return {};
    },
    DOMAIN_RENAME: async ({ dom, new_name }, { signal }) => {
      await connection.change(connection.find(dom.uuid), { name: new_name ?? '' }, signal);
      return { retcode: 0 };
    },
  };
}

/** Errors: those of titles and of metadata; INVALID_ARG for other types. */
function describingPatch(
  vm: Vm,
  type: number,
  text: string | null,
  key: string,
  uri: string,
): Readonly<Record<string, unknown>> {
  switch (type) {
    case describes:
      return { description: text ?? '' };
    case entitles:
      return { extensions: titlePatch(vm, text ?? undefined) };
    case isElement:
      return { extensions: elementPatch(vm, text, key, uri) };
    default:
      throw libvirtFault('INVALID_ARG', `invalid argument: unknown metadata type '${type}'`);
  }
}

/** What is to become of it, as settings; undefined: it is so. Errors: ARGUMENT_UNSUPPORTED. */
function endingSettings(
  { definition: { settings } }: Vm,
  isForeign: boolean,
  type: number,
  action: number,
): Readonly<Record<string, unknown>> | undefined {
  if (action === endings.destroy || action === endings.restart) {
    const restarts = action === endings.restart;
    const { reaction } = settings.failure;
    switch (type) {
      case ends.poweroff:
        if (!restarts) return undefined;
        break;
      case ends.reboot:
        return { onGuestReboot: restarts ? 'restart' : 'turn-off' };
      case ends.crash:
        if (isForeign) break;
        // A reset is a restart in libvirt's words, and stays.
        if (restarts === (reaction !== 'none')) return undefined;
        return { failure: { reaction: restarts ? 'restart' : 'none' } };
      default:
        throw libvirtFault('INVALID_ARG', `there is no lifecycle type ${type}`);
    }
  }
  throw libvirtFault(
    'ARGUMENT_UNSUPPORTED',
    isForeign
      ? 'of a vm of a libvirt host it can be set what becomes of it as its guest restarts (reboot): destroy or restart'
      : 'a vm is off when its guest shuts down (poweroff), and is turned off or restarts (destroy, restart) when its guest restarts or crashes (reboot, crash)',
  );
}

function whichOf(flags: number): Which {
  return (flags & maximum) === 0 ? 'now' : 'maximum';
}

/** What there may be at most stays, unless that is what is changed. Errors: INVALID_ARG for more than that. */
function changeMemory(
  { sizeBytes, maxBytes }: Hardware['memory'],
  bytes: number,
  which: Which,
): Partial<Hardware['memory']> {
  requireWithin(bytes, maxBytes ?? sizeBytes, which, 'cannot set memory higher than max memory');
  const [now, most] = changeShare(sizeBytes, maxBytes, bytes, which);
  return { sizeBytes: now, maxBytes: most };
}

function changeProcessors(
  { count, maxCount }: Hardware['processor'],
  wanted: number,
  which: Which,
): Partial<Hardware['processor']> {
  const limit = maxCount ?? count;
  const tooMany = `requested vcpus is greater than max allowable vcpus for the persistent domain: ${wanted} > ${limit}`;
  requireWithin(wanted, limit, which, tooMany);
  const [now, most] = changeShare(count, maxCount, wanted, which);
  return { count: now, maxCount: most };
}

/** Errors: INVALID_ARG, in libvirt's words. */
function requireWithin(wanted: number, limit: number, which: Which, message: string): void {
  if (which === 'now' && wanted > limit)
    throw libvirtFault('INVALID_ARG', `invalid argument: ${message}`);
}

/** How much there is now, and at most; null: no more than now. */
function changeShare(
  now: number,
  most: number | null,
  wanted: number,
  which: Which,
): readonly [now: number, most: number | null] {
  if (which === 'maximum') return wanted > now ? [now, wanted] : [wanted, null];
  const limit = most ?? now;
  return [wanted, wanted < limit ? limit : null];
}
