/** What libvirt's drivers cannot do, as clients are told it. Those of which none is here are held against what their sources say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ability } from '#api';
import { missingWith } from './abilities.ts';

const judged = [
  'pause',
  'save',
  'reset',
  'acpi-shutdown',
  'screen',
  'serial',
  'screenshot',
  'keyboard',
  'snapshot',
  'configure',
  'disk-hotplug',
  'create',
  'migrate',
] as const satisfies Ability[];

/** By the name that each driver gives itself, what it can do. */
const able: Readonly<Record<string, readonly (typeof judged)[number][]>> = {
  QEMU: judged,
  Xen: ['pause', 'save', 'acpi-shutdown', 'screen', 'serial', 'configure', 'disk-hotplug'],
  BHYVE: ['screen', 'serial', 'configure'],
  LXC: ['pause', 'serial', 'configure', 'disk-hotplug'],
  CH: ['pause', 'acpi-shutdown', 'serial', 'configure'],
  VBOX: ['pause', 'screenshot', 'keyboard', 'snapshot'],
  ESX: ['pause', 'screen', 'screenshot', 'snapshot'],
  'Hyper-V': ['pause', 'save', 'reset', 'screenshot', 'keyboard'],
};

for (const [type, can] of Object.entries(able))
  test(`FED-07 what libvirt's driver for ${type} cannot do is missing with the reason, and nothing else is`, () => {
    const missing = missingWith(type);
    const told = judged.filter((ability) => missing[ability] === undefined);
    assert.deepEqual(told, can);
    for (const ability of judged.filter((one) => !can.includes(one)))
      assert.match(missing[ability] ?? '', new RegExp(`^libvirt's driver for ${type} carries no `));
  });

test('of a driver that nobody has described only what all have is taken for granted', () => {
  const missing = missingWith('Other');
  assert.deepEqual(
    judged.filter((ability) => missing[ability] === undefined),
    ['pause', 'save', 'reset', 'acpi-shutdown'],
  );
});
