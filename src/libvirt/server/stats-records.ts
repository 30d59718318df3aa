/**
 * The answer to CONNECT_GET_ALL_DOMAIN_STATS, made of records that are encoded once: a fleet's statistics are a hundred
 * thousand parameters, of which only the counters are other ones a moment later.
 */
import { domain, type DomainHandle } from '../procedures/handle.ts';
import type { ReturnOf } from '../procedures/table.ts';
import { compile } from '../wire/codec.ts';
import { Encoded, headerBytes } from '../wire/frame.ts';
import type { TypedParam } from '../wire/shape.ts';
import { writeTypedParam } from '../wire/typed-param.ts';
import { XdrWriter } from '../wire/xdr.ts';

/** A domain with its parameters as bytes. */
export interface StatsRecord {
  /** A byte each character, as Latin-1 has it: beside its bytes a string takes a tenth of what a Buffer does. */
  readonly bytes: string;
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
  return { bytes: writer.finish().toString('latin1'), places };
}

/** Records one after the other, as long as they are the same. */
export interface StatsLayout {
  readonly records: readonly StatsRecord[];
  /** Where each begins in the payload. */
  readonly starts: Uint32Array;
  readonly sizeBytes: number;
  /** The most counters that one of them has. */
  readonly mostCounters: number;
}

export function layStats(records: readonly StatsRecord[]): StatsLayout {
  const starts = new Uint32Array(records.length);
  let sizeBytes = 4;
  let mostCounters = 0;
  for (const [index, { bytes, places }] of records.entries()) {
    starts[index] = sizeBytes;
    sizeBytes += bytes.length;
    mostCounters = Math.max(mostCounters, places.length);
  }
  return { records, starts, sizeBytes, mostCounters };
}

/**
 * The records with their counters. `count` puts what the counters of one are now into a list that is its own to fill: whole numbers
 * from 0 to 2^53, in the order of the record's places.
 */
export function encodeStats(
  layout: StatsLayout,
  count: (index: number, counters: Float64Array) => void,
): Encoded<ReturnOf<'CONNECT_GET_ALL_DOMAIN_STATS'>> {
  const { records, starts, sizeBytes } = layout;
  const patch = (writer: XdrWriter): void => {
    const counters = new Float64Array(layout.mostCounters);
    for (let index = 0; index < records.length; index += 1) {
      const places = records[index]?.places ?? none;
      if (places.length === 0) continue;
      const start = headerBytes + (starts[index] ?? 0);
      count(index, counters);
      for (let at = 0; at < places.length; at += 1)
        writer.putNumber(start + (places[at] ?? 0), counters[at] ?? 0);
    }
  };
  const write = (writer: XdrWriter): void => {
    // An answer of megabytes is not copied as it grows.
    writer.reserve(sizeBytes);
    writer.uint(records.length);
    for (const { bytes } of records) writer.encoded(bytes);
    patch(writer);
  };
  return new Encoded(write, { layout, sizeBytes, patch });
}

const none: readonly number[] = [];
