import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topFolderId } from '#api';
import { miB } from '#lib';
import type { Caller } from '../context.ts';
import { createInventory } from '../inventory/memory-inventory.ts';
import { holdClock } from '../inventory/testing/clock.ts';
import { folderData, hostData, idOf, vmData, Writer } from '../inventory/testing/documents.ts';
import { findVmTroubles } from './vm-troubles.ts';

const limited = (name: string, warnBytes: number | null): ReturnType<typeof vmData> => {
  const data = vmData(name);
  const { settings } = data.definition;
  const diskSpace = { warnBytes, warnPercent: null };
  return { ...data, definition: { ...data.definition, settings: { ...settings, diskSpace } } };
};

function make(
  vms: Readonly<Record<string, number | null>>,
  usedBytes: number,
  hidden?: string,
): readonly string[] {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  writer.put('folder', topFolderId, folderData('/', null));
  writer.put('host', idOf('h1'), hostData('h1'));
  inventory.setConnection(idOf('h1'), { connected: true, reason: null, lastSeenAt: null });
  for (const [name, warnBytes] of Object.entries(vms))
    writer.put('vm', idOf(name), limited(name, warnBytes));
  const spaces = Object.keys(vms).map((name) => [idOf(name), usedBytes] as const);
  inventory.setDiskSpaces(idOf('h1'), new Map(spaces));
  const may: Caller['may'] = (_, on) =>
    hidden === undefined || on.kind !== 'vm' || on.id !== idOf(hidden);
  return findVmTroubles(inventory, { may }).map(
    ({ evidence, remedy }) => `${evidence}; ${remedy ?? ''}`,
  );
}

test('a vm whose files take up more than its limit is found, with what it takes up and where to look', () => {
  assert.deepEqual(make({ web: 2 * miB, db: 3 * miB, any: null }, 3 * miB), [
    'the files of vm web take up 3 MiB: its limit is 2 MiB; see what takes it up: gantry vm files web',
  ]);
});

test('of a vm that the caller may not see nothing is told', () => {
  assert.equal(make({ web: miB, db: miB }, 2 * miB).length, 2);
  const found = make({ web: miB, db: miB }, 2 * miB, 'web');
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', /^the files of vm db /);
});

test('of very many the first are named and the others counted', () => {
  const vms = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`vm-${at}`, 1]));
  const found = make(vms, miB);
  assert.equal(found.length, 21);
  assert.match(found.at(-1) ?? '', /^the files of 10 more vms take up more than their limits/);
});
