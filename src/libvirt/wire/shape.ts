/**
 * Shapes: a description of XDR data (RFC 4506) as plain values. Codecs (codec.ts), TypeScript types
 * (`ValueOf`) and the property tests all derive from them, so that there is one description of the
 * wire. Shapes never refer to themselves: a value is never nested deeper than its shape is written.
 */

/** Longest string on libvirt's wire, in bytes. */
export const maxStringBytes = 4 * 1024 * 1024;
/** Most objects in one list: domains, networks, pools, snapshots. libvirtd fails beyond it. */
export const maxListLength = 16_384;

export interface NumberShape {
  readonly kind: 'int' | 'uint' | 'u8' | 'u16' | 'double';
}
export interface BigShape {
  readonly kind: 'hyper' | 'uhyper';
}
export interface StringShape {
  readonly kind: 'string';
  readonly maxBytes: number;
}
export interface UuidShape {
  readonly kind: 'uuid';
}
export interface BytesShape {
  readonly kind: 'bytes';
  readonly maxBytes: number;
}
/** Bytes of which each takes four on the wire, as `char x<>` does. */
export interface CharsShape {
  readonly kind: 'chars';
  readonly maxLength: number;
}
/** Text in a NUL-terminated array of such wide chars. `fixed` arrays carry no length. */
export interface TextShape {
  readonly kind: 'text';
  readonly maxLength: number;
  readonly form: 'fixed' | 'counted';
}
export interface OptionalShape<S extends Shape = Shape> {
  readonly kind: 'optional';
  readonly of: S;
}
export interface ListShape<S extends Shape = Shape> {
  readonly kind: 'list';
  readonly of: S;
  readonly maxLength: number;
}
export interface StructShape<F extends Fields = Fields> {
  readonly kind: 'struct';
  readonly fields: F;
}
export interface TypedParamShape {
  readonly kind: 'typed-param';
}
export type Shape =
  | NumberShape
  | BigShape
  | StringShape
  | UuidShape
  | BytesShape
  | CharsShape
  | TextShape
  | { readonly kind: 'optional'; readonly of: Shape }
  | { readonly kind: 'list'; readonly of: Shape; readonly maxLength: number }
  | { readonly kind: 'struct'; readonly fields: Fields }
  | TypedParamShape;

/** The members of a struct, in the order of the wire. */
export interface Fields {
  readonly [name: string]: Shape;
}

/** A named value whose type travels with it: the currency of statistics, tuning and migration. */
export type TypedParam =
  | {
      readonly field: string;
      readonly type: 'int' | 'uint' | 'double';
      readonly value: number;
    }
  | { readonly field: string; readonly type: 'hyper' | 'uhyper'; readonly value: bigint }
  | { readonly field: string; readonly type: 'bool'; readonly value: boolean }
  | { readonly field: string; readonly type: 'string'; readonly value: string };

/** The TypeScript type of the values of a shape. 64-bit integers are bigint, absent is null. */
export type ValueOf<S> = S extends { readonly kind: NumberShape['kind'] }
  ? number
  : S extends { readonly kind: 'hyper' | 'uhyper' }
    ? bigint
    : S extends { readonly kind: 'string' | 'uuid' | 'text' }
      ? string
      : S extends { readonly kind: 'bytes' | 'chars' }
        ? Uint8Array
        : S extends { readonly kind: 'optional'; readonly of: infer Inner }
          ? ValueOf<Inner> | null
          : S extends { readonly kind: 'list'; readonly of: infer Inner }
            ? readonly ValueOf<Inner>[]
            : S extends { readonly kind: 'struct'; readonly fields: infer F }
              ? ValuesOf<F>
              : S extends { readonly kind: 'typed-param' }
                ? TypedParam
                : never;
export type ValuesOf<F> = { readonly [K in keyof F]: ValueOf<F[K]> };

export const int = { kind: 'int' } as const;
export const uint = { kind: 'uint' } as const;
/** Eight bits of meaning in a 32-bit word. */
export const u8 = { kind: 'u8' } as const;
/** Sixteen bits of meaning in a 32-bit word. */
export const u16 = { kind: 'u16' } as const;
export const double = { kind: 'double' } as const;
export const hyper = { kind: 'hyper' } as const;
export const uhyper = { kind: 'uhyper' } as const;
export const string = { kind: 'string', maxBytes: maxStringBytes } as const;
/** Sixteen bytes on the wire; `8-4-4-4-12` lower-case hexadecimal in memory. */
export const uuid = { kind: 'uuid' } as const;
export const bytes = { kind: 'bytes', maxBytes: maxStringBytes } as const;
export const typedParam = { kind: 'typed-param' } as const;

export function optional<S extends Shape>(of: S): OptionalShape<S> {
  return { kind: 'optional', of };
}
export function list<S extends Shape>(of: S, maxLength: number = maxListLength): ListShape<S> {
  return { kind: 'list', of, maxLength };
}
export function struct<F extends Fields>(fields: F): StructShape<F> {
  return { kind: 'struct', fields };
}
export function chars(maxLength: number): CharsShape {
  return { kind: 'chars', maxLength };
}
export function text(maxLength: number): TextShape {
  return { kind: 'text', maxLength, form: 'counted' };
}
export function fixedText(length: number): TextShape {
  return { kind: 'text', maxLength: length, form: 'fixed' };
}
export const nullableString = optional(string);
export function params(maxLength: number): ListShape<TypedParamShape> {
  return list(typedParam, maxLength);
}
