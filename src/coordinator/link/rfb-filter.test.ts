import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filterViewer } from './rfb-filter.ts';

const version = Buffer.from('RFB 003.008\n');
const none = Buffer.from([1]);
const init = Buffer.from([0]);
const updateRequest = Buffer.from([3, 1, 0, 0, 0, 0, 2, 0, 1, 0]);
const setPixelFormat = Buffer.concat([Buffer.from([0]), Buffer.alloc(19, 7)]);
const setEncodings = Buffer.from([2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1]);
const key = Buffer.from([4, 1, 0, 0, 0, 0, 0, 65]);
const pointer = Buffer.from([5, 1, 0, 10, 0, 10]);
const cutText = Buffer.from([6, 0, 0, 0, 0, 0, 0, 2, 104, 105]);
const extendedCutText = Buffer.from([6, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 1, 2, 3, 4]);
const qemuKey = Buffer.from([255, 0, 0, 1, 0, 0, 0, 65, 0, 0, 0, 30]);
const qemuAudioOn = Buffer.from([255, 1, 0, 0]);
const qemuAudioFormat = Buffer.from([255, 1, 0, 2, 1, 2, 0, 0, 0xbb, 0x80]);
const setDesktopSize = Buffer.concat([Buffer.from([251, 0, 4, 0, 3, 0, 1, 0]), Buffer.alloc(16)]);
const fence = Buffer.from([248, 0, 0, 0, 0, 0, 0, 1, 2, 9, 9]);
const continuous = Buffer.from([150, 1, 0, 0, 0, 0, 2, 0, 1, 0]);
const xvp = Buffer.from([250, 0, 1, 2]);

const handshake = [version, none, init];
const allowed = [updateRequest, setPixelFormat, setEncodings, fence, continuous];
const forbidden = [
  key,
  pointer,
  cutText,
  extendedCutText,
  qemuKey,
  qemuAudioOn,
  qemuAudioFormat,
  setDesktopSize,
  xvp,
];

/** What passes when the bytes come in pieces of these lengths. */
function pass(bytes: Buffer, cuts: readonly number[] = []): Buffer {
  const { filter } = filterViewer(() => false);
  const passed: Buffer[] = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const piece = bytes.subarray(at, Math.min(bytes.length, at + cut));
    at += piece.length;
    const out = piece.length === 0 ? undefined : filter(piece);
    if (out !== undefined) passed.push(out);
  }
  return Buffer.concat(passed);
}

const shared = Buffer.concat([version, none, Buffer.from([1])]);

test('the handshake passes, and the session is made shared whatever the client wants', () => {
  assert.deepEqual(pass(Buffer.concat(handshake)), shared);
});

test('in version 3.3 the server chooses the security, so no choice is waited for', () => {
  const old = Buffer.from('RFB 003.003\n');
  assert.deepEqual(
    pass(Buffer.concat([old, init, updateRequest])),
    Buffer.concat([old, Buffer.from([1]), updateRequest]),
  );
});

test('VNC authentication passes with its 16 bytes', () => {
  const response = Buffer.alloc(16, 3);
  assert.deepEqual(
    pass(Buffer.concat([version, Buffer.from([2]), response, init, key, updateRequest])),
    Buffer.concat([version, Buffer.from([2]), response, Buffer.from([1]), updateRequest]),
  );
});

test('what asks for pictures passes; keys, pointer, clipboard and the rest do not, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: allowed.length + forbidden.length - 1 }), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
      (choice, cuts) => {
        const messages = [...allowed, ...forbidden];
        const sent = choice.map((index) => messages[index] ?? updateRequest);
        const expected = sent.filter((message) => allowed.includes(message));
        assert.deepEqual(
          pass(Buffer.concat([...handshake, ...sent]), cuts),
          Buffer.concat([shared, ...expected]),
        );
      },
    ),
  );
});

test('an unknown message, another protocol and an endless message end the session', () => {
  assert.throws(() => pass(Buffer.concat([...handshake, Buffer.from([77])])), /77/);
  assert.throws(() => pass(Buffer.from('GET / HTTP/1.1\r\n')), /RFB/);
  assert.throws(() => pass(Buffer.concat([version, Buffer.from([19])])), /19/);
  const endless = Buffer.from([6, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
  assert.throws(() => pass(Buffer.concat([...handshake, endless])), /too large/);
});

test('whatever is sent, nothing is passed on but the handshake and what asks for pictures', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      const { filter } = filterViewer(() => false);
      filter(Buffer.concat(handshake));
      let passed: Buffer | undefined;
      try {
        passed = filter(Buffer.from(noise));
      } catch {
        return;
      }
      if (passed === undefined) return;
      assert.ok([0, 2, 3, 150, 248].includes(passed[0] ?? -1));
    }),
  );
});

test('RCON-22 keys and buttons pass while it has control, and what it holds down is let go with it', () => {
  let hasControl = true;
  const { filter, release } = filterViewer(() => hasControl);
  for (const part of handshake) filter(part);
  const up = Buffer.from([4, 0, 0, 0, 0, 0, 0, 66]);
  for (const message of [key, qemuKey, pointer, Buffer.from([4, 1, 0, 0, 0, 0, 0, 66]), up])
    assert.deepEqual(filter(message), message);
  hasControl = false;
  assert.equal(filter(key), undefined);
  assert.deepEqual(
    release(),
    Buffer.concat([
      Buffer.from([4, 0, 0, 0, 0, 0, 0, 65]),
      Buffer.from([255, 0, 0, 0, 0, 0, 0, 65, 0, 0, 0, 30]),
      Buffer.from([5, 0, 0, 10, 0, 10]),
    ]),
  );
  assert.equal(release().length, 0);
});
