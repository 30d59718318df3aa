/** `virsh domiftune`: the limits of an adapter. What is set is a change of the adapter, which its host carries out at once. */
import type { Adapter, Vm } from '#api';
import { libvirtFault, paramNumber, uintParam, type Handlers, type TypedParam } from '#libvirt';
import {
  averageOf,
  bandwidthOfAverages,
  directions,
  keepBandwidth,
  type Direction,
} from '../domain-xml/bandwidth.ts';
import { requireActive, type Connection } from './connection.ts';
import { averageWanted, requireRate } from './define/bandwidth-wish.ts';
import { adapterAt } from './statistics-calls.ts';

type Calls = Pick<Handlers, `DOMAIN_${'GET' | 'SET'}_INTERFACE_PARAMETERS`>;

/** VIR_DOMAIN_AFFECT_LIVE. */
const onlyLive = 1;
/** Of one direction, in libvirt's order; frames that wait are not let through in bursts, and none is guaranteed. */
const names: Readonly<Record<Direction, readonly string[]>> = {
  inbound: ['average', 'peak', 'burst', 'floor'],
  outbound: ['average', 'peak', 'burst'],
};

export function interfaceTuneCalls(connection: Connection): Calls {
  const find = (
    uuid: string,
    device: string,
    flags: number,
  ): { readonly vm: Vm; readonly adapter: Adapter } => {
    const vm = connection.find(uuid);
    if ((flags & onlyLive) !== 0) requireActive(vm);
    return { vm, adapter: adapterAt(vm, device).adapter };
  };
  return {
    DOMAIN_GET_INTERFACE_PARAMETERS: ({ dom, device, nparams, flags }) => {
      const params = paramsOf(find(dom.uuid, device, flags).adapter);
      return { params: params.slice(0, Math.max(0, nparams)), nparams: params.length };
    },
    DOMAIN_SET_INTERFACE_PARAMETERS: async ({ dom, device, params, flags }, { signal }) => {
      const { vm, adapter } = find(dom.uuid, device, flags);
      const bandwidth = keepBandwidth(adapter.bandwidth, bandwidthWanted(adapter, params));
      const path = { vm: vm.id, slot: String(adapter.slot) };
      await connection.work('vm.adapter.change', { params: path, body: { bandwidth } }, signal);
      return {};
    },
  };
}

function paramsOf({ bandwidth }: Adapter): TypedParam[] {
  return directions.flatMap((direction) => {
    const average = averageOf(bandwidth, direction);
    return names[direction].map((name) =>
      uintParam(`${direction}.${name}`, name === 'average' ? average : 0),
    );
  });
}

/** A direction of which nothing is said stays. Errors: INVALID_ARG; OPERATION_UNSUPPORTED naming what an adapter has not. */
function bandwidthWanted(
  { bandwidth }: Adapter,
  params: readonly TypedParam[],
): Adapter['bandwidth'] {
  const averageFor = (direction: Direction): number => {
    const { average, unkept } = averageWanted(toldOf(params, direction));
    const [name] = unkept;
    if (name !== undefined)
      throw libvirtFault(
        'OPERATION_UNSUPPORTED',
        `${direction}.${name} is not kept: an adapter has one rate in each direction, ${direction}.average`,
      );
    return average === undefined ? averageOf(bandwidth, direction) : requireRate(average);
  };
  for (const { field } of params)
    if (!directions.some((one) => names[one].some((name) => field === `${one}.${name}`)))
      throw notSupported(field);
  return bandwidthOfAverages({
    inbound: averageFor('inbound'),
    outbound: averageFor('outbound'),
  });
}

function toldOf(params: readonly TypedParam[], direction: Direction): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  for (const param of params) {
    if (!param.field.startsWith(`${direction}.`)) continue;
    const value = paramNumber(param);
    if (value === undefined) throw notSupported(param.field);
    told.set(param.field.slice(direction.length + 1), value);
  }
  return told;
}

function notSupported(field: string): Error {
  return libvirtFault(
    'INVALID_ARG',
    `invalid argument: parameter '${field.slice(0, 80)}' not supported`,
  );
}
