import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffSettings, writeValue } from './settings.ts';

test('EVT-22 a save without a change tells nothing, one of several settings tells each', () => {
  const before = { name: 'a', settings: { start: { order: 1, delaySeconds: 0 } } };
  assert.deepEqual(diffSettings(before, structuredClone(before)), []);
  assert.deepEqual(
    diffSettings(before, { name: 'a', settings: { start: { order: 2, delaySeconds: 5 } } }),
    [
      { path: 'settings/start/order', oldValue: 1, newValue: 2 },
      { path: 'settings/start/delay_seconds', oldValue: 0, newValue: 5 },
    ],
  );
});

test('paths have the form hardware/bios/chassis/asset_tag', () => {
  const bios = (assetTag: string | null): unknown => ({
    hardware: { bios: { chassis: { assetTag } } },
  });
  assert.deepEqual(diffSettings(bios(null), bios('0544')), [
    { path: 'hardware/bios/chassis/asset_tag', oldValue: null, newValue: '0544' },
  ]);
});

test('members of a list are named by what identifies them, so that one in front changes no other', () => {
  const disk = (position: number, file: string): unknown => ({
    bus: 'scsi',
    controller: 0,
    position,
    file,
  });
  const changes = diffSettings(
    { hardware: { disks: [disk(1, 'b')] } },
    { hardware: { disks: [disk(0, 'a'), disk(1, 'b')] } },
  );
  assert.ok(changes.length > 0);
  assert.ok(changes.every(({ path }) => path.startsWith('hardware/disks/scsi0:0/')));
  assert.deepEqual(
    changes.find(({ path }) => path.endsWith('/file')),
    { path: 'hardware/disks/scsi0:0/file', oldValue: null, newValue: 'a' },
  );
});

test('what is taken away is told as no value', () => {
  const changes = diffSettings(
    { adapters: [{ slot: 3, mac: '52:00:00:00:00:01' }] },
    { adapters: [] },
  );
  assert.deepEqual(changes, [
    { path: 'adapters/3/slot', oldValue: 3, newValue: null },
    { path: 'adapters/3/mac', oldValue: '52:00:00:00:00:01', newValue: null },
  ]);
});

test('lists of plain values are one setting', () => {
  assert.deepEqual(diffSettings({ tags: ['a'] }, { tags: ['a', 'b'] }), [
    { path: 'tags', oldValue: 'a', newValue: 'a, b' },
  ]);
});

test('EVT-23 secrets are told as changed without their values', () => {
  assert.deepEqual(diffSettings({ mail: { password: 'old' } }, { mail: { password: 'new' } }), [
    { path: 'mail/password', oldValue: '(hidden)', newValue: '(hidden)' },
  ]);
  assert.deepEqual(diffSettings({ mail: { password: null } }, { mail: { password: 'new' } }), [
    { path: 'mail/password', oldValue: null, newValue: '(hidden)' },
  ]);
});

test('EVT-16 an unset value is written (no value), truth values as true and false', () => {
  assert.equal(writeValue(null), '(no value)');
  assert.equal(writeValue(''), '(no value)');
  assert.equal(writeValue(true), 'true');
  assert.equal(writeValue(false), 'false');
  assert.equal(writeValue(0), '0');
});
