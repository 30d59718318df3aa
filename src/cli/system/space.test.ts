import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSpace, judgeSpace } from './space.ts';

const bsize = 4096;
const judge = (freeMiB: number) =>
  judgeSpace('/srv/lab', { bavail: freeMiB * 256, bsize, blocks: 256 * 4096 });

void test('status tells of a volume that is full, and of one that is nearly', () => {
  assert.deepEqual(judge(0), {
    check: 'disk space',
    result: 'error',
    evidence: '0 B of 4 GiB are free at /srv/lab: changes are refused',
    remedy: 'make room on that volume',
  });
  assert.deepEqual(
    [15, 16, 1023, 1024].map((freeMiB) => judge(freeMiB).result),
    ['error', 'warning', 'warning', 'ok'],
  );
});

void test('the room under a folder is looked at where there is one', () => {
  assert.equal(findSpace('/proc')?.check, 'disk space');
  assert.equal(findSpace('/nowhere/at/all'), undefined);
});
