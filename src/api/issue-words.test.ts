import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { wordIssue } from './issue-words.ts';

const schema = z.strictObject({
  name: z.string().max(3),
  count: z.number().int().min(1).max(1024),
  share: z.number().gt(0),
  mode: z.enum(['off', 'on']),
  tags: z.array(z.string()).max(1),
  subnet: z.cidrv4(),
  address: z.ipv6(),
});
const right = {
  name: 'a',
  count: 1,
  share: 0.5,
  mode: 'on',
  tags: [],
  subnet: '10.0.0.0/8',
  address: '::1',
};

function told(change: object): readonly string[] {
  const parsed = schema.safeParse({ ...right, ...change }, { error: wordIssue });
  return parsed.error?.issues.map(({ message }) => message) ?? [];
}

void test('what is wrong with a value is told in plain words', () => {
  assert.deepEqual(told({}), []);
  assert.deepEqual(told({ name: undefined }), ['is missing']);
  assert.deepEqual(told({ name: 5 }), ['must be text, not a number']);
  assert.deepEqual(told({ name: 'long' }), ['must be at most 3 characters']);
  assert.deepEqual(told({ count: 1.5 }), ['must be a whole number, not a fraction']);
  assert.deepEqual(told({ count: 0 }), ['must be at least 1']);
  assert.deepEqual(told({ count: 1025 }), ['must be at most 1024']);
  assert.deepEqual(told({ count: '1' }), ['must be a number, not text']);
  assert.deepEqual(told({ count: Infinity }), ['must be a number, not one beyond all bounds']);
  assert.deepEqual(told({ share: 0 }), ['must be more than 0']);
  assert.deepEqual(told({ mode: 'maybe' }), ['must be one of: off, on']);
  assert.deepEqual(told({ tags: ['a', 'b'] }), ['must be at most 1 entry']);
  assert.deepEqual(told({ tags: null }), ['must be a list, not null']);
  assert.deepEqual(told({ subnet: '10.0.0.0/33' }), ['is not a subnet of IPv4, 10.80.0.0/24']);
  assert.deepEqual(told({ address: '10.0.0.1' }), ['is not an address of IPv6, fd00:80::9']);
  assert.deepEqual(told({ nonsense: 1, other: 2 }), ['there is no "nonsense", "other" here']);
});
