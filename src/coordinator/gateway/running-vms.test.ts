/** What the gateway itself remembers of vms that run: their numbers and their counters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topFolderId, type Vm } from '#api';
import { createInventory, type MemoryInventory } from '../inventory/memory-inventory.ts';
import { holdClock, type HeldClock } from '../inventory/testing/clock.ts';
import {
  folderData,
  hostData,
  idOf,
  report,
  sample,
  vmData,
  Writer,
} from '../inventory/testing/documents.ts';
import { Counters } from './counters.ts';
import { DomainIds } from './domain-ids.ts';

const web = idOf('web');

function make(): { inventory: MemoryInventory; writer: Writer; clock: HeldClock } {
  const clock = holdClock();
  const inventory = createInventory({ clock });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('folder', topFolderId, folderData('/', null));
  for (const name of ['web', 'db']) {
    writer.put('vm', idOf(name), vmData(name));
    writer.put('status', idOf(name), { report: report(name) });
  }
  inventory.setConnection(idOf('h1'), { connected: true, reason: null, lastSeenAt: null });
  return { inventory, writer, clock };
}

function vm(inventory: MemoryInventory, name: string): Vm {
  const found = inventory.vm(idOf(name));
  assert.ok(found);
  return found;
}

test('a vm has one number while it runs, and another one when it runs again', () => {
  const { inventory, writer } = make();
  using ids = new DomainIds(inventory);
  const first = ids.of(vm(inventory, 'web'));
  assert.notEqual(ids.of(vm(inventory, 'db')), first);
  assert.equal(ids.of(vm(inventory, 'web')), first);
  assert.equal(ids.find(first), web);
  writer.put('status', web, { report: report('web', { state: 'off' }) });
  assert.equal(ids.of(vm(inventory, 'web')), -1);
  assert.equal(ids.find(first), undefined);
  writer.put('status', web, { report: report('web', { generation: 2 }) });
  assert.ok(ids.of(vm(inventory, 'web')) > first);
});

test('a vm that is deleted gives its number back', () => {
  const { inventory, writer } = make();
  using ids = new DomainIds(inventory);
  const id = ids.of(vm(inventory, 'web'));
  writer.drop('vm', web);
  assert.equal(ids.find(id), undefined);
});

test('counters grow with the rates that are told, never shrink, and begin anew', async () => {
  const { inventory, writer, clock } = make();
  using counters = new Counters(inventory, clock);
  const processors = vm(inventory, 'web').definition.hardware.processor.count;
  const seconds = (): number => counters.of(web).cpuNs / 1e9 / processors;
  assert.equal(seconds(), 0);
  inventory.setSample(sample('web', 50));
  await Promise.resolve();
  clock.seconds = 10;
  assert.equal(seconds(), 5);
  inventory.setSample(sample('web', 10));
  await Promise.resolve();
  assert.equal(seconds(), 5);
  clock.seconds = 20;
  assert.equal(seconds(), 6);
  clock.seconds = 3600;
  assert.equal(seconds(), 11, 'a rate holds for a minute');
  writer.put('status', web, { report: report('web', { state: 'paused' }) });
  clock.seconds = 3610;
  assert.equal(seconds(), 11);
  writer.put('status', web, { report: report('web', { state: 'off' }) });
  assert.equal(seconds(), 0);
});
