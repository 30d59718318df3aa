import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostSettingsSchema, type Host } from '#api';
import { miB } from '#lib';
import { findLowVolumes } from './host-troubles.ts';

const told = (freeBytes: number, lowSpace: object, more: Partial<Host> = {}): readonly string[] =>
  findLowVolumes({
    id: 'h1',
    name: 'h1',
    connection: null,
    settings: hostSettingsSchema.parse({ lowSpace }),
    load: {
      volumes: [{ path: '/srv', totalBytes: 1000 * miB, freeBytes }],
    } as unknown as Host['load'],
    ...more,
  }).map(({ result, evidence, remedy }) => `${result}: ${evidence}; ${remedy ?? ''}`);

test('a volume that fills up under vms is found at the thresholds of its host, with what happens next', () => {
  const rule = { warn: { percent: 20 }, pause: { bytes: 100 * miB } };
  assert.deepEqual(told(200 * miB, rule), []);
  assert.deepEqual(told(199 * miB, rule), [
    'warning: the volume /srv of host h1 has 199 MiB of 1000 MiB left: disks grow there; free space there: below 100 MiB vms are paused',
  ]);
  assert.deepEqual(told(99 * miB, rule), [
    'error: the volume /srv of host h1 has 99 MiB of 1000 MiB left: vms whose disks grow there are paused; free space there: they go on by themselves',
  ]);
  assert.match(told(99 * miB, { ...rule, resume: 'by-hand' }).join(), /, then resume them$/);
});

test('the rule of the volume goes before that of the host, and a host that others run has none', () => {
  const own = { path: '/srv', warn: { bytes: 0 }, pause: { bytes: 0 } };
  assert.deepEqual(told(1, { warn: { percent: 50 }, volumes: [own] }), []);
  const connection = {} as NonNullable<Host['connection']>;
  assert.deepEqual(told(1, { warn: { percent: 50 } }, { connection }), []);
});
