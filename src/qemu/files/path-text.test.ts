import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { bytesOfPath, textOfName } from './path-text.ts';

test('every name has a text that gives it back and has no control characters', () => {
  const names = fc.uint8Array({ maxLength: 255 }).filter((bytes) => !bytes.includes(0));
  fc.assert(
    fc.property(names, (bytes) => {
      const text = textOfName(Buffer.from(bytes));
      assert.doesNotMatch(text, /\p{Cc}/u);
      assert.deepEqual(bytesOfPath(text), Buffer.from(bytes));
    }),
  );
});

test('what is text stays as it is', () => {
  assert.equal(textOfName(Buffer.from('Zoë 文書.txt')), 'Zoë 文書.txt');
  assert.equal(textOfName(Buffer.from('a\\b\n')), 'a\\\\b\\x0a');
  assert.equal(textOfName(Buffer.of(0xc3)), '\\xc3');
});

test('a path that no name has is refused', () => {
  for (const text of ['a\\b', '\\x0', '\\', 'a\0b', '\\x00'])
    assert.throws(
      () => bytesOfPath(text),
      (error) => isFault(error, 'invalid'),
    );
  assert.throws(
    () => bytesOfPath('x'.repeat(5000)),
    (error) => isFault(error, 'too-large'),
  );
});
