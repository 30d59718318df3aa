/**
 * The store: durable commits per second by 1, 8 and 64 writers, against plain fdatasync of the same bytes
 * on the same volume, and reading the event log. `node bench/store/bench.ts [folder] [events]`; the folder
 * decides which volume is measured.
 */
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes, isoTime, systemClock } from '#lib';
import { silentLog } from '#log';
import { installationId } from '#api';
import { openSqliteStore } from '../../src/coordinator/store/sqlite/sqlite-store.ts';
import type { EventQuery, NewEvent, Store } from '../../src/coordinator/store/store.ts';
import { describeMachine, percentile, print, writeTable } from '../measure.ts';

const runMs = 3_000;
const data = { definition: 'x'.repeat(2_000) };
const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'bench-'));
const events = Number(process.argv[3] ?? 1_000_000);

interface Rate {
  readonly perSecond: number;
  readonly times: readonly number[];
}

/** Runs the work again and again in so many places at once. */
async function measure(writers: number, work: (writer: number) => Promise<void>): Promise<Rate> {
  const times: number[] = [];
  const begin = performance.now();
  const one = async (writer: number): Promise<void> => {
    while (performance.now() - begin < runMs) {
      const start = performance.now();
      await work(writer);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => one(writer)));
  return { perSecond: (times.length * 1000) / (performance.now() - begin), times };
}

/** What the disk does by itself: the bytes of one commit, appended and flushed. */
async function measureDisk(): Promise<Rate> {
  const file = openSync(join(folder, 'plain'), 'w');
  const bytes = Buffer.from(JSON.stringify(data));
  try {
    return await measure(1, () => {
      writeSync(file, bytes);
      fdatasyncSync(file);
      return Promise.resolve();
    });
  } finally {
    closeSync(file);
  }
}

function event(number: number, time: number): NewEvent {
  const vm = number % 50_000;
  return {
    name: 'vm.renamed',
    target: { kind: 'vm', id: `vm-${vm}`, name: `web-${vm}` },
    ancestors: [
      { kind: 'host', id: `host-${vm % 100}`, name: `host-${vm % 100}` },
      { kind: 'folder', id: `folder-${vm % 50}`, name: '/lab' },
      { kind: 'installation', id: installationId, name: 'installation' },
    ],
    actor: { kind: 'user', name: 'ann' },
    origin: '127.0.0.1',
    correlationId: `correlation-${number >> 2}`,
    attributes: { oldName: 'before' },
    time: isoTime(time),
  };
}

const start = Date.UTC(2026, 0, 1);
/** Ninety days, evenly. */
const timeOf = (number: number): number => start + Math.floor((number / events) * 90 * 86_400_000);

async function fillEvents(store: Store): Promise<number> {
  const begin = performance.now();
  for (let at = 0; at < events; at += 2_000) {
    const count = Math.min(2_000, events - at);
    await store.commit({
      events: Array.from({ length: count }, (_, n) => event(at + n, timeOf(at + n))),
    });
  }
  return (events * 1000) / (performance.now() - begin);
}

const newest = { newestFirst: 'newest-first', limit: 100 } as const;
const day = 86_400_000;
const queries: readonly (readonly [string, (n: number) => EventQuery])[] = [
  ['newest 100', () => newest],
  ['newest 100 of a vm', (n) => ({ ...newest, about: `vm-${n}` })],
  ['newest 100 of a host', (n) => ({ ...newest, about: `host-${n % 100}` })],
  [
    'a page in the middle of a host',
    (n) => ({ ...newest, about: `host-${n % 100}`, before: events / 2 }),
  ],
  [
    'of a host on a day two months ago',
    (n) => ({
      ...newest,
      about: `host-${n % 100}`,
      since: isoTime(start + 20 * day),
      until: isoTime(start + 21 * day),
    }),
  ],
  ['of one operation', (n) => ({ ...newest, correlationId: `correlation-${n}` })],
];

try {
  print(`${describeMachine()}, ${folder}`);
  const ms = (rate: Rate, share: number): string =>
    `${percentile(rate.times, share).toFixed(2)} ms`;
  const disk = await measureDisk();
  const rows = [
    ['durable commits of 2 kB', 'per second', 'p50', 'p99', 'against the disk'],
    ['plain write and fdatasync', disk.perSecond.toFixed(0), ms(disk, 0.5), ms(disk, 0.99), '1.0'],
  ];
  await using store = await openSqliteStore({
    file: join(folder, 'store.db'),
    clock: systemClock,
    log: silentLog,
  });
  for (const writers of [1, 8, 64]) {
    const rate = await measure(writers, async (writer) => {
      await store.commit({ writes: [{ kind: 'vm', id: `vm-${writer}`, data }] });
    });
    const against = (rate.perSecond / disk.perSecond).toFixed(1);
    rows.push([
      `${writers} writers`,
      rate.perSecond.toFixed(0),
      ms(rate, 0.5),
      ms(rate, 0.99),
      against,
    ]);
  }
  print(writeTable(rows));
  const filled = await fillEvents(store);
  const size = statSync(join(folder, 'store.db')).size;
  print(`\n${events} events: written at ${filled.toFixed(0)} per second, ${formatBytes(size)}`);
  const reads = [['reading the event log', 'p50', 'p99']];
  for (const [label, query] of queries) {
    const times: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      const begin = performance.now();
      await store.events(query(n * 17));
      times.push(performance.now() - begin);
    }
    reads.push([
      label,
      `${percentile(times, 0.5).toFixed(2)} ms`,
      `${percentile(times, 0.99).toFixed(2)} ms`,
    ]);
  }
  // Reading while the disk is flushed all the time.
  const stop = new AbortController();
  const writing = (async () => {
    while (!stop.signal.aborted) await store.commit({ writes: [{ kind: 'vm', id: 'vm-0', data }] });
  })();
  const busy: number[] = [];
  for (let n = 0; n < 500; n += 1) {
    const begin = performance.now();
    await store.read('vm', 'vm-1');
    busy.push(performance.now() - begin);
  }
  stop.abort();
  await writing;
  reads.push([
    'one document while commits go on',
    `${percentile(busy, 0.5).toFixed(2)} ms`,
    `${percentile(busy, 0.99).toFixed(2)} ms`,
  ]);
  print(writeTable(reads));
} finally {
  rmSync(folder, { recursive: true });
}
