/** One size of the fleet: built by the product's own `up --simulate`, stopped, started again, asked and watched. */
import type { Client } from '#api';
import { findConnection } from '../../src/cli/connection.ts';
import { findProgram, type Program } from '../../src/cli/system/processes.ts';
import { ensureAgent, ensureCoordinator } from '../../src/cli/system/programs.ts';
import type { Gantry } from '../../test/e2e/gantry.ts';
import { percentile, print } from '../measure.ts';
import { formatMiB, memoryOf, processorMs } from '../processes.ts';
import { startLoad } from './load.ts';

const startLimitMs = 900_000;
const readers = 2;
const connectionsPerReader = 16;
const readMs = 10_000;
const watchers = 100;
const writes = 500;
const writesAtOnce = 32;

export type Row = readonly [label: string, value: string];

export async function measureFleet(
  gantry: Gantry,
  hosts: number,
  vmsPerHost: number,
): Promise<readonly Row[]> {
  const settings = { listen: gantry.listen, simulate: { hosts, vms: vmsPerHost } };
  const signal = AbortSignal.timeout(startLimitMs);
  const vms = hosts * vmsPerHost;
  let begin = performance.now();
  const seconds = (): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
  const memory = (program: Program): string => {
    const pid = findProgram(gantry.installation, program);
    return pid === undefined ? 'gone' : formatMiB(memoryOf(pid).residentBytes);
  };
  await gantry.must(
    'up',
    '--yes',
    '--simulate',
    `${hosts}x${vmsPerHost}`,
    '--listen',
    gantry.listen,
  );
  await untilListed(gantry.client(), vms);
  const rows: Row[] = [['made from nothing: hosts joined, vms listed', seconds()]];
  print(`${vms} vms: made`);
  await gantry.must('down');

  begin = performance.now();
  const { client } = await ensureCoordinator(gantry.installation, settings, signal);
  await untilListed(client, vms);
  rows.push(['cold start until it serves with all loaded', seconds()]);
  begin = performance.now();
  await ensureAgent(gantry.installation, settings, client, signal);
  rows.push(['from there until all hosts are ready', seconds()]);
  await untilQuiet(gantry);
  rows.push(['coordinator resident, settled', memory('coordinator')]);
  print(`${vms} vms: started`);

  const connection = findConnection(gantry.installation, {});
  const ids = await someIds(client);
  const page = new URL('/api/v1/vms', connection.server);
  page.searchParams.set('filter', 'state = running AND name : 7');
  page.searchParams.set('sort', '-createdAt,name');
  page.searchParams.set('limit', '100');
  await using one = await startLoad(connection);
  const pages = await one.read([page.href], 300, 1);
  rows.push(['filtered, sorted page of 100: p50 / p99', spread(pages.takenMs)]);
  const shown = ids.map((id) => new URL(`/api/v1/vms/${id}`, connection.server).href);
  const single = await one.read(shown, 3000, 1);
  rows.push(['one vm: p50 / p99', spread(single.takenMs)]);

  const loads = [
    one,
    ...(await Promise.all(Array.from({ length: readers - 1 }, () => startLoad(connection)))),
  ];
  const pid = findProgram(gantry.installation, 'coordinator') ?? 0;
  const usedBefore = processorMs(pid);
  const busy = await Promise.all(
    loads.map((load) => load.readFor(shown, readMs, connectionsPerReader)),
  );
  const taken = busy.flatMap(({ takenMs }) => takenMs);
  rows.push([
    `one vm, ${readers * connectionsPerReader} connections: reads per second`,
    ((taken.length * 1000) / readMs).toFixed(0),
  ]);
  rows.push(['p50 / p99 of those', spread(taken)]);
  const usedUs = ((processorMs(pid) - usedBefore) * 1000) / taken.length;
  rows.push(["the coordinator's processor time for one", `${usedUs.toFixed(0)} µs`]);
  for (const load of loads.slice(1)) await load[Symbol.asyncDispose]();
  print(`${vms} vms: read`);

  await using listeners = await startLoad(connection);
  const watching = new URL('/api/v1/events/watch', connection.server);
  watching.searchParams.set('filter', 'name = vm.setting.changed');
  await listeners.watch(watching.href, watchers);
  begin = performance.now();
  const written = await one.write(shown, writes, writesAtOnce);
  const delivered = await listeners.untilHeard(written);
  const tookSeconds = (performance.now() - begin) / 1000;
  rows.push([
    `changes of vms committed per second, heard by ${watchers}`,
    (written / tookSeconds).toFixed(0),
  ]);
  rows.push([
    `events per second delivered to ${watchers} watchers`,
    (delivered / tookSeconds).toFixed(0),
  ]);
  rows.push(['coordinator resident after all this', memory('coordinator')]);
  rows.push(['agent resident (all hosts in one process)', memory('agent')]);
  return rows;
}

function spread(takenMs: readonly number[]): string {
  return `${percentile(takenMs, 0.5).toFixed(1)} / ${percentile(takenMs, 0.99).toFixed(1)} ms`;
}

async function untilListed(client: Client, vms: number): Promise<void> {
  for (;;) {
    const page = await client.call('vm.list', { query: { limit: 1 } });
    if (page.total >= vms) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Until a second has passed in which the coordinator used less than a tenth of a processor. */
async function untilQuiet(gantry: Gantry): Promise<void> {
  const pid = findProgram(gantry.installation, 'coordinator') ?? 0;
  for (let round = 0; round < 10; round += 1) {
    const before = processorMs(pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (processorMs(pid) - before < 100) return;
  }
}

async function someIds(client: Client): Promise<readonly string[]> {
  const { items } = await client.call('vm.list', { query: { limit: 1000, sort: 'name' } });
  return items.map(({ id }) => id);
}
