import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInRoles } from '#api';
import { roleNameLanguages } from './role-words.ts';

test('every built-in role has a name and a meaning in German of its own, and no other has', () => {
  const { en, de } = roleNameLanguages;
  assert.deepEqual(Object.keys(de).toSorted(), Object.keys(en).toSorted());
  for (const [name, { meaning }] of Object.entries(builtInRoles)) {
    assert.equal(en[name], name);
    assert.notEqual(de[`${name}.meaning`], meaning);
    assert.notEqual(de[name], name);
  }
});
