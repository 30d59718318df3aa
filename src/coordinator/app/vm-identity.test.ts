import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema } from '#api';
import { identify, makeSerialNumber } from './vm-identity.ts';

const definition = vmDefinitionSchema.parse({
  id: '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f',
  name: 'web-1',
  hardware: profiles.modern.hardware,
});

/** Bytes 0, 1, 2 and so on. */
function counting(): (count: number) => Uint8Array {
  let next = 0;
  return (count) => Uint8Array.from({ length: count }, () => next++ % 256);
}

test('HW-31 EVT-21 a serial number has the form 4-4-4-4-4-4-2 decimal digits', () => {
  for (let run = 0; run < 100; run += 1)
    assert.match(makeSerialNumber(), /^\d{4}-\d{4}-\d{4}-\d{4}-\d{4}-\d{4}-\d{2}$/);
  assert.equal(makeSerialNumber(counting()), '0123-4567-8901-2345-6789-0123-45');
});

test('every digit is as likely as another: bytes beyond 249 are left out', () => {
  const bytes = [255, 250, 7];
  const random = (): Uint8Array => Uint8Array.of(bytes.shift() ?? 3);
  assert.match(makeSerialNumber(random), /^7333-/);
});

test('HW-31 the first start gives asset tag, chassis and board the same number', () => {
  const { bios } = identify(definition, counting()).hardware;
  const number = '0123-4567-8901-2345-6789-0123-45';
  assert.deepEqual(bios, {
    chassis: { assetTag: number, serialNumber: number },
    baseBoard: { serialNumber: number },
  });
});

test('an identity stays: whole it is not touched, in part it is completed', () => {
  const whole = identify(definition);
  assert.equal(identify(whole), whole);
  const { hardware } = definition;
  const chassis = { assetTag: 'MINE', serialNumber: null };
  const part = { ...definition, hardware: { ...hardware, bios: { ...hardware.bios, chassis } } };
  assert.deepEqual(identify(part).hardware.bios, {
    chassis: { assetTag: 'MINE', serialNumber: 'MINE' },
    baseBoard: { serialNumber: 'MINE' },
  });
});
