import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { FrameSplitter } from './frame-splitter.ts';
import { encodeRawFrame, maxFrameBytes, programs, type Frame } from './frame.ts';

function frame(serial: number, payload: Uint8Array): Buffer {
  return encodeRawFrame(
    { program: programs.remote, version: 1, procedure: 1, type: 0, serial, status: 0 },
    payload,
  );
}

function takeAll(splitter: FrameSplitter): Frame[] {
  const out: Frame[] = [];
  for (let next = splitter.next(); next; next = splitter.next()) out.push(next);
  return out;
}

void test('frames come out whole and in order, however their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 30 }),
      (payloads, cuts) => {
        const wire = Buffer.concat(payloads.map((payload, serial) => frame(serial, payload)));
        const splitter = new FrameSplitter(maxFrameBytes);
        const out: Frame[] = [];
        for (let at = 0, cut = 0; at < wire.length; cut += 1) {
          const size = cuts[cut % cuts.length] ?? 1;
          splitter.push(Buffer.from(wire.subarray(at, at + size)));
          out.push(...takeAll(splitter));
          at += size;
        }
        assert.deepEqual(
          out.map(({ serial, payload }) => [serial, [...payload]]),
          payloads.map((payload, serial) => [serial, [...payload]]),
        );
        assert.equal(splitter.heldBytes, 0);
      },
    ),
  );
});

void test('every length outside the bounds is refused at once, up to 2^32 - 1', () => {
  for (const length of [0, 1, 27, maxFrameBytes + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    const splitter = new FrameSplitter(maxFrameBytes);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    splitter.push(head);
    assert.throws(
      () => splitter.next(),
      (error) => isFault(error, length < 28 ? 'invalid' : 'too-large'),
    );
  }
});

void test('a claimed length takes no memory, and bytes that trickle in take little', () => {
  const splitter = new FrameSplitter(maxFrameBytes);
  const whole = frame(1, Buffer.alloc(1024 * 1024));
  const before = process.memoryUsage();
  splitter.push(Buffer.from(whole.subarray(0, 32)));
  assert.equal(splitter.next(), undefined);
  assert.ok(process.memoryUsage().arrayBuffers - before.arrayBuffers < 64 * 1024);
  for (let at = 32; at < 200_000; at += 1) splitter.push(whole.subarray(at, at + 1));
  assert.ok(process.memoryUsage().arrayBuffers - before.arrayBuffers < 2 * 1024 * 1024);
  splitter.push(whole.subarray(200_000));
  assert.equal(splitter.next()?.payload.length, 1024 * 1024);
});

void test('a header with an unknown version, type or status is refused', () => {
  for (const at of [8, 16, 24]) {
    const splitter = new FrameSplitter(maxFrameBytes);
    const wire = frame(1, Buffer.alloc(0));
    wire.writeUInt32BE(9, at);
    splitter.push(wire);
    assert.throws(
      () => splitter.next(),
      (error) => isFault(error, 'invalid'),
    );
  }
});
