import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageKinds } from './recipes.ts';
import { missingPackages, requiredPackages } from './requirements.ts';

test('each needed package has its reason, and each kind of image its packages', () => {
  for (const { reason, shownBy } of requiredPackages()) {
    assert.match(reason, /^[a-z].{10,}$/);
    assert.ok(shownBy.length > 0);
  }
  for (const kind of imageKinds) assert.ok(requiredPackages(kind).length > 0, kind);
  assert.deepEqual(
    requiredPackages('starter-floppy').map((entry) => entry.package),
    ['mtools'],
  );
});

test('a program that is not there makes its package missing', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    // The standard folders are looked through as well.
    assert.deepEqual(await missingPackages('starter-floppy'), []);
  } finally {
    process.env['PATH'] = path;
  }
});
