import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDefinition } from '../../testing/simulated-host.ts';
import { hashHardware, judgeSaved, type RestoreHost, type SavedFacts } from './saved-facts.ts';

const { hardware, id } = makeDefinition();
const facts: SavedFacts = {
  gantry: 'saved-state',
  format: 1,
  driver: 'qemu',
  vmId: id,
  qemuVersion: '7.2.0',
  machine: 'q35-7.2',
  acceleration: 'tcg',
  hardwareHash: hashHardware(hardware),
  guest: 'ran',
};
const host: RestoreHost = {
  vmId: id,
  hardware,
  qemuVersion: '8.0.0',
  machines: new Set(['q35-7.2', 'q35-8.0']),
  accelerations: new Set(['tcg']),
};
const codes = (some: SavedFacts | undefined): string[] =>
  judgeSaved(some, host).map(({ code }) => code);

test('a newer QEMU that still has the machine restores the state of an older one', () => {
  assert.deepEqual(codes(facts), []);
});

test('VM-77 what does not fit is refused, each reason with the remedy', () => {
  assert.deepEqual(codes(undefined), ['saved-state-unknown']);
  assert.deepEqual(codes({ ...facts, vmId: 'x' }), ['saved-state-other-vm']);
  assert.deepEqual(codes({ ...facts, hardwareHash: 'x' }), ['saved-state-hardware']);
  assert.deepEqual(codes({ ...facts, machine: 'q35-9.9' }), ['saved-state-version']);
  assert.deepEqual(codes({ ...facts, acceleration: 'kvm' }), ['saved-state-acceleration']);
  for (const { remedy } of judgeSaved(undefined, host)) assert.match(remedy ?? '', /discard/);
});

test('what a running machine may change leaves the hash, devices change it', () => {
  const order = { ...hardware, firmware: { ...hardware.firmware, bootOrder: [] } };
  assert.equal(hashHardware(order), facts.hardwareHash);
  const clock = { ...hardware, clock: { ...hardware.clock, offsetSeconds: 5 } };
  assert.equal(hashHardware(clock), facts.hardwareHash);
  assert.notEqual(hashHardware({ ...hardware, usb: '3' }), facts.hardwareHash);
  assert.notEqual(hashHardware({ ...hardware, disks: [], tpm: true }), facts.hardwareHash);
});
