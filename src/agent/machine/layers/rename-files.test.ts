import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDisk } from '../../testing/qemu-agent.ts';
import { chainFrom, noLayers, type Layer, type Layers } from './layers.ts';
import { filesToMove, namesOf, renameFiles } from './rename-files.ts';

const seal = { sizeBytes: 1, modified: '1', head: '', mode: 0o600 };

function layer(file: string, parent: string | null, isSealed = true): Layer {
  return { file, format: 'qcow2', parent, seal: isSealed ? seal : null };
}

function withTop(top: string, files: readonly Layer[], more: Partial<Layers> = {}): Layers {
  return { ...noLayers, files: [...files], tops: [{ disk: 'data.qcow2', top }], ...more };
}

const disk = testDisk('data.qcow2');

void test('all files of a disk are named like its new place, once each, and what lies below it stays', () => {
  const layers = withTop('data-2.layer.qcow2', [
    layer('parent.qcow2', null),
    layer('data.qcow2', 'parent.qcow2'),
    layer('/old/data.layer.qcow2', 'data.qcow2'),
    layer('data.layer.qcow2', 'data.qcow2'),
    layer('data-2.layer.qcow2', 'data.layer.qcow2', false),
    layer('other.qcow2', null),
  ]);
  const moved = filesToMove(layers, disk, '/new/web.qcow2');
  assert.deepEqual(moved, {
    chain: [
      { from: 'data-2.layer.qcow2', to: '/new/web-2.layer.qcow2' },
      { from: 'data.layer.qcow2', to: '/new/web.layer.qcow2' },
      { from: 'data.qcow2', to: '/new/web.qcow2' },
    ],
    others: [{ from: '/old/data.layer.qcow2', to: '/new/web-3.layer.qcow2' }],
  });
  const after = renameFiles(layers, namesOf(moved));
  assert.deepEqual(after.tops, [{ disk: '/new/web.qcow2', top: '/new/web-2.layer.qcow2' }]);
  assert.deepEqual(
    chainFrom(after, '/new/web-2.layer.qcow2').map(({ file }) => file),
    ['/new/web-2.layer.qcow2', '/new/web.layer.qcow2', '/new/web.qcow2', 'parent.qcow2'],
  );
  assert.ok(after.files.some(({ file }) => file === 'other.qcow2'));
});

void test('no file gets a name that another one has, also of the same disk', () => {
  const layers = withTop('data.layer.qcow2', [
    layer('/far/data.qcow2', null),
    layer('/far/data.layer.qcow2', '/far/data.qcow2'),
    layer('data.layer.qcow2', '/far/data.layer.qcow2', false),
  ]);
  const far = { ...disk, file: '/far/data.qcow2' };
  const tops = [{ disk: far.file, top: 'data.layer.qcow2' }];
  const { chain } = filesToMove({ ...layers, tops }, far, 'data.qcow2');
  const names = chain.map(({ to }) => to);
  assert.equal(new Set(names).size, 3);
  assert.ok(!names.includes('data.layer.qcow2'), 'it is there already');
});

void test('a disk without layers is one file', () => {
  const { chain, others } = filesToMove(noLayers, disk, '/new/data.qcow2');
  assert.deepEqual([chain, others], [[{ from: 'data.qcow2', to: '/new/data.qcow2' }], []]);
});
