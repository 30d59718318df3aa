import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveInTree, type TreeLine } from './node.ts';

const line = (key: string, depth: number, open?: boolean): TreeLine => ({
  key,
  depth,
  label: key,
  thing: undefined,
  sign: undefined,
  open,
  to: '/',
});
const lines = [
  line('hosts', 0, true),
  line('h1', 1, false),
  line('h2', 1),
  line('images', 0, false),
];

test('up and down go through what is seen, and stop at the ends', () => {
  assert.deepEqual(moveInTree(lines, 0, 'ArrowDown'), { kind: 'focus', index: 1 });
  assert.deepEqual(moveInTree(lines, 0, 'ArrowUp'), undefined);
  assert.deepEqual(moveInTree(lines, 0, 'End'), { kind: 'focus', index: 3 });
  assert.deepEqual(moveInTree(lines, 3, 'ArrowDown'), undefined);
});

test('right unfolds, then goes in; left folds, then goes out', () => {
  assert.deepEqual(moveInTree(lines, 1, 'ArrowRight'), { kind: 'toggle', key: 'h1' });
  assert.deepEqual(moveInTree(lines, 0, 'ArrowRight'), { kind: 'focus', index: 1 });
  assert.deepEqual(moveInTree(lines, 2, 'ArrowRight'), undefined);
  assert.deepEqual(moveInTree(lines, 0, 'ArrowLeft'), { kind: 'toggle', key: 'hosts' });
  assert.deepEqual(moveInTree(lines, 2, 'ArrowLeft'), { kind: 'focus', index: 0 });
});
