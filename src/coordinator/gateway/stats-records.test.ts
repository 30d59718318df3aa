import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topFolderId, type Vm } from '#api';
import type { DomainHandle } from '#libvirt';
import { createInventory, type MemoryInventory } from '../inventory/memory-inventory.ts';
import { holdClock } from '../inventory/testing/clock.ts';
import {
  folderData,
  hostData,
  idOf,
  report,
  sample,
  vmData,
  Writer,
} from '../inventory/testing/documents.ts';
import { counterFields, type Totals } from './counters.ts';
import { blockDevicesOf, type BlockDevice } from '../domain-xml/domain-devices.ts';
import { statsOf } from './domain-stats.ts';
import { countInto, StatsRecords, type CountedRecord } from './stats-records.ts';

const web = idOf('web');

function make(): { readonly inventory: MemoryInventory; readonly writer: Writer } {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('folder', topFolderId, folderData('/', null));
  writer.put('vm', web, vmData('web'));
  writer.put('status', web, { report: report('web') });
  inventory.setConnection(idOf('h1'), { connected: true, reason: null, lastSeenAt: null });
  inventory.setSample({ ...sample('web', 5), memoryBytes: 123 * 1024 });
  return { inventory, writer };
}

function totalsOf(scale: number): Totals {
  return {
    cpuNs: 7e12 * scale + 0.5,
    readBytes: 2 ** 40 * scale,
    writtenBytes: 2 * scale,
    reads: 3 * scale,
    writes: 4 * scale,
    receivedBytes: 5 * scale,
    sentBytes: 6 * scale,
  };
}

/** The bytes with the counters put in. */
function bytesOf(counted: CountedRecord, vm: Vm, totals: Totals): string {
  const { record } = counted;
  const bytes = Buffer.from(record.bytes, 'latin1');
  assert.equal(counted.counts.length, record.places.length);
  const counters = new Float64Array(record.places.length);
  const figures = {
    figure: (_: number, number: number) => totals[counterFields[number] ?? 'cpuNs'],
    memoryBytes: () => vm.status.memoryBytes ?? NaN,
  };
  countInto(counters, counted, figures, 0, 0);
  for (const [index, place] of record.places.entries())
    bytes.writeBigUInt64BE(BigInt(counters[index] ?? 0), place);
  return bytes.toString('hex');
}

/** What is sent, what it would be if nothing was kept, and whether it was written anew. */
function sent(
  records: StatsRecords,
  vm: Vm,
  totals: Totals,
  id = 7,
): { readonly kept: string; readonly anew: string; readonly made: boolean } {
  const dom: DomainHandle = { name: vm.name, uuid: vm.id, id };
  const devices = (): BlockDevice[] => blockDevicesOf(vm, () => '/i');
  let made = 0;
  const ask = (from: StatsRecords): string =>
    bytesOf(
      from.of(vm, 0, dom, () => {
        made += 1;
        return statsOf(vm, 0, { isActive: true, totals, stopReason: 0, blockDevices: devices });
      }),
      vm,
      totals,
    );
  const kept = ask(records);
  const anew = ask(new StatsRecords());
  return { kept, anew, made: made === 2 };
}

void test('statistics that are kept are, byte for byte, those that would be written anew', () => {
  const { inventory, writer } = make();
  const records = new StatsRecords();
  const look = (): Vm => {
    const vm = inventory.vm(web);
    assert.ok(vm);
    return vm;
  };
  const check = (made: boolean, totals: Totals, id?: number): void => {
    const told = sent(records, look(), totals, id);
    assert.deepEqual([told.kept === told.anew, told.made], [true, made]);
  };
  check(true, totalsOf(1));
  check(false, totalsOf(1));
  check(false, totalsOf(1000));
  inventory.setSample({ ...sample('web', 5), memoryBytes: 5 * 1024 ** 3 });
  check(false, totalsOf(1001));
  check(true, totalsOf(1001), 8);
  writer.put('status', web, { report: report('web', { state: 'paused' }) });
  check(true, totalsOf(1001), 8);
  const { definition } = look();
  const { hardware } = definition;
  const processor = { ...hardware.processor, count: hardware.processor.count + 1 };
  writer.put(
    'vm',
    web,
    vmData('web', { definition: { ...definition, hardware: { ...hardware, processor } } }),
  );
  check(true, totalsOf(1002), 8);
  check(false, totalsOf(1003), 8);
});

void test('what is the same for many vms is kept once', () => {
  const { inventory, writer } = make();
  writer.put('vm', idOf('ldap'), vmData('ldap'));
  writer.put('status', idOf('ldap'), { report: report('ldap') });
  inventory.setSample({ ...sample('ldap', 5), memoryBytes: 1024 });
  const records = new StatsRecords();
  const [one, other] = ['web', 'ldap'].map((name) => {
    const vm = inventory.vm(idOf(name));
    assert.ok(vm);
    return records.of(vm, 0, { name, uuid: vm.id, id: 1 }, () =>
      statsOf(vm, 0, {
        isActive: true,
        totals: totalsOf(1),
        stopReason: 0,
        blockDevices: () => blockDevicesOf(vm, () => '/i'),
      }),
    );
  });
  assert.notEqual(one?.record.bytes, other?.record.bytes);
  assert.equal(one?.counts, other?.counts);
  assert.equal(one?.record.places, other?.record.places);
});
