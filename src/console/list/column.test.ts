import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWords, findLanguage } from '../i18n/words.ts';
import { columnOf } from './column.ts';

const words = createWords(await findLanguage('en').read());
interface Thing {
  readonly sizeBytes: number | null;
}
const column = columnOf<Thing>();

test('one description gives header, text, export and order, and no value is n/a', () => {
  const size = column({
    key: 'size',
    field: 'sizeBytes',
    width: 7,
    raw: (thing) => thing.sizeBytes,
    say: (value, words) => words.bytes(value),
  });
  assert.deepEqual([size.title, size.field, size.first], ['size', 'sizeBytes', true]);
  assert.equal(size.text({ sizeBytes: 2048 }, words), '2 KiB');
  assert.equal(size.text({ sizeBytes: null }, words), 'n/a');
  assert.equal(size.raw({ sizeBytes: 2048 }), 2048);
});

test('without words of its own a value is said as it is, and a hidden column is not there at first', () => {
  const plain = column({ key: 'x', title: 'size', width: 1, hidden: true, raw: () => 0 });
  assert.equal(plain.text({ sizeBytes: 1 }, words), '0');
  assert.equal(plain.first, false);
});
