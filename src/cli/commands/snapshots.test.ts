import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '#api';
import { orderTree } from './snapshots.ts';

const snapshot = (id: string, parent: string | null): Snapshot => ({
  id,
  name: id,
  description: '',
  author: null,
  takenAt: '2026-01-01T00:00:00.000Z',
  parent,
  present: false,
  sizeBytes: 0,
  takenWhile: 'off',
  memoryBytes: null,
  quiesced: false,
});

test('a tree is listed with every snapshot below the one that it was taken after', () => {
  const all = [
    snapshot('a', null),
    snapshot('b', 'a'),
    snapshot('c', null),
    snapshot('d', 'a'),
    snapshot('e', 'b'),
  ];
  assert.deepEqual(
    orderTree(all).map(({ name, depth }) => `${depth} ${name}`),
    ['0 a', '1 b', '2 e', '1 d', '0 c'],
  );
});
