/** Memory, processors, description and name of a domain, each changed by a call of its own. */
import { kiB } from '#lib';
import type { Hardware } from '#api';
import { libvirtFault, type DomainHandle, type Handlers } from '#libvirt';
import type { Connection } from './connection.ts';
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
>;

/** VIR_DOMAIN_MEM_MAXIMUM, VIR_DOMAIN_VCPU_MAXIMUM, VIR_DOMAIN_VCPU_GUEST. */
const maximum = 4;
const byGuest = 8;
/** virDomainMetadataType. */
const describes = 0;
const entitles = 1;

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
    DOMAIN_SET_METADATA: async ({ dom, type, metadata }, { signal }) => {
      const vm = connection.find(dom.uuid);
      switch (type) {
        case describes:
          await connection.change(vm, { description: metadata ?? '' }, signal);
          return {};
        case entitles:
          await connection.change(vm, titlePatch(connection, vm, metadata ?? undefined), signal);
          return {};
        default:
          throw libvirtFault(
            'ARGUMENT_UNSUPPORTED',
            'a vm has a title and a description, and no other metadata',
          );
      }
    },
    DOMAIN_RENAME: async ({ dom, new_name }, { signal }) => {
      await connection.change(connection.find(dom.uuid), { name: new_name ?? '' }, signal);
      return { retcode: 0 };
    },
  };
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
