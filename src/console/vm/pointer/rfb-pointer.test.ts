import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addEncoding, buttonMask, isPointerEvent, moveEvent, wheelMask } from './rfb-pointer.ts';

test('an encoding is added to the list of encodings and to nothing else', () => {
  const two = Uint8Array.of(2, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7);
  assert.deepEqual(
    [...addEncoding(two, -257)],
    [2, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0xfe, 0xff],
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (message) => {
      const isList =
        message[0] === 2 && message.length === 4 + 4 * (message[3] ?? 0) + 1024 * (message[2] ?? 0);
      assert.equal(addEncoding(message, -257).length, message.length + (isList ? 4 : 0));
    }),
  );
});

test('movement is told from the middle, and never further than two bytes reach', () => {
  assert.deepEqual([...moveEvent(1, 3, -2)], [5, 1, 0x80, 0x02, 0x7f, 0xfd]);
  assert.deepEqual([...moveEvent(0, 1e6, -1e6)], [5, 0, 0xff, 0xfe, 0, 0]);
  assert.ok(isPointerEvent(moveEvent(0, 0, 0)));
  assert.ok(!isPointerEvent(Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0)));
});

test('the buttons of a mouse have the order of RFB: left, middle, right', () => {
  assert.deepEqual([0, 1, 2, 4, 7].map(buttonMask), [0, 1, 4, 2, 7]);
  assert.deepEqual([wheelMask(-100), wheelMask(100)], [8, 16]);
});
