import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '#lib';
import { parseAssignments } from './assignments.ts';

void test('paths become nested members, values what YAML makes of them, sizes bytes', () => {
  assert.deepEqual(
    parseAssignments([
      'hardware.memory.sizeBytes=2G',
      'hardware.processor.count=4',
      'tags=[a, b]',
      'settings.runAs=null',
      'description=hello world',
      'description2=2G',
    ]),
    {
      hardware: { memory: { sizeBytes: 2 * 1024 ** 3 }, processor: { count: 4 } },
      tags: ['a', 'b'],
      settings: { runAs: null },
      description: 'hello world',
      description2: '2G',
    },
  );
});

void test('a word that is not PATH=VALUE is refused', () => {
  for (const word of ['memory', '=1', 'a..b=1', '__proto__.x=1', 'a.constructor=1']) {
    assert.throws(
      () => parseAssignments([word]),
      (error: unknown) => error instanceof Fault && error.code === 'invalid',
      word,
    );
  }
});

void test('no word reaches the prototype of objects', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (pairs) => {
      try {
        parseAssignments(pairs.map(([path, value]) => `${path}=${value}`));
      } catch (error) {
        assert.ok(error instanceof Fault);
      }
      assert.equal(Object.keys(Object.prototype).length, 0);
    }),
  );
});
