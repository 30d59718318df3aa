import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotSchema, type Snapshot } from '#api';
import { idOf } from '../inventory/testing/documents.ts';
import { fitsFlags, snapshotsBelow } from './snapshots.ts';

function snapshot(name: string, parent: string | null, more: Partial<Snapshot> = {}): Snapshot {
  return snapshotSchema.parse({
    id: idOf(name),
    name,
    description: '',
    author: null,
    takenAt: '2026-01-01T00:00:00.000Z',
    parent: parent && idOf(parent),
    present: false,
    sizeBytes: 0,
    ...more,
  });
}

const tree = [
  snapshot('root', null),
  snapshot('left', 'root', { takenWhile: 'running', memoryBytes: 1 }),
  snapshot('right', 'root', { takenWhile: 'paused' }),
  snapshot('leaf', 'left', { takenWhile: 'running' }),
];

void test('those below a snapshot come each before those below it', () => {
  const below = (name: string): readonly string[] =>
    snapshotsBelow(tree, idOf(name)).map((one) => one.name);
  assert.deepEqual(below('root'), ['left', 'leaf', 'right']);
  assert.deepEqual(below('right'), []);
});

void test('a host that tells of a circle keeps nobody busy', () => {
  const circle = [snapshot('one', 'two'), snapshot('two', 'one'), snapshot('self', 'self')];
  assert.deepEqual(
    ['one', 'self'].map((name) => snapshotsBelow(circle, idOf(name)).map((one) => one.name)),
    [['two'], []],
  );
});

void test('of each group of flags any will do, and all groups must', () => {
  const fitting = (flags: number): string =>
    tree
      .filter((one) => fitsFlags(one, tree, flags))
      .map((one) => one.name)
      .join(' ');
  const cases: readonly (readonly [flags: number, names: string])[] = [
    [0, 'root left right leaf'],
    [2, 'root left right leaf'],
    [16, ''],
    [2 + 16, 'root left right leaf'],
    [4, 'right leaf'],
    [8, 'root left'],
    [32, 'root'],
    [64, 'left'],
    [128, 'right leaf'],
    [8 + 64 + 128, 'left'],
    [512, ''],
  ];
  for (const [flags, names] of cases) assert.equal(fitting(flags), names, String(flags));
});
