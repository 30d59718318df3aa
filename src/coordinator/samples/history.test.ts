import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installationId } from '#api';
import { idOf, report } from '../inventory/testing/documents.ts';
import { encodePending } from './codec.ts';
import { makeGrid } from './grid.ts';
import { hourMs, minuteMs, samplesBefore, shardOf, type ThingLevel } from './levels.ts';
import { columnOf } from './metrics.ts';
import { away, connected, day, Place } from './testing/place.ts';

const dayMs = 24 * hourMs;

test('a minute is the average of the looks at it', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  place.tell('web', { cpuPercent: 10, memoryBytes: 1_048_576 });
  await place.recorder.look();
  place.clock.ms += 10_000;
  place.tell('web', { cpuPercent: 40 });
  await place.recorder.look();
  place.clock.ms += 50_000;
  place.tell('web', { cpuPercent: 80 });
  await place.recorder.look();
  const read = () => place.read(web, 'cpuPercent', 'minute', day, day + 3 * minuteMs);
  assert.deepEqual(await read(), [25, 80, null]);
  place.clock.ms += 10_000;
  place.tell('web', { cpuPercent: 70 });
  await place.recorder.look();
  // What has not ended is shown as far as it is known, and in every level.
  assert.deepEqual(await read(), [25, 75, null]);
  assert.deepEqual(await place.read(web, 'cpuPercent', 'hour', day, day + hourMs, 'most'), [75]);
  place.clock.ms += 50_000;
  place.inventory.setConnection(idOf('h1'), away);
  await place.recorder.look();
  assert.deepEqual(await read(), [25, 75, null]);
});

test('while a vm is off or its host is away there is a gap, not a zero', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  place.tell('web', { cpuPercent: 5 });
  await place.pass(1);
  place.documents.put('status', web, { report: report('web', { state: 'off', startedAt: null }) });
  await place.pass(1);
  place.documents.put('status', web, { report: report('web') });
  place.tell('web', { cpuPercent: 5 });
  await place.pass(1);
  place.inventory.setConnection(idOf('h1'), away);
  await place.pass(1);
  place.inventory.setConnection(idOf('h1'), connected);
  place.tell('web', { cpuPercent: 6 });
  await place.pass(1);
  await place.recorder.look();
  const minutes = await place.read(web, 'cpuPercent', 'minute', day, day + 5 * minuteMs);
  assert.deepEqual(minutes, [5, null, 5, null, 6]);
});

test('DISK-67 the space that the files of a vm take up is kept over time, also while it is off', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  const tell = (usedBytes: number): void =>
    place.inventory.setDiskSpaces(idOf('h1'), new Map([[web, usedBytes]]));
  place.tell('web', { cpuPercent: 5 });
  tell(8192);
  await place.pass(1);
  place.documents.put('status', web, { report: report('web', { state: 'off', startedAt: null }) });
  await place.pass(1);
  tell(16_384);
  await place.pass(1);
  place.inventory.setConnection(idOf('h1'), away);
  await place.pass(1);
  await place.recorder.look();
  const read = (metric: 'cpuPercent' | 'diskSpaceBytes') =>
    place.read(web, metric, 'minute', day, day + 4 * minuteMs);
  assert.deepEqual(await read('diskSpaceBytes'), [8192, 8192, 16_384, null]);
  assert.deepEqual(await read('cpuPercent'), [5, null, null, null]);
});

test('a host has its own figures and the sum of what its vms move; the installation has the sum of all vms', async () => {
  await using place = await Place.open();
  const use = {
    readBytesPerSecond: 100,
    writtenBytesPerSecond: 7,
    readsPerSecond: 1,
    writesPerSecond: 2,
  };
  for (const name of ['web', 'db']) {
    place.addVm(name);
    place.tell(name, {
      cpuPercent: name === 'web' ? 30 : 60,
      memoryBytes: 4096,
      diskUse: use,
      networkUse: { receivedBytesPerSecond: 11, sentBytesPerSecond: 0 },
    });
  }
  place.addVm('quiet');
  place.tell('quiet', {});
  place.tellLoad({
    cpuPercent: 33.33,
    running: 3,
    volumes: [{ path: '/', totalBytes: 9e9, freeBytes: 8_192 }],
  });
  await place.pass(1);
  await place.recorder.look();
  const read = async (metric: Parameters<typeof place.read>[1]) =>
    (await place.read(idOf('h1'), metric, 'minute', day, day + minuteMs))[0];
  assert.equal(await read('cpuPercent'), 33.33);
  assert.equal(await read('runningVms'), 3);
  assert.equal(await read('volumesFreeBytes'), 8_192);
  assert.equal(await read('diskReadBytesPerSecond'), 200);
  assert.equal(await read('networkReceivedBytesPerSecond'), 22);
  assert.equal(await read('memoryBytes'), null);
  const all = async (metric: Parameters<typeof place.read>[1]) =>
    (await place.read(installationId, metric, 'minute', day, day + minuteMs))[0];
  const processors = place.inventory.vm(idOf('web'))?.definition.hardware.processor.count ?? 0;
  const quiet = place.inventory.vm(idOf('quiet'))?.status;
  assert.ok(processors > 0 && quiet !== undefined);
  assert.equal(await all('cpuPercent'), (30 + 60 + (quiet.cpuPercent ?? 0)) / 3);
  // Kept in pages.
  const used = 2 * 4096 + (quiet.memoryBytes ?? 0);
  assert.equal(await all('memoryBytes'), Math.round(used / 4096) * 4096);
  assert.equal(await all('diskReadBytesPerSecond'), 200);
  assert.equal(await all('diskWritesPerSecond'), 4);
  assert.equal(await all('networkReceivedBytesPerSecond'), 22);
  assert.equal(await all('runningVms'), 3);
  assert.equal(await all('volumesFreeBytes'), null);
});

test('an hour that is over becomes minutes, five minutes and an hour of each thing, and is pending no more', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  for (let minute = 0; minute < 61; minute += 1) {
    place.tell('web', { cpuPercent: minute % 10 });
    await place.pass(1);
  }
  await place.recorder.look();
  const read = (level: ThingLevel, aggregate?: 'least' | 'most') =>
    place.read(web, 'cpuPercent', level, day, day + hourMs, aggregate);
  const before = [
    await read('minute'),
    await read('five-minutes'),
    await read('five-minutes', 'least'),
    await read('hour', 'most'),
  ];
  assert.equal(before[0]?.[7], 7);
  assert.deepEqual(before[1]?.slice(0, 3), [2, 7, 2]);
  assert.deepEqual(before[2]?.slice(0, 3), [0, 5, 0]);
  assert.deepEqual(before[3], [9]);
  await place.close();
  assert.equal(await place.store.firstSamples('pending'), day + hourMs);
  const after = [
    await read('minute'),
    await read('five-minutes'),
    await read('five-minutes', 'least'),
    await read('hour', 'most'),
  ];
  assert.deepEqual(after, before);
  // The minute that belongs to the next hour is there too.
  const next = await place.read(web, 'cpuPercent', 'minute', day + hourMs, day + hourMs + minuteMs);
  assert.deepEqual(next, [0]);
});

test('what comes for an hour that is closed is taken in beside what is there', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  place.tell('web', { cpuPercent: 1 });
  await place.pass(60);
  await place.recorder.look();
  await place.close();
  const grid = makeGrid(1);
  grid.columns.set(columnOf('cpuPercent', 'average'), [61]);
  const data = encodePending({ ids: [web], grid });
  const start = day + 30 * minuteMs;
  await place.store.putSamples([{ level: 'pending', start, key: shardOf(web), data }]);
  await place.pass(60);
  await place.recorder.look();
  await place.close();
  await place.close();
  const minutes = await place.read(web, 'cpuPercent', 'minute', day, day + hourMs);
  assert.deepEqual([minutes[29], minutes[30], minutes[31]], [1, 61, 1]);
  assert.deepEqual(await place.read(web, 'cpuPercent', 'hour', day, day + 2 * hourMs), [2, 1]);
});

test('of a coordinator that is killed no more is lost than the minute that has not ended', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  place.tell('web', { cpuPercent: 50 });
  await place.pass(3);
  await place.recorder.look();
  place.clock.ms += 30_000;
  await place.recorder.look();
  await place.kill();
  place.clock.ms += 10 * minuteMs;
  place.tell('web', { cpuPercent: 60 });
  await place.pass(1);
  place.clock.ms += minuteMs / 2;
  await place.recorder.look();
  const minutes = await place.read(web, 'cpuPercent', 'minute', day, day + 14 * minuteMs);
  assert.deepEqual(minutes.slice(0, 4), [50, 50, 50, null]);
  assert.equal(minutes.at(-1), 60);
  // Hours of before the end are closed by the one who comes after.
  place.clock.ms = day + dayMs;
  await place.recorder.look();
  await place.close();
  assert.equal((await place.read(web, 'cpuPercent', 'minute', day, day + minuteMs))[0], 50);
  assert.equal(await place.store.firstSamples('minute'), day);
});

test('MON-59 minutes are kept for 24 hours and averages of an hour for 13 months', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  place.tell('web', { cpuPercent: 20 });
  await place.pass(30);
  place.tell('web', { cpuPercent: 40 });
  await place.pass(30);
  await place.recorder.look();
  await place.close();
  const at = async (ageMs: number) => {
    place.clock.ms = day + hourMs + ageMs;
    await place.store.prune({ samplesBefore: samplesBefore(place.clock.ms) });
    const first = async (level: ThingLevel) =>
      (await place.read(web, 'cpuPercent', level, day, day + hourMs))[0];
    return [await first('minute'), await first('five-minutes'), await first('hour')];
  };
  const thirteenMonths = Date.UTC(2027, 1, 1) - day;
  assert.deepEqual(await at(23 * hourMs), [20, 20, 30]);
  assert.deepEqual(await at(25 * hourMs), [null, 20, 30]);
  assert.deepEqual(await at(7 * dayMs - hourMs), [null, 20, 30]);
  assert.deepEqual(await at(8 * dayMs), [null, null, 30]);
  assert.deepEqual(await at(thirteenMonths), [null, null, 30]);
  assert.deepEqual(await at(402 * dayMs), [null, null, null]);
});

test('a damaged block is a gap and keeps nobody from the rest', async () => {
  await using place = await Place.open();
  const web = place.addVm('web');
  place.tell('web', { cpuPercent: 3 });
  await place.pass(60);
  await place.recorder.look();
  await place.store.putSamples([
    { level: 'pending', start: day + minuteMs, key: shardOf(web), data: Uint8Array.of(9, 9) },
    { level: 'hour', start: day, key: web, data: new Uint8Array(0) },
  ]);
  const minutes = () => place.read(web, 'cpuPercent', 'minute', day, day + 3 * minuteMs);
  assert.deepEqual(await minutes(), [3, null, 3]);
  await place.close();
  assert.deepEqual(await minutes(), [3, null, 3]);
  assert.deepEqual(await place.read(web, 'cpuPercent', 'hour', day, day + hourMs), [3]);
});
