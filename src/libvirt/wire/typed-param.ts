/**
 * Typed parameters: on the wire a name, a type number and a value of that type. The helpers below
 * make and read lists of them without caring which of the integer types a peer chose.
 */
import { Fault } from '#lib';
import { maxStringBytes, type TypedParam } from './shape.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

/** The numbers of the types on the wire. */
export const typedParamTypes = {
  int: 1,
  uint: 2,
  hyper: 3,
  uhyper: 4,
  double: 5,
  bool: 6,
  string: 7,
} as const;

/** Longest name of a parameter in libvirt, without its terminating NUL. */
export const maxFieldBytes = 79;

export function writeTypedParam(writer: XdrWriter, param: TypedParam, path: string): void {
  writeText(writer, param.field, maxFieldBytes, path, 'field');
  writer.uint(typedParamTypes[param.type]);
  switch (param.type) {
    case 'int':
      writer.int(checkRange(param, -0x8000_0000, 0x7fff_ffff, path));
      break;
    case 'uint':
      writer.uint(checkRange(param, 0, 0xffff_ffff, path));
      break;
    case 'hyper':
      if (BigInt.asIntN(64, param.value) !== param.value) throw tooBig(path, param);
      writer.hyper(param.value);
      break;
    case 'uhyper':
      if (BigInt.asUintN(64, param.value) !== param.value) throw tooBig(path, param);
      writer.uhyper(param.value);
      break;
    case 'double':
      writer.double(param.value);
      break;
    case 'bool':
      writer.uint(param.value ? 1 : 0);
      break;
    case 'string':
      writeText(writer, param.value, maxStringBytes, path, param.field);
      break;
  }
}

export function readTypedParam(reader: XdrReader, path: string): TypedParam {
  const field = readText(reader, maxFieldBytes, path);
  const type = reader.uint();
  switch (type) {
    case typedParamTypes.int:
      return { field, type: 'int', value: reader.int() };
    case typedParamTypes.uint:
      return { field, type: 'uint', value: reader.uint() };
    case typedParamTypes.hyper:
      return { field, type: 'hyper', value: reader.hyper() };
    case typedParamTypes.uhyper:
      return { field, type: 'uhyper', value: reader.uhyper() };
    case typedParamTypes.double:
      return { field, type: 'double', value: reader.double() };
    case typedParamTypes.bool:
      return { field, type: 'bool', value: reader.uint() !== 0 };
    case typedParamTypes.string:
      return { field, type: 'string', value: readText(reader, maxStringBytes, path) };
    default:
      throw new Fault('invalid', `${path}.${field.slice(0, 40)} has unknown type ${type}`);
  }
}

/** A parameter of a whole number; `type` says in which width it travels. */
export function intParam(field: string, value: number): TypedParam {
  return { field, type: 'int', value };
}
export function uintParam(field: string, value: number): TypedParam {
  return { field, type: 'uint', value };
}
export function uhyperParam(field: string, value: bigint | number): TypedParam {
  return { field, type: 'uhyper', value: BigInt(value) };
}
export function boolParam(field: string, value: boolean): TypedParam {
  return { field, type: 'bool', value };
}
export function stringParam(field: string, value: string): TypedParam {
  return { field, type: 'string', value };
}

/** Parameters by name. Where a name occurs more than once the first one counts, as in libvirt. */
export function paramsByName(params: readonly TypedParam[]): ReadonlyMap<string, TypedParam> {
  const out = new Map<string, TypedParam>();
  for (const param of params) if (!out.has(param.field)) out.set(param.field, param);
  return out;
}

/** The number of a parameter of any numeric type; undefined when it is absent or no number. */
export function paramNumber(param: TypedParam | undefined): number | undefined {
  if (param === undefined || param.type === 'string') return undefined;
  return Number(param.value);
}

/** The text of a string parameter; undefined when it is absent or no string. */
export function paramString(param: TypedParam | undefined): string | undefined {
  return param?.type === 'string' ? param.value : undefined;
}

function checkRange(
  { field, value }: { readonly field: string; readonly value: number },
  min: number,
  max: number,
  path: string,
): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Fault(
      'invalid',
      `${path}.${field} is ${value}, not a whole number from ${min} to ${max}`,
    );
  return value;
}

function tooBig(path: string, { field }: TypedParam): Fault {
  return new Fault('invalid', `${path}.${field} does not fit into 64 bits`);
}

/** `path` and `name` are put together where something is wrong alone: a list of statistics has a hundred thousand texts. */
function writeText(
  writer: XdrWriter,
  value: string,
  maxBytes: number,
  path: string,
  name: string,
): void {
  if (value.length <= maxBytes && writer.shortText(value)) return;
  const length = Buffer.byteLength(value, 'utf8');
  const place = `${path}.${name}`;
  if (length > maxBytes)
    throw new Fault('too-large', `${place} has ${length} of at most ${maxBytes} bytes`);
  if (value.includes('\0')) throw new Fault('invalid', `${place} has a NUL byte inside a string`);
  writer.string(value, length);
}

function readText(reader: XdrReader, maxBytes: number, path: string): string {
  const value = reader.string(maxBytes);
  if (value.includes('\0')) throw new Fault('invalid', `${path} has a NUL byte inside a string`);
  return value;
}
