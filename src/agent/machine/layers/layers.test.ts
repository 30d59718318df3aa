import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskSchema } from '#api';
import { chainOf, changeTops, leftBy, noLayers, putOnTop, topOf, undoFiles } from './layers.ts';

const disk = diskSchema.parse({
  bus: 'virtio',
  position: 0,
  file: 'web.raw',
  format: 'raw',
  sizeBytes: 1024,
});
const seal = { sizeBytes: 1, modified: '1', head: 'a', mode: 0o640 };
const one = putOnTop(noLayers, [
  { disk, layer: 'web.undo.qcow2', on: { file: 'web.raw', format: 'raw' }, seal },
]);
const two = putOnTop(one, [
  { disk, layer: 'web-2.undo.qcow2', on: { file: 'web.undo.qcow2', format: 'qcow2' }, seal },
]);

test('a disk without layers is its own file', () => {
  assert.equal(topOf(noLayers, disk).file, 'web.raw');
  assert.deepEqual(
    chainOf(noLayers, disk).map(({ file, format }) => [file, format]),
    [['web.raw', 'raw']],
  );
});

test('DISK-18 DISK-19 layers lie on each other and are one disk; what something lies on is sealed', () => {
  assert.deepEqual(
    chainOf(two, disk).map(({ file, format }) => [file, format]),
    [
      ['web-2.undo.qcow2', 'qcow2'],
      ['web.undo.qcow2', 'qcow2'],
      ['web.raw', 'raw'],
    ],
  );
  assert.deepEqual(
    chainOf(two, disk).map((layer) => layer.seal !== null),
    [false, true, true],
  );
});

test('with the disk itself on top again nothing is left of its layers, and it is as writable as before', () => {
  const after = changeTops(two, [{ disk: 'web.raw', file: 'web.raw' }]);
  assert.deepEqual([after.files, after.tops], [[], []]);
  assert.deepEqual(
    new Set(leftBy(two, after)),
    new Set([
      { file: 'web.raw', mode: 0o640 },
      { file: 'web-2.undo.qcow2', mode: null },
      { file: 'web.undo.qcow2', mode: null },
    ]),
  );
});

test('with a layer on top again it has no seal, and what lies below keeps its own', () => {
  const after = changeTops(two, [{ disk: 'web.raw', file: 'web.undo.qcow2' }]);
  assert.deepEqual(
    chainOf(after, disk).map((layer) => [layer.file, layer.seal !== null]),
    [
      ['web.undo.qcow2', false],
      ['web.raw', true],
    ],
  );
});

test('undo disks are what lies above the files with which the session began', () => {
  const below = [{ disk: 'web.raw', file: 'web.undo.qcow2' }];
  const undo = { since: '2026-01-01T00:00:00.000Z', begun: false, sizeBytes: null, below };
  assert.deepEqual(undoFiles({ ...two, undo }), ['web-2.undo.qcow2']);
});
