import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmDefinitionSchema } from './definition.ts';
import { findField, readFields } from './fields.ts';
import { identitySettings, sectionOf, settingSections, settingsOf } from './setting-groups.ts';

test('every setting of the contract is in one place', () => {
  const fields = readFields(vmDefinitionSchema);
  const placed = [...identitySettings, ...settingSections.flatMap(settingsOf)];
  for (const path of placed) assert.ok(findField(path.split('/'), fields), path);
  assert.equal(new Set(placed).size, placed.length);
  for (const [name, field] of Object.entries(fields)) {
    if (placed.includes(name)) continue;
    assert.ok(field.kind === 'group', `${name} is in no group`);
    for (const inner of Object.keys(field.fields))
      assert.ok(placed.includes(`${name}/${inner}`), `${name}/${inner} is in no group`);
  }
});

test('a setting is found in its group by the whole path, and no path in one that begins alike', () => {
  assert.equal(sectionOf('hardware/memory/sizeBytes'), 'memory');
  assert.equal(sectionOf('settings/start/order'), 'host-actions');
  assert.equal(sectionOf('hardware/machine'), 'hardware');
  assert.equal(sectionOf('hardware/machineX'), undefined);
  assert.equal(sectionOf('name'), undefined);
});
