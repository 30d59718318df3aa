/** Arguments and answers of procedures, and events, as bytes, for a way that is none of libvirt's own. Each is what its frame would hold. */
import { decodeWhole, type Codec } from '../wire/codec.ts';
import { XdrWriter } from '../wire/xdr.ts';
import {
  messageRouteOf,
  routeOf,
  type ArgsOf,
  type EventName,
  type FieldsOf,
  type PlainProcedureName,
  type ReturnOf,
} from './table.ts';

/** What of a disk or of memory is read at once, and a little. */
const maxBytes = 4 * 1024 * 1024 + 1024;

export function packArgs<P extends PlainProcedureName>(name: P, args: ArgsOf<P>): Buffer {
  return pack(routeOf(name).args, args);
}

/** Errors: `invalid`, `too-large` naming the member. */
export function unpackArgs<P extends PlainProcedureName>(name: P, bytes: Buffer): ArgsOf<P> {
  return decodeWhole(routeOf(name).args, bytes, `${name}.args`) as ArgsOf<P>;
}

export function packReturn<P extends PlainProcedureName>(name: P, ret: ReturnOf<P>): Buffer {
  return pack(routeOf(name).ret, ret);
}

/** Errors: as `unpackArgs`. */
export function unpackReturn<P extends PlainProcedureName>(name: P, bytes: Buffer): ReturnOf<P> {
  return decodeWhole(routeOf(name).ret, bytes, `${name}.ret`) as ReturnOf<P>;
}

export function packEvent<E extends EventName>(name: E, fields: FieldsOf<E>): Buffer {
  return pack(messageRouteOf(name).fields, fields);
}

/** Errors: as `unpackArgs`. */
export function unpackEvent<E extends EventName>(name: E, bytes: Buffer): FieldsOf<E> {
  return decodeWhole(messageRouteOf(name).fields, bytes, name) as FieldsOf<E>;
}

function pack(codec: Codec<unknown>, value: unknown): Buffer {
  const writer = new XdrWriter(0, maxBytes);
  codec.write(writer, value);
  return writer.finish();
}
