import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellFinding } from './finding-texts.ts';

test('a finding is told with its values, sizes as people read them, and keeps both for programs', () => {
  const values = { freeBytes: 1024 ** 3, totalBytes: 2 ** 41 };
  assert.deepEqual(tellFinding('memory-low', values), {
    code: 'memory-low',
    values,
    evidence: '1 GiB of 2 TiB available',
    remedy: 'stop vms or add memory',
  });
  assert.equal(tellFinding('memory-available', values).remedy, null);
});

test('what stands in a value is not taken for a place', () => {
  const told = tellFinding('audit-failing', { folder: '/srv/{folder}/$&' });
  assert.equal(told.remedy, 'make room and look at the owner of /srv/{folder}/$&');
});
