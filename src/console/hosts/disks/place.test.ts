import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elsewhere, isOfSnapshot, parseInnerPlace, wholeDisk } from './place.ts';

test('the inside of a disk is found by a host and a file, or by a vm, a snapshot and a disk of it', () => {
  const disk = parseInnerPlace({ host: 'ada', file: '/srv/a.qcow2', partition: '1', path: '/etc' });
  assert.deepEqual(disk, { host: 'ada', file: '/srv/a.qcow2', partition: 1, path: '/etc' });
  assert.equal(isOfSnapshot(disk), false);
  const old = parseInnerPlace({ vm: 'web', snapshot: 'monday', disk: 'virtio0:0', path: 7 });
  assert.deepEqual(old, { vm: 'web', snapshot: 'monday', disk: 'virtio0:0' });
  assert.equal(isOfSnapshot(old), true);
});

test('another folder and all partitions are of the same disk', () => {
  const old = { vm: 'web', snapshot: 'monday', disk: 'virtio0:0' };
  const etc = elsewhere(old, 1, '/etc');
  assert.deepEqual(etc, { ...old, partition: 1, path: '/etc' });
  assert.deepEqual(wholeDisk(etc), old);
});

test('what is not understood in an address is left out', () => {
  assert.deepEqual(parseInnerPlace({ vm: 'web', partition: 'x', path: '' }), {
    host: '',
    file: '',
  });
  assert.deepEqual(parseInnerPlace({ host: 'ada', file: 'a', partition: 1000 }), {
    host: 'ada',
    file: 'a',
  });
});
