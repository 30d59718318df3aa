/**
 * `virsh schedinfo`: the weight and the maximum of a vm's processors in the parameters of libvirt's scheduler. What is set is a
 * change of the definition, which its host carries out at once. Threads beside those of the processors have no limit of their own.
 */
import type { Vm, VmResources } from '#api';
import {
  libvirtFault,
  paramNumber,
  uhyperParam,
  type DomainHandle,
  type Handlers,
  type TypedParam,
} from '#libvirt';
import { noQuota, periodUs, quotaUsOf } from '#foreign';
import { requireActive, type Connection } from './connection.ts';
import { maximumOf, requireWeight, sharePatch } from './define/cpu-tune-wish.ts';

type Calls = Pick<
  Handlers,
  | `DOMAIN_GET_SCHEDULER_${'TYPE' | 'PARAMETERS' | 'PARAMETERS_FLAGS'}`
  | `DOMAIN_SET_SCHEDULER_${'PARAMETERS' | 'PARAMETERS_FLAGS'}`
>;

/** VIR_DOMAIN_AFFECT_LIVE. */
const onlyLive = 1;

export function schedulerCalls(connection: Connection): Calls {
  const get = (dom: DomainHandle, most: number, flags: number): { params: TypedParam[] } => {
    const vm = findFor(connection, dom, flags);
    return { params: paramsOf(vm).slice(0, Math.max(0, most)) };
  };
  const set = async (
    dom: DomainHandle,
    params: readonly TypedParam[],
    flags: number,
    signal: AbortSignal,
  ): Promise<Record<string, never>> => {
    const vm = findFor(connection, dom, flags);
    const resources = sharesWanted(vm, params);
    if (Object.keys(resources).length > 0) await connection.change(vm, { resources }, signal);
    return {};
  };
  return {
    DOMAIN_GET_SCHEDULER_TYPE: ({ dom }) => {
      const vm = connection.find(dom.uuid);
      return { type: 'posix', nparams: paramsOf(vm).length };
    },
    DOMAIN_GET_SCHEDULER_PARAMETERS: ({ dom, nparams }) => get(dom, nparams, 0),
    DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS: ({ dom, nparams, flags }) => get(dom, nparams, flags),
    DOMAIN_SET_SCHEDULER_PARAMETERS: ({ dom, params }, { signal }) => set(dom, params, 0, signal),
    DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS: ({ dom, params, flags }, { signal }) =>
      set(dom, params, flags, signal),
  };
}

function findFor(connection: Connection, { uuid }: DomainHandle, flags: number): Vm {
  const vm = connection.find(uuid);
  if ((flags & onlyLive) !== 0) requireActive(vm);
  return vm;
}

/** In libvirt's order. */
function paramsOf({ definition }: Vm): TypedParam[] {
  const { resources, hardware } = definition;
  const quotaUs = quotaUsOf(resources);
  const all = quotaUs === noQuota ? noQuota : quotaUs * hardware.processor.count;
  return [
    uhyperParam('cpu_shares', resources.cpuWeight),
    ...limit('vcpu', quotaUs),
    ...limit('emulator', noQuota),
    ...limit('global', all),
    ...limit('iothread', noQuota),
  ];
}

function limit(of: string, quotaUs: number): TypedParam[] {
  return [
    uhyperParam(`${of}_period`, periodUs),
    { field: `${of}_quota`, type: 'hyper', value: BigInt(quotaUs) },
  ];
}

/** A merge patch of the resources. Errors: INVALID_ARG; OPERATION_UNSUPPORTED naming what a vm has not. */
function sharesWanted(
  { definition: { resources, hardware } }: Vm,
  params: readonly TypedParam[],
): Partial<VmResources> {
  const said = new Map<string, number>();
  for (const param of params) said.set(param.field, requireKnown(param));
  const limits = {
    vcpu: { quotaUs: said.get('vcpu_quota'), periodUs: said.get('vcpu_period') },
    global: { quotaUs: said.get('global_quota'), periodUs: said.get('global_period') },
  };
  const cpuMaximumPercent = maximumOf(limits, hardware.processor.count);
  for (const [of, { quotaUs, periodUs: period }] of Object.entries(limits))
    if (quotaUs === undefined && period !== undefined && period !== periodUs)
      throw unkept(`${of}_period`, `it is that of a quota: set ${of}_quota with it`);
  return sharePatch(resources, {
    cpuWeight: requireWeight(said.get('cpu_shares') ?? resources.cpuWeight),
    cpuMaximumPercent: cpuMaximumPercent ?? resources.cpuMaximumPercent,
  });
}

const kept = new Set(['cpu_shares', 'vcpu_period', 'vcpu_quota', 'global_period', 'global_quota']);
/** What threads beside the processors have: none of their own. */
const usual: ReadonlyMap<string, number> = new Map([
  ['emulator_period', periodUs],
  ['emulator_quota', noQuota],
  ['iothread_period', periodUs],
  ['iothread_quota', noQuota],
]);

function requireKnown(param: TypedParam): number {
  const { field } = param;
  const value = paramNumber(param);
  if (value === undefined || (!kept.has(field) && !usual.has(field)))
    throw libvirtFault(
      'INVALID_ARG',
      `invalid argument: parameter '${field.slice(0, 80)}' not supported`,
    );
  if (!kept.has(field) && value !== usual.get(field))
    throw unkept(field, 'the threads of a vm beside its processors have no limit of their own');
  return value;
}

function unkept(field: string, why: string): Error {
  return libvirtFault('OPERATION_UNSUPPORTED', `${field} is not kept: ${why}`);
}
