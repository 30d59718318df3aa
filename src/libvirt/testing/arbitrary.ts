/** Test material: arbitrary values of any shape. */
import fc from 'fast-check';
import type { Shape } from '../wire/shape.ts';
import { unreachable } from '#lib';

/** Values of the shape, small enough that whole tables can be tried. */
export function arbitraryOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'int':
      return fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
    case 'uint':
      return fc.integer({ min: 0, max: 0xffff_ffff });
    case 'u8':
      return fc.integer({ min: 0, max: 0xff });
    case 'u16':
      return fc.integer({ min: 0, max: 0xffff });
    case 'double':
      return fc.double({ noNaN: true });
    case 'hyper':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'uhyper':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'string':
      return arbitraryText(40);
    case 'text':
      return arbitraryText(5).filter((text) => Buffer.byteLength(text) < shape.maxLength);
    case 'uuid':
      return fc.uuid();
    case 'bytes':
      return fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    case 'chars':
      return fc
        .uint8Array({ maxLength: Math.min(40, shape.maxLength) })
        .map((bytes) => Buffer.from(bytes));
    case 'optional':
      return fc.option(arbitraryOf(shape.of), { nil: null });
    case 'list':
      return fc.array(arbitraryOf(shape.of), { maxLength: Math.min(3, shape.maxLength) });
    case 'struct':
      return fc.record(
        Object.fromEntries(
          Object.entries(shape.fields).map(([name, field]) => [name, arbitraryOf(field)]),
        ),
        { noNullPrototype: true },
      );
    case 'typed-param':
      return arbitraryParam;
    default:
      return unreachable(shape);
  }
}

function arbitraryText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ maxLength, unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''));
}

const arbitraryParam = fc.oneof(
  param('int', fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })),
  param('uint', fc.integer({ min: 0, max: 0xffff_ffff })),
  param('hyper', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  param('uhyper', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  param('double', fc.double({ noNaN: true })),
  param('bool', fc.boolean()),
  param('string', arbitraryText(20)),
);

function param(type: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.record(
    { field: arbitraryText(8), type: fc.constant(type), value },
    { noNullPrototype: true },
  );
}
