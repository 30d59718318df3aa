/**
 * The answer to CONNECT_GET_ALL_DOMAIN_STATS, made of records that are encoded once: a fleet's statistics are a hundred
 * thousand parameters, of which only the counters are other ones a moment later.
 */
import { domain, type DomainHandle } from '../procedures/handle.ts';
import type { ReturnOf } from '../procedures/table.ts';
import { compile } from '../wire/codec.ts';
import { Encoded } from '../wire/frame.ts';
import type { TypedParam } from '../wire/shape.ts';
import { writeTypedParam } from '../wire/typed-param.ts';
import { XdrWriter } from '../wire/xdr.ts';

/** A domain with its parameters as bytes. */
export interface StatsRecord {
  readonly bytes: Buffer;
  /** Where the values of the counters are among the bytes, in the order of the parameters. */
  readonly places: readonly number[];
}

const maxRecordBytes = 4 * 1024 * 1024;
const handle = compile(domain, 'record.dom');

/** `isCounter`: of parameters of 64 bits, by name. Errors: `invalid`, `too-large` for what the wire does not carry. */
export function encodeStatsRecord(
  dom: DomainHandle,
  params: readonly TypedParam[],
  isCounter: (field: string) => boolean,
): StatsRecord {
  const writer = new XdrWriter(0, maxRecordBytes);
  const places: number[] = [];
  handle.write(writer, dom);
  writer.uint(params.length);
  for (const param of params) {
    writeTypedParam(writer, param, 'record.params');
    if (param.type === 'uhyper' && isCounter(param.field)) places.push(writer.length - 8);
  }
  // What a writer has grown to is not kept with it.
  return { bytes: Buffer.from(writer.finish()), places };
}

/** `count` records, each written by `add` with what its counters are now: whole numbers from 0 to 2^53. */
export function encodeStats(
  count: number,
  writeAll: (add: (record: StatsRecord, counters: readonly number[]) => void) => void,
): Encoded<ReturnOf<'CONNECT_GET_ALL_DOMAIN_STATS'>> {
  return new Encoded((writer) => {
    writer.uint(count);
    writeAll(({ bytes, places }, counters) => {
      const start = writer.encoded(bytes);
      for (let index = 0; index < places.length; index += 1)
        writer.putNumber(start + (places[index] ?? 0), counters[index] ?? 0);
    });
  });
}
