import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPatchSchema, installationPatchSchema } from './installation.ts';

void test('a change of one setting says nothing about the others', () => {
  assert.deepEqual(installationPatchSchema.parse({ sessionHours: 5 }), { sessionHours: 5 });
  assert.deepEqual(hostPatchSchema.parse({ settings: { thumbnails: false } }), {
    settings: { thumbnails: false },
  });
  assert.throws(() => installationPatchSchema.parse({ sessionHours: 0 }));
  assert.throws(() => installationPatchSchema.parse({ unknown: 1 }));
});
