import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hypervisorClasses } from '#api';
import { classOfHypervisor } from './hypervisor-classes.ts';

void test('hypervisors have the class that they have by how they are built, whatever older lists say of them', () => {
  const classes = (...names: readonly string[]): readonly string[] => [
    ...new Set(names.map((name) => classOfHypervisor(name, 'none'))),
  ];
  assert.deepEqual(classes('ESX', 'Xen', 'Hyper-V'), ['bare-metal']);
  assert.equal(classOfHypervisor('QEMU', 'kvm'), 'kernel-resident');
  assert.deepEqual(classes('KVM', 'BHYVE', 'CH', 'vz'), ['kernel-resident']);
  assert.deepEqual(classes('Virtual Server', 'VMware Workstation', 'VMware', 'VBOX', 'GSX'), [
    'hosted',
  ]);
  assert.deepEqual(classes('LXC', 'OPENVZ', 'Containers'), ['os-level']);
  assert.deepEqual(classes('QEMU', 'TEST', 'simulated', 'Wind River Simics'), ['emulator']);
  assert.deepEqual(classes('something else'), ['hosted']);
  assert.deepEqual(hypervisorClasses, [
    'bare-metal',
    'kernel-resident',
    'hosted',
    'os-level',
    'emulator',
  ]);
});
