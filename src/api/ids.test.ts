import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { idSchema, isUuid, maxNameBytes, nameProblem, nameSchema, referenceSchema } from './ids.ts';

const good = [
  'web-1',
  'Büro 3',
  'Ünïcödé',
  'データベース',
  'a',
  'x'.repeat(100),
  'v1.2_final (3)',
  '🙂',
];
for (const name of good)
  test(`a name: ${name.slice(0, 20)}`, () => {
    assert.equal(nameProblem(name), undefined);
  });

const bad: readonly (readonly [string, string])[] = [
  ['', 'nothing'],
  ['x'.repeat(101), '101 bytes'],
  ['x'.repeat(10_000), '10,000 letters'],
  ['é'.repeat(51), '102 bytes in 51 letters'],
  ['a/b', 'a slash'],
  ['a\\b', 'a backslash'],
  ['..', 'the folder above'],
  ['.hidden', 'a dot in front'],
  ['-rf', 'a hyphen in front'],
  [' a', 'a space in front'],
  ['a ', 'a space behind'],
  ['a\nb', 'a new line'],
  ['a\u0000', 'a zero byte'],
  ['a\u001b[31m', 'an escape sequence'],
  ['a\u0085', 'a C1 control character'],
  ['a\u200bb', 'a zero-width space'],
  ['a\u202eb', 'a right-to-left override'],
  ['a\u2028b', 'a line separator'],
  ['a\ufeff', 'a byte order mark'],
  ['a\u00adb', 'a soft hyphen'],
  ['\ud800', 'half of a surrogate pair'],
  ['e\u0301', 'not the composed form'],
  ['3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f', 'an id'],
  ['3F8A2C5E-9B1D-4E7A-8C6F-2D4B6A8E0C1F', 'an id in capitals'],
];
for (const [name, what] of bad)
  test(`no name: ${what}`, () => {
    assert.equal(typeof nameProblem(name), 'string');
    assert.equal(nameSchema.safeParse(name).success, false);
  });

test('whatever is a name can be a file name: one part of a path, at most 100 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (name) => {
      if (nameProblem(name) !== undefined) return;
      assert.ok(Buffer.byteLength(name) <= maxNameBytes);
      assert.ok(!name.includes('/') && !name.includes('\0') && name !== '.' && name !== '..');
      assert.ok(referenceSchema.safeParse(name).success);
      assert.ok(!isUuid(name));
    }),
    { numRuns: 2000 },
  );
});

test('an id is a UUID in lower case', () => {
  assert.ok(idSchema.safeParse('3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f').success);
  assert.ok(!idSchema.safeParse('3F8A2C5E-9B1D-4E7A-8C6F-2D4B6A8E0C1F').success);
  assert.ok(!idSchema.safeParse('3f8a2c5e9b1d4e7a8c6f2d4b6a8e0c1f').success);
});
