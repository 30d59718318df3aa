/**
 * Figures over time for a fleet: memory of the minute that gathers, what is written each minute and each
 * hour, how long the event loop is held, what stays on the disk, and reading, beside one row for each value
 * in a table of SQLite. `node --expose-gc bench/samples/bench.ts [folder] [vms ...]`; the folder decides which
 * volume is measured. Of three vms one is idle, one lightly and one heavily used.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { formatBytes, systemClock } from '#lib';
import { silentLog } from '#log';
import { sampleMetricNames, type MachineSample } from '#api';
import { SampleHistory } from '../../src/coordinator/samples/history.ts';
import { hourMs, levels, minuteMs, thingLevels } from '../../src/coordinator/samples/levels.ts';
import { rowOfVm } from '../../src/coordinator/samples/metrics.ts';
import { lookEveryMs, SampleRecorder } from '../../src/coordinator/samples/record.ts';
import { openSqliteStore } from '../../src/coordinator/store/sqlite/sqlite-store.ts';
import { sampleLevels } from '../../src/coordinator/store/store.ts';
import { idOf, sampleOf } from '../inventory/fleet.ts';
import { describeMachine, percentile, print, writeTable } from '../measure.ts';

const parent = process.argv[2] ?? tmpdir();
const sizes = process.argv.slice(3).map(Number);
const day = Date.UTC(2026, 0, 1);
/** A small fleet is followed for a whole day, so that every block is full once. */
const hoursOf = (vms: number): number => (vms > 5_000 ? 2 : 24);

/** Something between nothing and one that looks like chance and is not. */
function noise(vm: number, at: number): number {
  const mixed = Math.imul(vm * 2_654_435_761 + at * 40_503, 2_246_822_519) >>> 0;
  return mixed / 2 ** 32;
}

/** What a vm is told to be at a look. */
function sampleAt(base: MachineSample, vm: number, at: number): MachineSample {
  const use = vm % 3;
  const share = use === 0 ? 0 : noise(vm, at) * (use === 1 ? 0.1 : 1);
  return {
    ...base,
    cpuPercent: use === 0 ? 0.3 : share * 100,
    memoryBytes: 1024 ** 3 + Math.round(share * 1024) * 4096,
    diskUse: {
      readBytesPerSecond: Math.round(share * 5e6),
      writtenBytesPerSecond: Math.round(share * 2e7),
      readsPerSecond: share * 100,
      writesPerSecond: share * 500,
    },
    networkUse: {
      receivedBytesPerSecond: Math.round(share * 1e7),
      sentBytesPerSecond: Math.round(share * 3e6),
    },
  };
}

/** Bytes that this process has given to the kernel to write (proc(5)). */
function writtenBytes(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

/** A row for each value, keyed so that those of a thing are found: what a minute writes once there are some. */
function measureRows(folder: string, samples: readonly MachineSample[]): string[] {
  const file = join(folder, 'rows.db');
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE samples (thing_id TEXT NOT NULL, metric TEXT NOT NULL, at INTEGER NOT NULL,
      value REAL NOT NULL, PRIMARY KEY (thing_id, metric, at)) WITHOUT ROWID`);
  const insert = database.prepare('INSERT INTO samples VALUES (?, ?, ?, ?)');
  const writeMinute = (minute: number): number => {
    const before = writtenBytes();
    database.exec('BEGIN');
    for (const [vm, base] of samples.entries()) {
      const row = rowOfVm(sampleAt(base, vm, minute));
      for (const [index, metric] of sampleMetricNames.entries()) {
        const value = row[index] ?? Number.NaN;
        if (!Number.isNaN(value)) insert.run(base.id, metric, day + minute * minuteMs, value);
      }
    }
    database.exec('COMMIT');
    return writtenBytes() - before;
  };
  writeMinute(0);
  const begin = performance.now();
  const bytes = writeMinute(1);
  const ms = performance.now() - begin;
  database.close();
  return ['a row for each value: written a minute', formatBytes(bytes), `${ms.toFixed(0)} ms`];
}

async function measure(vms: number): Promise<readonly string[][]> {
  const hours = hoursOf(vms);
  const folder = mkdtempSync(join(parent, 'bench-'));
  try {
    const samples = Array.from({ length: vms }, (_, vm) => sampleOf(vm));
    const rows = [['', `${vms} vms`, 'takes'], measureRows(folder, samples)];
    const file = join(folder, 'store.db');
    await using store = await openSqliteStore({ file, clock: systemClock, log: silentLog });
    const clock = { ms: day, now: () => clock.ms, sleep: (ms: number) => systemClock.sleep(ms) };
    const hostId = idOf('host 0');
    const inventory = {
      *liveSamples() {
        const at = clock.ms / lookEveryMs;
        for (const [vm, base] of samples.entries())
          yield { hostId, processors: 1, sample: sampleAt(base, vm, at) };
      },
      diskSpaces: () => [],
      loads: () => [],
    };
    const recorder = new SampleRecorder({ store, inventory, clock });
    const history = new SampleHistory({
      store,
      clock,
      log: silentLog,
      gathering: (id) => recorder.gathering(id),
    });
    const signal = new AbortController().signal;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const minutes: { readonly bytes: number; readonly ms: number }[] = [];
    const closes: { readonly bytes: number; readonly ms: number; readonly heldMs: number }[] = [];
    const looks: number[] = [];
    const memory = async (): Promise<number> => {
      global.gc?.();
      // What was outside of the heap is given back a moment later.
      await systemClock.sleep(100);
      global.gc?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const memoryBefore = await memory();
    delay.enable();
    for (let minute = 0; minute < hours * 60; minute += 1) {
      for (let look = 0; look < minuteMs / lookEveryMs; look += 1) {
        const before = writtenBytes();
        const begin = performance.now();
        await recorder.look();
        const ms = performance.now() - begin;
        if (look === 0 && minute > 0) minutes.push({ bytes: writtenBytes() - before, ms });
        else looks.push(ms);
        clock.ms += lookEveryMs;
      }
      if (minute === 0) {
        const gathered = (await memory()) - memoryBefore;
        rows.push(['memory of the minute that gathers', formatBytes(gathered), '']);
        rows.push(['of that for each vm', `${(gathered / vms).toFixed(0)} B`, '']);
        delay.reset();
      }
      if ((minute + 1) % 60 !== 0) continue;
      await recorder.look();
      if (minute < 60) rows.push(['event loop held at most while gathering', held(), '']);
      delay.reset();
      const before = writtenBytes();
      const begin = performance.now();
      await history.close(recorder.writtenTo, signal);
      const ms = performance.now() - begin;
      closes.push({ bytes: writtenBytes() - before, ms, heldMs: delay.max / 1e6 });
      delay.reset();
    }
    const middle = (values: readonly number[]): number => percentile(values, 0.5);
    rows.push(['a look', '', `${middle(looks).toFixed(0)} ms`]);
    rows.push([
      'blocks: written a minute',
      formatBytes(middle(minutes.map(({ bytes }) => bytes))),
      `${middle(minutes.map(({ ms }) => ms)).toFixed(0)} ms`,
    ]);
    const last = closes.at(-1) ?? { bytes: 0, ms: 0, heldMs: 0 };
    rows.push([
      'an hour that closes: written',
      formatBytes(last.bytes),
      `${last.ms.toFixed(0)} ms`,
    ]);
    rows.push(['event loop held at most meanwhile', `${last.heldMs.toFixed(0)} ms`, '']);
    const all = middle(minutes.map(({ bytes }) => bytes)) + last.bytes / 60;
    rows.push(['both: written a minute', formatBytes(all), '']);
    rows.push(...(await stored(file, vms)));
    clock.ms = day + hours * hourMs;
    for (const [label, level] of [
      ['reading an hour of minutes', 'minute'],
      ['reading two hours of five minutes', 'five-minutes'],
    ] as const) {
      const times: number[] = [];
      const from = clock.ms - (level === 'minute' ? hourMs : 2 * hourMs);
      for (let n = 0; n < 200; n += 1) {
        const id = samples[(n * 7919) % vms]?.id ?? '';
        const begin = performance.now();
        await history.read(id, level, from, clock.ms);
        times.push(performance.now() - begin);
      }
      const p99 = percentile(times, 0.99).toFixed(1);
      rows.push([`${label}: p50, p99`, `${middle(times).toFixed(1)} ms`, `${p99} ms`]);
    }
    return rows;

    function held(): string {
      return `${(delay.max / 1e6).toFixed(0)} ms`;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a block of each level takes, and what all of them come to when every level is full. */
async function stored(file: string, vms: number): Promise<readonly string[][]> {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database
    .prepare('SELECT level, avg(length(data)) AS bytes FROM samples GROUP BY level ORDER BY level')
    .all();
  database.close();
  const bytes = new Map(
    rows.map((row) => [sampleLevels[Number(row['level'])], Number(row['bytes'])]),
  );
  const found = [...bytes].map(([level, size]) => [
    `block of level ${level}`,
    `${size.toFixed(0)} B`,
    '',
  ]);
  const whole = thingLevels.reduce((sum, level) => {
    const { keptMs, spanMs } = levels[level];
    return sum + (bytes.get(level) ?? 0) * (keptMs / spanMs + 1);
  }, 0);
  const full = ['all levels full: of each vm', formatBytes(whole), ''];
  return [
    ...found,
    ...(hoursOf(vms) < 24 ? [] : [full]),
    ['the file now', formatBytes(statSync(file).size), ''],
  ];
}

print(`${describeMachine()}, ${parent}`);
for (const vms of sizes.length === 0 ? [1_000, 50_000] : sizes)
  print(`\n${writeTable(await measure(vms))}`);
