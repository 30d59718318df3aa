import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findConflicts, mergeChanges, writePatch } from './merge.ts';

const base = {
  name: 'web-1',
  memory: { sizeBytes: 512, maxBytes: null },
  disks: [{ bus: 'sata', controller: 0, position: 1, cache: 'none' }],
  medium: { kind: 'image', image: 'a' },
};

test('changes of two people to different settings come together without a question', () => {
  const mine = { ...base, memory: { ...base.memory, sizeBytes: 1024 } };
  const theirs = { ...base, name: 'web-2' };
  assert.deepEqual(findConflicts(base, mine, theirs), []);
  assert.deepEqual(mergeChanges(base, mine, theirs, 'theirs'), { ...mine, name: 'web-2' });
});

test('the same setting changed to different values is a conflict, and is decided', () => {
  const mine = { ...base, name: 'mine' };
  const theirs = { ...base, name: 'theirs' };
  assert.deepEqual(findConflicts(base, mine, theirs), [
    { path: 'name', base: 'web-1', mine: 'mine', theirs: 'theirs' },
  ]);
  assert.deepEqual(mergeChanges(base, mine, theirs, 'mine'), mine);
  assert.deepEqual(mergeChanges(base, mine, theirs, 'theirs'), theirs);
});

test('a disk that somebody adds and a disk that is edited are both there', () => {
  const [first] = base.disks;
  const added = { bus: 'sata', controller: 0, position: 0, cache: 'none' };
  const merged = mergeChanges(
    base,
    { ...base, disks: [{ ...first, cache: 'unsafe' }] },
    { ...base, disks: [added, first] },
    'theirs',
  );
  assert.deepEqual(merged, { ...base, disks: [added, { ...first, cache: 'unsafe' }] });
});

test('a patch has what changed and nothing else, and one kind replaces another whole', () => {
  assert.deepEqual(writePatch(base, { ...base, name: 'x' }), { name: 'x' });
  assert.deepEqual(writePatch(base, { ...base, memory: { sizeBytes: 1, maxBytes: null } }), {
    memory: { sizeBytes: 1 },
  });
  assert.deepEqual(writePatch(base, { ...base, medium: { kind: 'file', file: 'b' } }), {
    medium: { image: null, kind: 'file', file: 'b' },
  });
  assert.deepEqual(writePatch(base, { ...base, medium: null }), { medium: null });
});
