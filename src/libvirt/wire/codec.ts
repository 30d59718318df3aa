/**
 * Codecs: a shape compiled to a pair of functions that write and read its values. Every value read
 * satisfies the shape's type and bounds; every value out of bounds is refused when it is written, so
 * that the peer never has to. Faults name the member by its path (`DOMAIN_CREATE.args.dom.uuid`).
 */
import { Fault, unreachable } from '#lib';
import type { Shape, ValueOf } from './shape.ts';
import { readTypedParam, writeTypedParam } from './typed-param.ts';
import { XdrReader, type XdrWriter } from './xdr.ts';

export interface Codec<T> {
  write(writer: XdrWriter, value: T): void;
  read(reader: XdrReader): T;
}

interface Untyped {
  readonly write: (writer: XdrWriter, value: never) => void;
  readonly read: (reader: XdrReader) => unknown;
}

/** `path` names the shape in faults. */
export function compile<S extends Shape>(shape: S, path: string): Codec<ValueOf<S>> {
  // The one place where a shape's meaning as a type meets its meaning as code.
  return compileShape(shape, path) as unknown as Codec<ValueOf<S>>;
}

/** The same where the shape is not known to the compiler; the values are those of the shape. */
export function compileAny(shape: Shape, path: string): Codec<unknown> {
  return compileShape(shape, path);
}

/** Reads one value that fills the whole buffer. Errors: `invalid`, `too-large` naming the path. */
export function decodeWhole<T>(codec: Codec<T>, buffer: Buffer, path: string): T {
  const reader = new XdrReader(buffer);
  let value: T;
  try {
    value = codec.read(reader);
  } catch (cause) {
    throw cause instanceof Fault ? new Fault(cause.code, `cannot read ${path}`, { cause }) : cause;
  }
  if (reader.left > 0) {
    throw new Fault('invalid', `cannot read ${path}: ${reader.left} bytes are left over`);
  }
  return value;
}

function compileShape(shape: Shape, path: string): Untyped {
  switch (shape.kind) {
    case 'int':
      return {
        write: (w, v: number) => w.int(checkInteger(v, -0x8000_0000, 0x7fff_ffff, path)),
        read: (r) => r.int(),
      };
    case 'uint':
      return {
        write: (w, v: number) => w.uint(checkInteger(v, 0, 0xffff_ffff, path)),
        read: (r) => r.uint(),
      };
    case 'u8':
      return {
        write: (w, v: number) => w.uint(checkInteger(v, 0, 0xff, path)),
        read: (r) => checkInteger(r.uint(), 0, 0xff, path),
      };
    case 'u16':
      return {
        write: (w, v: number) => w.uint(checkInteger(v, 0, 0xffff, path)),
        read: (r) => checkInteger(r.uint(), 0, 0xffff, path),
      };
    case 'double':
      return { write: (w, v: number) => w.double(v), read: (r) => r.double() };
    case 'hyper':
      return {
        write: (w, v: bigint) => w.hyper(checkBig(v, BigInt.asIntN(64, v), path)),
        read: (r) => r.hyper(),
      };
    case 'uhyper':
      return {
        write: (w, v: bigint) => w.uhyper(checkBig(v, BigInt.asUintN(64, v), path)),
        read: (r) => r.uhyper(),
      };
    case 'string':
      return {
        write: (w, v: string) => {
          if (v.length > shape.maxBytes || !w.shortText(v))
            w.string(v, checkString(v, shape.maxBytes, path));
        },
        read: (r) => checkNoNul(r.string(shape.maxBytes), path),
      };
    case 'uuid':
      return {
        write: (w, v: string) => {
          if (!w.uuid(v)) throw new Fault('invalid', `${path} is not a UUID: "${v.slice(0, 40)}"`);
        },
        read: readUuid,
      };
    case 'bytes':
      return {
        write: (w, v: Uint8Array) => w.bytes(checkLength(v, shape.maxBytes, path)),
        read: (r) => r.bytes(shape.maxBytes),
      };
    case 'chars':
      return {
        write: (w, v: Uint8Array) => {
          w.uint(checkLength(v, shape.maxLength, path).length);
          for (const byte of v) w.int((byte << 24) >> 24);
        },
        read: (r) => readChars(r, r.count(shape.maxLength, 4)),
      };
    case 'text':
      return compileText(shape.maxLength, shape.form, path);
    case 'optional':
      return compileOptional(compileShape(shape.of, path));
    case 'list':
      return compileList(compileShape(shape.of, `${path}[]`), shape, path);
    case 'struct':
      return compileStruct(
        Object.entries(shape.fields).map(([name, field]) => ({
          name,
          codec: compileShape(field, `${path}.${name}`),
        })),
      );
    case 'typed-param':
      return {
        write: (w, v: ValueOf<typeof shape>) => writeTypedParam(w, v, path),
        read: (r) => readTypedParam(r, path),
      };
    default:
      return unreachable(shape);
  }
}

function compileText(maxLength: number, form: 'fixed' | 'counted', path: string): Untyped {
  return {
    write: (w, v: string) => {
      const length = checkString(v, maxLength - 1, path);
      const wide = Buffer.alloc(form === 'fixed' ? maxLength : length + 1);
      wide.write(v, 'utf8');
      if (form === 'counted') w.uint(wide.length);
      for (const byte of wide) w.int((byte << 24) >> 24);
    },
    read: (r) => {
      const length = form === 'fixed' ? maxLength : r.count(maxLength, 4);
      const wide = readChars(r, length);
      const end = wide.indexOf(0);
      return wide.toString('utf8', 0, end < 0 ? length : end);
    },
  };
}

function compileOptional(inner: Untyped): Untyped {
  return {
    write: (w, v: never) => {
      w.uint(v === null ? 0 : 1);
      if (v !== null) inner.write(w, v);
    },
    // RFC 4506 has 0 and 1 alone. libvirt goes by TI-RPC, to which all but 0 is true, and go-libvirt sends another one.
    read: (r) => (r.uint() === 0 ? null : inner.read(r)),
  };
}

function compileList(
  inner: Untyped,
  shape: { readonly of: Shape; readonly maxLength: number },
  path: string,
): Untyped {
  const elementBytes = leastBytes(shape.of);
  return {
    write: (w, v: readonly never[]) => {
      if (v.length > shape.maxLength) {
        throw new Fault('too-large', `${path} has ${v.length} of at most ${shape.maxLength}`, {
          hint: 'narrow the request, for example to one host or folder',
        });
      }
      w.uint(v.length);
      for (const element of v) inner.write(w, element);
    },
    read: (r) => {
      const count = r.count(shape.maxLength, elementBytes);
      const out: unknown[] = [];
      for (let index = 0; index < count; index += 1) out.push(inner.read(r));
      return out;
    },
  };
}

function compileStruct(
  members: readonly { readonly name: string; readonly codec: Untyped }[],
): Untyped {
  return {
    write: (w, v: Readonly<Record<string, never>>) => {
      for (const { name, codec } of members) codec.write(w, v[name] as never);
    },
    read: (r) => {
      const out: Record<string, unknown> = {};
      for (const { name, codec } of members) out[name] = codec.read(r);
      return out;
    },
  };
}

/** The fewest bytes that a value of the shape can take: a count is refused before it is believed. */
export function leastBytes(shape: Shape): number {
  switch (shape.kind) {
    case 'double':
    case 'hyper':
    case 'uhyper':
      return 8;
    case 'uuid':
      return 16;
    case 'text':
      return shape.form === 'fixed' ? shape.maxLength * 4 : 4;
    case 'typed-param':
      return 12;
    case 'struct':
      return Object.values(shape.fields).reduce((sum, field) => sum + leastBytes(field), 0);
    case 'int':
    case 'uint':
    case 'u8':
    case 'u16':
    case 'string':
    case 'bytes':
    case 'chars':
    case 'optional':
    case 'list':
      return 4;
    default:
      return unreachable(shape);
  }
}

function readChars(reader: XdrReader, count: number): Buffer {
  const words = reader.fixed(count * 4);
  const out = Buffer.allocUnsafe(count);
  for (let index = 0; index < count; index += 1) out[index] = words[index * 4 + 3] ?? 0;
  return out;
}

function readUuid(reader: XdrReader): string {
  const hex = reader.hex(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function checkInteger(value: number, min: number, max: number, path: string): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Fault('invalid', `${path} is ${value}, not a whole number from ${min} to ${max}`);
  }
  return value;
}

function checkBig(value: bigint, wrapped: bigint, path: string): bigint {
  if (value !== wrapped) throw new Fault('invalid', `${path} is ${value}, beyond 64 bits`);
  return value;
}

function checkLength(value: Uint8Array, max: number, path: string): Uint8Array {
  if (value.length > max) {
    throw new Fault('too-large', `${path} has ${value.length} of at most ${max} bytes`);
  }
  return value;
}

function checkString(value: string, max: number, path: string): number {
  checkNoNul(value, path);
  const length = Buffer.byteLength(value, 'utf8');
  if (length > max) throw new Fault('too-large', `${path} has ${length} of at most ${max} bytes`);
  return length;
}

/** A NUL would end the string for a peer written in C and not for us: two readings of one message. */
function checkNoNul(value: string, path: string): string {
  if (value.includes('\0')) throw new Fault('invalid', `${path} has a NUL byte inside a string`);
  return value;
}
