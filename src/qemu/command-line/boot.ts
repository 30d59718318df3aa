/** The boot order as indexes of devices (HW-39); what has none is not booted from. */
import { formatOptions, type Argument } from './options.ts';
import type { MachineSpec } from './spec.ts';

/** The lowest is tried first. 0 is kept for the one-time device. */
export type BootIndexes = ReadonlyMap<string, number>;

/**
 * The index of each bootable device at this start. With `after` the order that holds once the one-time
 * device has had its turn: `qom-set` of `bootindex` on every device that differs brings it about at the
 * next reset.
 */
export function bootIndexes(
  spec: MachineSpec,
  which: 'this-start' | 'after' = 'this-start',
): BootIndexes {
  const { once, order } = spec.boot;
  const indexes = new Map(order.map((id, place) => [id, place + 1]));
  if (once !== undefined && which === 'this-start') indexes.set(once, 0);
  return indexes;
}

export function bootArguments(spec: MachineSpec): readonly Argument[] {
  const { menuMs } = spec.boot;
  const menu = menuMs === undefined ? {} : { menu: 'on', 'splash-time': menuMs };
  return [['-boot', formatOptions(undefined, { ...menu, strict: 'on' })]];
}
