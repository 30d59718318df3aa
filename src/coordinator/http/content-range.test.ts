import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRange, writeContentRange } from './content-range.ts';

const tag = '"a"';
const choose = (range: string | undefined, ifRange?: string, size = 100) =>
  chooseRange({ range, ifRange }, tag, size);

test('one range of bytes is a part, from either end, cut at the end of the content', () => {
  assert.deepEqual(choose('bytes=10-19'), { offset: 10, length: 10 });
  assert.deepEqual(choose('bytes=10-'), { offset: 10, length: 90 });
  assert.deepEqual(choose('Bytes= 99-500 '), { offset: 99, length: 1 });
  assert.deepEqual(choose('bytes=-30'), { offset: 70, length: 30 });
  assert.deepEqual(choose('bytes=-300'), { offset: 0, length: 100 });
  assert.equal(writeContentRange({ offset: 10, length: 10 }, 100), 'bytes 10-19/100');
});

test('a range behind the end is beyond it, and one that is not understood is left out', () => {
  for (const range of ['bytes=100-', 'bytes=200-300', 'bytes=-0'])
    assert.equal(choose(range), 'beyond', range);
  assert.equal(choose('bytes=0-', undefined, 0), 'beyond');
  assert.equal(writeContentRange('beyond', 100), 'bytes */100');
  for (const range of [
    undefined,
    '',
    'bytes=-',
    'bytes=5-2',
    'bytes=0-1,5-6',
    'lines=1-2',
    'bytes=a-b',
    `bytes=${'9'.repeat(16)}-`,
  ])
    assert.equal(choose(range), 'whole', String(range));
});

test('If-Range asks for the part of the content that was known, else for the whole of the new one', () => {
  assert.deepEqual(choose('bytes=10-19', tag), { offset: 10, length: 10 });
  assert.equal(choose('bytes=10-19', '"b"'), 'whole');
  assert.equal(choose('bytes=10-19', `W/${tag}`), 'whole');
});
