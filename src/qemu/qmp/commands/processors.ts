/** Processors (qapi/machine.json). */
import {
  integer,
  isObject,
  list,
  map,
  optional,
  record,
  text,
  type JsonObject,
  type Parser,
} from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, type Monitor } from './ask.ts';

export interface RunningProcessor {
  /** Counted from 0. */
  readonly index: number;
  readonly qomPath: string;
  /** The thread of the host that runs it. */
  readonly threadId: number;
}

const parseCpus: Parser<readonly RunningProcessor[]> = list(
  map(record({ 'cpu-index': integer(0), 'qom-path': text(), 'thread-id': integer(0) }), (cpu) => ({
    index: cpu['cpu-index'],
    qomPath: cpu['qom-path'],
    threadId: cpu['thread-id'],
  })),
);

export function queryCpusFast(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly RunningProcessor[]> {
  return ask(monitor, 'query-cpus-fast', undefined, parseCpus, options);
}

/** A place for a processor. */
export interface ProcessorSlot {
  /** The driver to name in `device_add`. */
  readonly type: string;
  /** Where it goes: the other arguments of `device_add`. */
  readonly place: JsonObject;
  /** Present when the place is taken. */
  readonly qomPath: string | undefined;
}

const parseSlots: Parser<readonly ProcessorSlot[]> = list(
  map(
    record({
      type: text(256),
      props: (value) => (isObject(value) ? value : {}),
      'qom-path': optional(text()),
    }),
    (slot) => ({ type: slot.type, place: slot.props, qomPath: slot['qom-path'] }),
  ),
);

export function queryHotpluggableCpus(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly ProcessorSlot[]> {
  return ask(monitor, 'query-hotpluggable-cpus', undefined, parseSlots, options);
}
