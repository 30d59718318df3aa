import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '#api';
import { drawTree, type Line } from './snapshot-tree.ts';

function snapshot(name: string, parent: string | null, present: 'present' | 'past'): Snapshot {
  return {
    id: name,
    name,
    description: '',
    author: null,
    takenAt: '2026-01-01T00:00:00.000Z',
    parent,
    present: present === 'present',
    sizeBytes: 0,
    takenWhile: 'off',
    memoryBytes: null,
    quiesced: false,
  };
}

/** `a b [c, now]`: a line of a and b, from which two go on. */
function write({ nodes, branches }: Line): string {
  const line = nodes.map((node) => (node.kind === 'present' ? 'now' : node.snapshot.name));
  return [...line, ...(branches.length > 0 ? [`[${branches.map(write).join(', ')}]`] : [])].join(
    ' ',
  );
}

const draw = (snapshots: readonly Snapshot[]): readonly string[] => drawTree(snapshots).map(write);

test('what was taken one after another is one line, with the present at its end', () => {
  assert.deepEqual(
    draw([snapshot('a', null, 'past'), snapshot('b', 'a', 'past'), snapshot('c', 'b', 'present')]),
    ['a b c now'],
  );
});

test('lines part where several things go on from a snapshot, the present among them', () => {
  assert.deepEqual(
    draw([
      snapshot('a', null, 'past'),
      snapshot('b', 'a', 'present'),
      snapshot('c', 'b', 'past'),
      snapshot('d', 'c', 'past'),
      snapshot('e', 'a', 'past'),
    ]),
    ['a [b [c d, now], e]'],
  );
});

test('without snapshots there is the present, and what a missing snapshot led to begins a line', () => {
  assert.deepEqual(draw([]), ['now']);
  assert.deepEqual(draw([snapshot('b', 'gone', 'past')]), ['b', 'now']);
});

test('as many snapshots one after another as may be make one line', () => {
  const chain = Array.from({ length: 256 }, (_one, index) =>
    snapshot(`s${index}`, index === 0 ? null : `s${index - 1}`, index === 255 ? 'present' : 'past'),
  );
  const [line, ...more] = drawTree(chain);
  assert.equal(line?.nodes.length, 257);
  assert.deepEqual(more, []);
});
