import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topFolderId } from '#api';
import { miB } from '#lib';
import { createInventory } from '../../inventory/memory-inventory.ts';
import { holdClock } from '../../inventory/testing/clock.ts';
import {
  folderData,
  hostData,
  idOf,
  report,
  sample,
  vmData,
  Writer,
} from '../../inventory/testing/documents.ts';
import type { MemoryInventory } from '../../inventory/memory-inventory.ts';
import { findVmTroubles } from './vm-troubles.ts';

const limited = (name: string, warnBytes: number | null): ReturnType<typeof vmData> => {
  const data = vmData(name);
  const { settings } = data.definition;
  const diskSpace = { warnBytes, warnPercent: null };
  return { ...data, definition: { ...data.definition, settings: { ...settings, diskSpace } } };
};

function make(vms: Readonly<Record<string, number | null>>): MemoryInventory {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  writer.put('folder', topFolderId, folderData('/', null));
  writer.put('host', idOf('h1'), hostData('h1'));
  inventory.setConnection(idOf('h1'), { connected: true, reason: null, lastSeenAt: null });
  for (const [name, warnBytes] of Object.entries(vms)) {
    writer.put('vm', idOf(name), limited(name, warnBytes));
    writer.put('status', idOf(name), { report: report(name) });
  }
  return inventory;
}

const told = (inventory: MemoryInventory): readonly string[] =>
  [...findVmTroubles(inventory)].map(({ evidence, remedy }) => `${evidence}; ${remedy ?? ''}`);

test('a vm whose files take up more than its limit is found, with what it takes up and where to look', () => {
  const inventory = make({ web: 2 * miB, db: 3 * miB, any: null });
  const spaces = ['web', 'db', 'any'].map((name) => [idOf(name), 3 * miB] as const);
  inventory.setDiskSpaces(idOf('h1'), new Map(spaces));
  assert.deepEqual(told(inventory), [
    'the files of vm web take up 3 MiB: its limit is 2 MiB; see what takes it up: gantry vm files web',
  ]);
});

test('guest additions that are older than those of the host are found while the vm has them', () => {
  const inventory = make({ web: null, db: null });
  const heard = sample('web', 1);
  inventory.setSample(sample('db', 1));
  inventory.setSample({ ...heard, additions: { ...heard.additions, state: 'outdated' } });
  assert.deepEqual(told(inventory), [
    'the guest additions of vm web (1) are older than those of its host (unknown); install those of the host: gantry vm update-additions web',
  ]);
  inventory.setSample(heard);
  assert.deepEqual(told(inventory), []);
});

test('a vm that neither its hypervisor nor an agent is known to have is found until one of them tells of it', () => {
  const inventory = make({ web: null, db: null });
  const writer = new Writer(inventory);
  const data = vmData('web');
  const { hardware } = data.definition;
  const lent = {
    hostId: idOf('h1'),
    uuid: idOf('web'),
    xml: '',
    startsWithHost: false,
    owners: [],
  };
  const unsettled = '2026-01-01T00:00:00.000Z';
  writer.put('vm', idOf('web'), {
    ...data,
    lent: { ...lent, theirs: hardware, ours: hardware, unsettled },
  });
  assert.deepEqual(told(inventory), []);
  writer.put('status', idOf('web'), { report: report('web', { state: 'unknown' }) });
  assert.match(told(inventory).join(), /^vm web was on its way.*gantry vm give-back web$/);
});
