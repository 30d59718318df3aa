/** One process of the inventory's bench: fills a store, or opens it and measures. */
import { memoryUsage } from 'node:process';
import { formatBytes, systemClock } from '#lib';
import { silentLog } from '#log';
import { followStore } from '../../src/coordinator/inventory/follow.ts';
import { createInventory } from '../../src/coordinator/inventory/memory-inventory.ts';
import type { PlainQuery } from '../../src/coordinator/inventory/inventory.ts';
import { openSqliteStore } from '../../src/coordinator/store/sqlite/sqlite-store.ts';
import type { Write } from '../../src/coordinator/store/store.ts';
import { percentile, timeRuns, type Times } from '../measure.ts';
import { makeFleet, sampleOf } from './fleet.ts';

const [, , step, file = '', count = '0'] = process.argv;
const vms = Number(count);
const fleet = makeFleet(vms);

async function fill(): Promise<void> {
  await using store = await openSqliteStore({ file, clock: systemClock, log: silentLog });
  let writes: Write[] = [];
  for (const write of fleet.writes) {
    writes.push(write);
    if (writes.length < 2000) continue;
    await store.commit({ writes });
    writes = [];
  }
  await store.commit({ writes });
  await store.prune({ changesBelow: await store.head() });
}

async function measure(): Promise<readonly (readonly [string, string])[]> {
  const rows: [string, string][] = [];
  const ms = ({ wall, processor }: Times, share: number): string =>
    `${percentile(wall, share).toFixed(2)} ms (${percentile(processor, share).toFixed(2)})`;
  const before = performance.now();
  const processorBefore = process.threadCpuUsage();
  await using store = await openSqliteStore({ file, clock: systemClock, log: silentLog });
  const inventory = createInventory({ clock: systemClock });
  await using follower = await followStore(store, inventory, silentLog);
  const { user, system } = process.threadCpuUsage(processorBefore);
  const wallMs = (performance.now() - before).toFixed(0);
  rows.push(['opened and loaded', `${wallMs} ms (${((user + system) / 1000).toFixed(0)})`]);
  rows.push(['resident after loading', formatBytes(memoryUsage.rss())]);
  for (const hostId of fleet.hostIds)
    inventory.setConnection(hostId, { connected: true, reason: null, lastSeenAt: null });
  for (let vm = 0; vm < vms; vm += 1) inventory.setSample(sampleOf(vm));

  const queries: readonly (readonly [string, PlainQuery])[] = [
    ['page by name', { limit: 100 }],
    [
      'page filtered and sorted',
      { filter: 'state = running AND name : web', sort: '-createdAt,name', limit: 100 },
    ],
    [
      'page sorted by processor use',
      { filter: 'state = running', sort: '-status.cpuPercent', limit: 100 },
    ],
    ['page by running time', { sort: '-status.runningSeconds', limit: 100 }],
  ];
  for (const [label, query] of queries) {
    const first = timeRuns(1, () => inventory.list('vm', query, undefined));
    rows.push([`${label}: first time`, ms(first, 0)]);
    // Between two pages ten vms get a new sample and one a new definition.
    const times = timeRuns(200, (index) => inventory.list('vm', query, undefined) && touch(index));
    rows.push([`${label}: p50`, ms(times, 0.5)], [`${label}: p99`, ms(times, 0.99)]);
  }
  const fresh = timeRuns(100, (index) =>
    inventory.list('vm', { filter: `name : b-${index}`, sort: 'name', limit: 100 }, undefined),
  );
  rows.push(
    ['page by a filter never seen: p50', ms(fresh, 0.5)],
    ['page by a filter never seen: p99', ms(fresh, 0.99)],
  );
  const rights = timeRuns(100, () =>
    inventory.list('vm', { filter: 'state = running', limit: 100 }, (id) => id > '1'),
  );
  rows.push(['page of those that may be seen: p99', ms(rights, 0.99)]);
  const one = timeRuns(20_000, (index) => inventory.vm(fleet.vmIds[(index * 7919) % vms] ?? ''));
  rows.push(['one vm: p50', ms(one, 0.5)], ['one vm: p99', ms(one, 0.99)]);
  const json = timeRuns(5_000, (index) =>
    JSON.stringify(inventory.vm(fleet.vmIds[(index * 7919) % vms] ?? '')),
  );
  rows.push(['one vm as JSON: p50', ms(json, 0.5)], ['one vm as JSON: p99', ms(json, 0.99)]);
  let begin = performance.now();
  for (let index = 0; index < 300; index += 1) {
    const id = fleet.vmIds[(index * 31) % vms] ?? '';
    const document = inventory.document('status', id);
    await follower.commit({ writes: [{ kind: 'status', id, data: document?.data }] });
  }
  rows.push([
    'commits one after the other until shown',
    `${(300_000 / (performance.now() - begin)).toFixed(0)} / s`,
  ]);
  begin = performance.now();
  for (let vm = 0; vm < vms; vm += 1) inventory.setSample(sampleOf(vm));
  await new Promise(setImmediate);
  rows.push(['samples taken in', `${((vms * 1000) / (performance.now() - begin)).toFixed(0)} / s`]);
  rows.push(['resident after all this', formatBytes(memoryUsage.rss())]);
  global.gc?.();
  rows.push(['heap in use', formatBytes(memoryUsage().heapUsed)]);
  rows.push(['resident after collection', formatBytes(memoryUsage.rss())]);
  return rows;

  function touch(index: number): void {
    for (let more = 0; more < 10; more += 1)
      inventory.setSample(sampleOf((index * 10 + more) % vms));
    const id = fleet.vmIds[index % vms] ?? '';
    const document = inventory.document('vm', id);
    if (document === undefined) return;
    const next = { ...document, kind: 'vm', version: document.version + 1 } as const;
    inventory.load([next as never]);
  }
}

if (step === 'fill') await fill();
else process.send?.(await measure());
process.disconnect?.();
