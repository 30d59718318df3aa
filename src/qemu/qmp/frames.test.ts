import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { LineSplitter } from './frames.ts';

void test('lines come out whole, however the stream is cut', () => {
  const line = fc
    .string({ unit: 'binary' })
    .map((text) => text.replaceAll('\n', ' ').toWellFormed());
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (lines, cuts) => {
        const stream = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const splitter = new LineSplitter(1024);
        const out: string[] = [];
        let offset = 0;
        for (const cut of [...cuts, stream.length]) {
          out.push(...splitter.push(stream.subarray(offset, offset + cut)));
          offset += cut;
        }
        assert.deepEqual(out, lines);
      },
    ),
  );
});

void test('a line at the bound is taken, one beyond it is not', () => {
  const splitter = new LineSplitter(10);
  assert.deepEqual([...splitter.push(Buffer.from(`${'x'.repeat(10)}\n`))], ['x'.repeat(10)]);
  const push = (text: string): readonly string[] => [...splitter.push(Buffer.from(text))];
  assert.throws(
    () => push('x'.repeat(11)),
    (error) => isFault(error, 'too-large'),
  );
  assert.deepEqual(push('x'.repeat(6)), []);
  assert.throws(
    () => push('x'.repeat(5)),
    (error) => isFault(error, 'too-large'),
  );
});

void test('a line that comes byte by byte costs no more than its bound', () => {
  const splitter = new LineSplitter(1_000_000);
  const byte = Buffer.from('x');
  const before = process.memoryUsage().rss;
  for (let nth = 0; nth < 900_000; nth += 1) splitter.push(byte).next();
  assert.ok(process.memoryUsage().rss - before < 32 * 1024 * 1024);
  assert.equal([...splitter.push(Buffer.from('\n'))][0]?.length, 900_000);
});
