import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Samples } from '#api';
import { joinCourse, lastOf, mostOf } from './course.ts';
import { parseRange } from './ranges.ts';
import { bandPath, height, linePath, ticksOf, topOf, width } from './shape.ts';
import { Tail, type Point } from './tail.ts';

const minute = 60_000;
const noon = Date.parse('2026-01-31T12:00:00.000Z');
const flat = (value: number): Point => ({ average: value, least: value, most: value });

function history(
  average: readonly (number | null)[],
  more: Partial<Samples['series'][number]> = {},
): Samples {
  return {
    id: '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f',
    from: new Date(noon).toISOString(),
    to: new Date(noon + average.length * minute).toISOString(),
    stepSeconds: 60,
    series: [
      {
        metric: 'cpuPercent',
        unit: 'percent',
        average: [...average],
        least: null,
        most: null,
        ...more,
      },
    ],
  };
}

test('a graph goes on with what was seen where its history ends, and has a gap where nothing is known', () => {
  const tail = new Tail(minute);
  tail.note(noon + 2 * minute + 1, { cpuPercent: 10 });
  tail.note(noon + 2 * minute + 2, { cpuPercent: 30, memoryBytes: null });
  tail.note(noon + 4 * minute, { cpuPercent: 50 });
  const { startMs, points } = joinCourse(history([1, 2, null]), tail, 'cpuPercent', {
    rangeMs: 5 * minute,
    readMs: noon + 2 * minute,
    nowMs: noon + 4 * minute + 5,
  });
  assert.equal(startMs, noon);
  assert.deepEqual(points, [
    flat(1),
    flat(2),
    { average: 20, least: 10, most: 30 },
    null,
    flat(50),
  ]);
});

test('history counts before what was seen, and a range ends now, whatever the history is', () => {
  const tail = new Tail(minute);
  tail.note(noon, { cpuPercent: 99 });
  const series = { least: [0, 0], most: [4, 8] };
  const joined = joinCourse(history([2, 4], series), tail, 'cpuPercent', {
    rangeMs: 3 * minute,
    readMs: noon + 2 * minute,
    nowMs: noon,
  });
  assert.equal(joined.startMs, noon - minute);
  assert.deepEqual(joined.points, [
    null,
    { average: 2, least: 0, most: 4 },
    { average: 4, least: 0, most: 8 },
  ]);
  assert.deepEqual(lastOf(joined), joined.points[2]);
  assert.equal(mostOf([joined]), 8);
  const other = joinCourse(history([2]), tail, 'memoryBytes', {
    rangeMs: minute,
    readMs: noon,
    nowMs: noon,
  });
  assert.deepEqual([other.points, lastOf(other), mostOf([other])], [[null], null, 0]);
});

test('the step in which the history was read is of both, each for its share of the time', () => {
  const tail = new Tail(minute);
  tail.note(noon + 40_000, { cpuPercent: 90 });
  const span = { rangeMs: minute, readMs: noon + 40_000, nowMs: noon + 50_000 };
  const { points } = joinCourse(history([40]), tail, 'cpuPercent', span);
  assert.deepEqual(points, [{ average: 50, least: 40, most: 90 }]);
  const later = joinCourse(history([40]), new Tail(minute), 'cpuPercent', span);
  assert.deepEqual(later.points, [flat(40)]);
});

test('a tail is at most as long as a graph', () => {
  const tail = new Tail(minute);
  for (let step = 0; step < 2_000; step += 1) tail.note(step * minute, { cpuPercent: step });
  assert.equal(tail.at('cpuPercent', 499 * minute), undefined);
  assert.equal(tail.at('cpuPercent', 500 * minute)?.average, 500);
  assert.equal(tail.at('cpuPercent', 1_999 * minute + 59_999)?.average, 1_999);
});

test('the scale ends at a round figure above all that is shown', () => {
  assert.deepEqual(
    [topOf(3, 'bytes'), topOf(1025, 'bytes'), topOf(1024, 'bytes')],
    [4, 2048, 1024],
  );
  assert.deepEqual(
    [topOf(0.03, 'others'), topOf(12, 'others'), topOf(501, 'others')],
    [0.05, 20, 1000],
  );
  assert.equal(topOf(0, 'others'), 1);
});

test('lines break at gaps, a point alone is a dot, and an area is there where values differ', () => {
  assert.equal(
    linePath([flat(0), flat(10), null, flat(5)], 10),
    `M0.0 ${height}.0L200.0 0.0M${width}.0 ${height / 2}.0h0.01`,
  );
  assert.equal(bandPath([flat(1), flat(2)], 10), '');
  const wide: Point = { average: 5, least: 0, most: 10 };
  assert.equal(bandPath([wide, wide], 10), 'M0.0 0.0L600.0 0.0L600.0 120.0L0.0 120.0Z');
});

test('the times below a graph are round ones of the clock at this place', () => {
  const hour = 60 * minute;
  const ticks = ticksOf(noon + 13 * minute, 24 * hour, 4 * hour);
  assert.ok(ticks.length >= 5 && ticks.length <= 6);
  for (const { ms, share } of ticks) {
    assert.equal(new Date(ms).getMinutes(), 0);
    assert.equal(new Date(ms).getHours() % 4, 0);
    assert.ok(share > 0 && share < 1);
  }
});

test('the address names a range, and the last hour is what it is without', () => {
  assert.deepEqual(parseRange({ range: 'week' }), { range: 'week' });
  for (const search of [{}, { range: 'hour' }, { range: 'century' }, { range: 7 }])
    assert.deepEqual(parseRange(search), {});
});
