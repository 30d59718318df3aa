import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listQuery } from './lists.ts';

void test('a limit that is no count is refused, and does not look like an empty list', () => {
  for (const limit of [0, -5, 1.5, 1e300])
    assert.throws(() => listQuery({ limit }), { code: 'invalid' }, String(limit));
  assert.equal(listQuery({ limit: 1 }).query['limit'], 1);
  assert.equal(listQuery({ limit: 10_000 }).query['limit'], 500);
  assert.equal(listQuery({}).limit, undefined);
});
