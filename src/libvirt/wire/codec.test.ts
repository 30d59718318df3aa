import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeFault, isFault } from '#lib';
import { messages, procedures } from '../procedures/table.ts';
import { compileAny, decodeWhole, leastBytes } from './codec.ts';
import {
  bytes,
  chars,
  fixedText,
  int,
  list,
  optional,
  params,
  string,
  struct,
  text,
  u8,
  uhyper,
  uint,
  uuid,
  type Shape,
} from './shape.ts';
import { arbitraryOf } from '../testing/arbitrary.ts';
import { XdrWriter } from './xdr.ts';

const maxBytes = 1024 * 1024;

function encode(shape: Shape, value: unknown): Buffer {
  const writer = new XdrWriter(0, maxBytes);
  compileAny(shape, 'value').write(writer, value);
  return Buffer.from(writer.finish());
}

function decode(shape: Shape, wire: Buffer): unknown {
  return decodeWhole(compileAny(shape, 'value'), wire, 'value');
}

const everyShape: readonly (readonly [name: string, shape: Shape])[] = [
  ...Object.entries(procedures).flatMap(([name, entry]): [string, Shape][] => [
    [`${name}.args`, struct(entry.args)],
    [`${name}.ret`, struct(entry.ret)],
  ]),
  ...Object.entries(messages).map(([name, entry]): [string, Shape] => [name, struct(entry.fields)]),
];

void test('every shape of the table reads back what it wrote', () => {
  assert.ok(everyShape.length === 850, `${everyShape.length} shapes`);
  for (const [name, shape] of everyShape) {
    fc.assert(
      fc.property(arbitraryOf(shape), (value) => {
        const wire = encode(shape, value);
        assert.equal(wire.length % 4, 0);
        assert.ok(wire.length >= leastBytes(shape), `${name} can be shorter than its least`);
        assert.deepEqual(decode(shape, wire), value);
      }),
      { numRuns: 5 },
    );
  }
});

void test('every shape refuses its own bytes cut short, and bytes left over', () => {
  for (const [, shape] of everyShape) {
    const [value] = fc.sample(arbitraryOf(shape), { numRuns: 1, seed: 7 });
    const wire = encode(shape, value);
    for (let end = 0; end < wire.length; end += 4) {
      assert.throws(() => decode(shape, wire.subarray(0, end)), isRefusal);
    }
    assert.throws(() => decode(shape, Buffer.concat([wire, Buffer.alloc(4)])), isRefusal);
  }
});

void test('random bytes are read or refused with a fault, and never anything else', () => {
  const shapes = everyShape.map(([, shape]) => shape);
  fc.assert(
    fc.property(fc.constantFrom(...shapes), fc.uint8Array({ maxLength: 256 }), (shape, wire) => {
      try {
        decode(shape, Buffer.from(wire));
      } catch (error) {
        assert.ok(isRefusal(error), String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

void test('a length is refused before anything is allocated for it', () => {
  const hostile = Buffer.alloc(64, 0xff);
  const before = process.memoryUsage().arrayBuffers;
  for (const shape of [string, bytes, chars(65_536), text(4097), list(uint), params(2048)]) {
    assert.throws(() => decode(shape, hostile), isRefusal);
  }
  const five = Buffer.alloc(24, 1).fill(Buffer.from([0, 0, 0, 5]), 0, 4);
  assert.throws(
    () => decode(list(uint, 4), five),
    (error) => isFault(error) && isFault(error.cause, 'too-large'),
  );
  // Within its bound but beyond the message: refused as a whole, not at the first element missing.
  const claimed = Buffer.from([0, 0, 0x40, 0, 0, 0, 0, 0]);
  assert.throws(
    () => decode(list(list(list(uhyper))), claimed),
    (error) => isFault(error, 'invalid') && /65536 bytes wanted/.test(describeFault(error)),
  );
  assert.ok(process.memoryUsage().arrayBuffers - before < maxBytes);
});

void test('the bytes are those of RFC 4506, and libvirt spreads chars over words', () => {
  const hex = (shape: Shape, value: unknown): string => encode(shape, value).toString('hex');
  assert.equal(hex(int, -2), 'fffffffe');
  assert.equal(hex(uhyper, 2n ** 64n - 1n), 'ffffffffffffffff');
  assert.equal(hex(string, 'abcde'), '000000056162636465000000');
  assert.equal(hex(optional(string), null), '00000000');
  assert.equal(hex(optional(uint), 7), '0000000100000007');
  assert.equal(
    hex(uuid, '6695EB01-F6A4-8304-79AA-97F2502E193F'),
    '6695eb01f6a4830479aa97f2502e193f',
  );
  assert.equal(hex(chars(4), Buffer.from([1, 0x80])), '0000000200000001ffffff80');
  assert.equal(hex(text(8), 'ab'), '00000003000000610000006200000000');
  assert.equal(hex(fixedText(2), 'a'), '0000006100000000');
  const param = { field: 'a', type: 'bool', value: true };
  assert.equal(hex(params(1), [param]), '0000000100000001610000000000000600000001');
});

void test('what the wire cannot carry is refused when it is written, by path', () => {
  const refused = (shape: Shape, value: unknown, code: 'invalid' | 'too-large'): void => {
    assert.throws(
      () => encode(struct({ inner: shape }), { inner: value }),
      (error) => isFault(error, code) && error.message.includes('value.inner'),
    );
  };
  refused(int, 2 ** 31, 'invalid');
  refused(uint, -1, 'invalid');
  refused(u8, 256, 'invalid');
  refused(uint, 1.5, 'invalid');
  refused(uhyper, -1n, 'invalid');
  refused(uhyper, 2n ** 64n, 'invalid');
  refused(uuid, 'not a uuid', 'invalid');
  refused(string, 'a\0b', 'invalid');
  refused(string, 'x'.repeat(4 * 1024 * 1024 + 1), 'too-large');
  refused(list(uint, 2), [1, 2, 3], 'too-large');
  refused(params(1), [{ field: 'f'.repeat(80), type: 'int', value: 1 }], 'too-large');
});

void test('a NUL inside a string is refused when it is read', () => {
  assert.throws(() => decode(string, Buffer.from('0000000361006200', 'hex')), isRefusal);
});

void test('what may be absent is there by any number but 0, as libvirt itself reads it', () => {
  for (const there of ['00000001', '01000000', 'ffffffff'])
    assert.equal(decode(optional(uint), Buffer.from(`${there}00000007`, 'hex')), 7);
  assert.equal(decode(optional(uint), Buffer.from('00000000', 'hex')), null);
});

function isRefusal(error: unknown): boolean {
  return isFault(error, 'invalid') || isFault(error, 'too-large');
}
