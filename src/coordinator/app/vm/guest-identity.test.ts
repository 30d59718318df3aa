import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema } from '#api';
import { guestOfClone, warnOfIdentity } from './guest-identity.ts';

const definition = vmDefinitionSchema.parse({
  id: randomUUID(),
  name: 'web-1',
  hardware: profiles.modern.hardware,
});

test('a clone is warned of unless its guest never ran or somebody said that it was generalised', () => {
  const warned = (guest: 'fresh' | undefined, generation: number, said?: 'generalised'): boolean =>
    warnOfIdentity({ definition, generation, ...(guest ? { guest } : {}) }, said).length > 0;
  assert.equal(warned('fresh', 0), false, 'made here and never started');
  assert.equal(warned('fresh', 1), true, 'started since');
  assert.equal(warned(undefined, 0), true, 'it came from elsewhere');
  assert.equal(warned(undefined, 3, 'generalised'), false);
  const [warning] = warnOfIdentity({ definition, generation: 1 }, undefined);
  assert.match(warning?.text ?? '', /web-1.*host name, machine id .*SSH host keys/);
  assert.match(warning?.remedy ?? '', /cloud-init clean.*sysprep.*--generalised/);
});

test('the clone of a clone is warned of as its source was', () => {
  assert.deepEqual(guestOfClone({ generation: 1, guest: 'fresh' }, undefined), {});
  assert.deepEqual(guestOfClone({ generation: 0, guest: 'fresh' }, undefined), { guest: 'fresh' });
  assert.deepEqual(guestOfClone({ generation: 1 }, 'generalised'), { guest: 'fresh' });
});
