/** Memory: balloon and modules (qapi/machine.json). */
import {
  finite,
  flag,
  integer,
  list,
  map,
  optional,
  record,
  text,
  type Parser,
} from '../../parse.ts';
import type { CommandOptions } from '../client.ts';
import { ask, tell, type Monitor } from './ask.ts';

/** Asks the guest to shrink or grow to so many bytes; it takes its time, and may refuse by doing nothing. */
export function balloon(
  monitor: Monitor,
  targetBytes: number,
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'balloon', { value: targetBytes }, options);
}

/** Writes a piece of memory to a file, at an address of the machine. Of 64 bits, as a signed number: what is
 * beyond 2^53 both ways a number of JSON does not say, and no memory is there. */
export function pmemsave(
  monitor: Monitor,
  piece: { readonly at: bigint; readonly bytes: number; readonly path: string },
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'pmemsave', pieceOf(piece), options);
}

/** As `pmemsave`, at an address as the first processor sees it then. */
export function memsave(
  monitor: Monitor,
  piece: { readonly at: bigint; readonly bytes: number; readonly path: string },
  options?: CommandOptions,
): Promise<void> {
  return tell(monitor, 'memsave', pieceOf(piece), options);
}

function pieceOf({
  at,
  bytes,
  path,
}: {
  readonly at: bigint;
  readonly bytes: number;
  readonly path: string;
}): Readonly<Record<string, unknown>> {
  return { val: Number(BigInt.asIntN(64, at)), size: bytes, filename: path };
}

/** What the guest has at present, in bytes. Errors: `refused` when there is no balloon. */
export function queryBalloon(monitor: Monitor, options?: CommandOptions): Promise<number> {
  const parser = map(record({ actual: finite }), ({ actual }) => actual);
  return ask(monitor, 'query-balloon', undefined, parser, options);
}

export interface MemoryModule {
  readonly id: string | undefined;
  readonly sizeBytes: number;
  readonly slot: number;
  readonly hotplugged: boolean;
}

const parseModules: Parser<readonly MemoryModule[]> = map(
  list(
    record({
      type: text(64),
      data: record({
        id: optional(text(256)),
        size: optional(finite),
        slot: optional(integer(0)),
        hotplugged: optional(flag),
      }),
    }),
  ),
  (devices) =>
    devices
      .filter(({ type }) => type === 'dimm')
      .map(({ data }) => ({
        id: data.id,
        sizeBytes: data.size ?? 0,
        slot: data.slot ?? 0,
        hotplugged: data.hotplugged ?? false,
      })),
);

/** The modules that were plugged in. */
export function queryMemoryDevices(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<readonly MemoryModule[]> {
  return ask(monitor, 'query-memory-devices', undefined, parseModules, options);
}

export interface MemorySummary {
  readonly baseBytes: number;
  readonly pluggedBytes: number;
}

const parseSummary = map(
  record({ 'base-memory': finite, 'plugged-memory': optional(finite) }),
  (summary): MemorySummary => ({
    baseBytes: summary['base-memory'],
    pluggedBytes: summary['plugged-memory'] ?? 0,
  }),
);

export function queryMemorySizeSummary(
  monitor: Monitor,
  options?: CommandOptions,
): Promise<MemorySummary> {
  return ask(monitor, 'query-memory-size-summary', undefined, parseSummary, options);
}

/** Gives the monitor an open file by a name, for the next command that takes it (qapi/misc.json). Faults: `unsupported` where this Node.js cannot. */
export function getfd(
  monitor: Monitor,
  fileName: string,
  options: CommandOptions & { readonly descriptor: number },
): Promise<void> {
  return tell(monitor, 'getfd', { fdname: fileName }, options);
}

/** Begins to write all memory to the file of that name; `DUMP_COMPLETED` tells of its end. */
export function dumpGuestMemory(
  monitor: Monitor,
  { format, fileName }: { readonly format: string; readonly fileName: string },
  options?: CommandOptions,
): Promise<void> {
  const said = { paging: false, protocol: `fd:${fileName}`, detach: true, format };
  return tell(monitor, 'dump-guest-memory', said, options);
}
