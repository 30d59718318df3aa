import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUuid, nameProblem } from '#api';
import { machineId } from '#foreign';
import { fittingName } from './identity.ts';

const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f';

test('a vm is host and UUID: the same on both makes the same id, another of either another one', () => {
  const id = machineId('host-1', uuid);
  assert.ok(isUuid(id));
  assert.equal(machineId('host-1', uuid), id);
  assert.notEqual(machineId('host-2', uuid), id);
  assert.notEqual(machineId('host-1', uuid.replace('6', '7')), id);
});

test('a name that fits stays; of any other one is made that fits', () => {
  assert.equal(fittingName('web-1', uuid), 'web-1');
  assert.equal(fittingName('.hidden/x', uuid), '_hidden_x');
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'grapheme' }), (name) => {
      assert.equal(nameProblem(fittingName(name, uuid)), undefined);
    }),
  );
});
