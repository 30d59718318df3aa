import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault, miB } from '#lib';
import { ForgetfulDevice } from './block-device.ts';
import { BufferDevice } from './testing/devices.ts';

test('a device that forgets reads what was written to it, leaves what is below, and has a bound', async () => {
  const below = new BufferDevice(Buffer.alloc(100 * miB + 512, 1));
  const device = new ForgetfulDevice(below);
  await device.write(Buffer.alloc(130 * 1024, 2), 512);
  await device.write(Buffer.alloc(512, 3), 100 * miB);
  await device.zero(65_536, 70_000 - (70_000 % 512));
  const read = Buffer.alloc(132 * 1024);
  await device.read(read, 0);
  const expected = Buffer.alloc(read.length, 1).fill(2, 512, 512 + 130 * 1024);
  expected.fill(0, 65_536, 65_536 + 70_000 - (70_000 % 512));
  assert.ok(read.equals(expected));
  await device.read(read.subarray(0, 512), 100 * miB);
  assert.equal(read[0], 3);
  assert.ok(below.content.every((byte) => byte === 1));
  const large = device.write(Buffer.alloc(70 * miB), 0);
  await assert.rejects(large, (error) => isFault(error, 'exhausted'));
});

test('two that write to one block at once both find what they wrote', async () => {
  const device = new ForgetfulDevice(new BufferDevice(Buffer.alloc(1 * miB)));
  await Promise.all([
    device.write(Buffer.alloc(512, 1), 0),
    device.write(Buffer.alloc(512, 2), 512),
  ]);
  const read = Buffer.alloc(1024);
  await device.read(read, 0);
  assert.deepEqual(read, Buffer.concat([Buffer.alloc(512, 1), Buffer.alloc(512, 2)]));
});
