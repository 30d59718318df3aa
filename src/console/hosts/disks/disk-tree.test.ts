import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostDisk } from '#api';
import { arrangeDisks, unusedBytes } from './disk-tree.ts';

const disk = (path: string, parentPath: string | null, orphan: HostDisk['orphan'] = null) =>
  ({ path, parentPath, orphan, fileBytes: 10 }) as HostDisk;
const shown = (disks: readonly HostDisk[]): readonly string[] =>
  arrangeDisks(disks).map((row) => `${'-'.repeat(row.depth)}${row.disk.path}`);

test('children come right after their parents, and a parent that is not there is no reason to be left out', () => {
  const disks = [
    disk('/v/top', '/v/middle'),
    disk('/v/other', '/v/base'),
    disk('/v/alone', null),
    disk('/v/lost', '/gone/base'),
    disk('/v/middle', '/v/base'),
    disk('/v/base', null),
  ];
  assert.deepEqual(shown(disks), [
    '/v/alone',
    '/v/base',
    '-/v/middle',
    '--/v/top',
    '-/v/other',
    '/v/lost',
  ]);
});

test('disks that name each other as parents are listed all the same, once', () => {
  assert.deepEqual(shown([disk('/a', '/b'), disk('/b', '/a')]), ['/a', '-/b']);
});

test('the space of what no vm has is added up', () => {
  assert.equal(unusedBytes([disk('/a', null, 'unused'), disk('/b', null)]), 10);
});
