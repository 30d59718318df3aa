import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hostSettingsSchema } from '#api';
import { readHostFile } from './host-file.ts';

test('a host file of the first version is read, with what was added since at its default', async () => {
  const file = await readHostFile(fileURLToPath(new URL('golden/host-1.json', import.meta.url)));
  assert.equal(file?.hostName, 'first');
  assert.deepEqual(file.settings, hostSettingsSchema.parse({}));
});
