import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldAt, firstValue, firstVariant, leastValue } from './fields.ts';

test("a new member of a list starts with the contract's defaults", () => {
  const scripts = fieldAt('settings/scripts');
  assert.ok(scripts?.kind === 'list');
  assert.deepEqual(firstValue(scripts.item), {
    event: 'vm.state.powered-on',
    file: '',
    arguments: [],
    timeoutSeconds: 60,
  });
});

test('a variant that is chosen starts with the defaults of its kind', () => {
  const attachment = fieldAt('hardware/adapters/attachment');
  assert.ok(attachment?.kind === 'variant');
  assert.deepEqual(firstVariant(attachment.variants, 'user'), {
    kind: 'user',
    restrict: false,
    forwards: [],
    bootFile: null,
  });
});

test('what is null by default stays null until it is set, and then starts as a whole', () => {
  const floppy = fieldAt('hardware/floppy');
  assert.ok(floppy !== undefined);
  assert.equal(firstValue(floppy), null);
  assert.deepEqual(leastValue(floppy), { medium: null, readOnly: false });
});
