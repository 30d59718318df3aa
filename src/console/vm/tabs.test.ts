import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionFields, fieldAt } from './settings/fields.ts';
import { tabSettings } from './tabs.ts';

test('every setting of the contract is on one tab', () => {
  const shown = Object.values(tabSettings).flat();
  for (const path of shown) assert.ok(fieldAt(path), path);
  assert.equal(new Set(shown).size, shown.length);
  for (const [name, field] of Object.entries(definitionFields)) {
    if (shown.includes(name)) continue;
    assert.ok(field.kind === 'group', `${name} is on no tab`);
    for (const inner of Object.keys(field.fields))
      assert.ok(shown.includes(`${name}/${inner}`), `${name}/${inner} is on no tab`);
  }
});
