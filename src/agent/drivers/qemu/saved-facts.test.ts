import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDisk } from '../../testing/qemu-agent.ts';
import { makeDefinition } from '../../testing/simulated-host.ts';
import {
  hashHardware,
  judgeSaved,
  neededOfProcessor,
  type RestoreHost,
  type SavedFacts,
} from './saved-facts.ts';

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
  processor: ['avx2', 'sse4_2'],
};
const host: RestoreHost = {
  vmId: id,
  hardware,
  qemuVersion: '8.0.0',
  machines: new Set(['q35-7.2', 'q35-8.0']),
  accelerations: new Set(['tcg']),
  processor: new Set(['avx2', 'sse4_2', 'aes']),
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
  const disk = testDisk('a.qcow2');
  const [limited, free] = [{ ...disk, limits: { reads: { perSecond: 9 } } }, disk].map((one) =>
    hashHardware({ ...hardware, disks: [one] }),
  );
  assert.equal(limited, free);
  assert.notEqual(free, facts.hardwareHash);
  assert.notEqual(hashHardware({ ...hardware, usb: '3' }), facts.hardwareHash);
  assert.notEqual(hashHardware({ ...hardware, disks: [], tpm: true }), facts.hardwareHash);
});

test('SNAP-22 memory of a guest that was shown the processor of its host comes back only where there are its features', () => {
  const [reason] = judgeSaved({ ...facts, processor: ['avx2', 'avx512f'] }, host);
  assert.equal(reason?.code, 'saved-state-processor');
  assert.match(reason.text, /lacks avx512f,/);
  const kvm = { ...hardware, processor: { ...hardware.processor, model: 'host' } };
  assert.ok(neededOfProcessor(kvm, 'kvm').length > 0);
  assert.deepEqual(neededOfProcessor(kvm, 'tcg'), []);
  assert.deepEqual(
    neededOfProcessor({ ...kvm, processor: { ...kvm.processor, model: 'Nehalem' } }, 'kvm'),
    [],
  );
});
