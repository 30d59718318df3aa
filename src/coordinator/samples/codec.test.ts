import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { sampleMetricNames } from '#api';
import { decodeBlock, decodePending, encodeBlock, encodePending } from './codec.ts';
import { makeGrid, type Grid } from './grid.ts';
import { aggregates, columnOf, wholesOf } from './metrics.ts';

const columns = sampleMetricNames.flatMap((metric) =>
  aggregates.map((aggregate) => columnOf(metric, aggregate)),
);

/** Whole numbers of what a column keeps, in runs as figures have them. */
const wholes = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 2, arbitrary: fc.constant(Number.NaN) },
        { weight: 3, arbitrary: fc.nat(300) },
        { weight: 1, arbitrary: fc.nat({ max: 2 ** 50 }) },
      ),
      fc.integer({ min: 1, max: 200 }),
    ),
    { maxLength: 12 },
  )
  .map((runs) => runs.flatMap(([value, count]) => Array.from({ length: count }, () => value)));

const grid: fc.Arbitrary<Grid> = fc
  .tuple(
    fc.integer({ min: 1, max: 300 }),
    fc.dictionary(fc.constantFrom(...columns.map(String)), wholes),
  )
  .map(([points, given]) => {
    const made = makeGrid(points);
    for (const [column, values] of Object.entries(given)) {
      const scale = wholesOf(Number(column)) ?? 1;
      const filled = Array.from({ length: points }, (_, at) => (values[at] ?? Number.NaN) / scale);
      if (filled.some((value) => !Number.isNaN(value))) made.columns.set(Number(column), filled);
    }
    return made;
  });

const sorted = ({ points, columns: given }: Grid): unknown => [
  points,
  [...given].sort(([a], [b]) => a - b),
];

test('a block is read as it was written, gaps and all', () => {
  fc.assert(
    fc.property(grid, (given) => {
      assert.deepEqual(sorted(decodeBlock(encodeBlock(given))), sorted(given));
    }),
  );
});

test('a minute of many things is read as it was written', () => {
  const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(ids, fc.nat(100), (given, value) => {
      const minute = makeGrid(given.length);
      const column = columnOf('cpuPercent', 'average');
      minute.columns.set(column, Array<number>(given.length).fill(value));
      const read = decodePending(encodePending({ ids: given, grid: minute }));
      assert.deepEqual([read.ids, sorted(read.grid)], [given, sorted(minute)]);
    }),
  );
});

test('the bytes of version 1 stay what they are', () => {
  const given = makeGrid(6);
  const values = [Number.NaN, Number.NaN, 12.5, 12.5, 12.5, 2];
  given.columns.set(columnOf('cpuPercent', 'average'), values);
  given.columns.set(columnOf('memoryBytes', 'most'), Array<number>(6).fill(4096));
  const bytes = '010602040002c6130102b5100e040105';
  assert.equal(Buffer.from(encodeBlock(given)).toString('hex'), bytes);
  const id = '3f8a2c5e-9b1d-4e7a-8c6f-2d4b6a8e0c1f';
  const pending = makeGrid(1);
  pending.columns.set(columnOf('runningVms', 'average'), [3]);
  const encoded = Buffer.from(encodePending({ ids: [id], grid: pending })).toString('hex');
  assert.equal(encoded, `0101${id.replaceAll('-', '')}010138da04`);
});

test('an hour that does not change takes a few bytes, and a busy one some hundred', () => {
  const quiet = makeGrid(60);
  const busy = makeGrid(60);
  for (const [index, metric] of sampleMetricNames.entries()) {
    quiet.columns.set(columnOf(metric, 'average'), Array<number>(60).fill(50));
    busy.columns.set(
      columnOf(metric, 'average'),
      Array.from({ length: 60 }, (_, at) => ((at * 7919 + index * 31) % 1000) * 1000),
    );
  }
  assert.ok(encodeBlock(quiet).length < 100, String(encodeBlock(quiet).length));
  assert.ok(encodeBlock(busy).length < 3_500, String(encodeBlock(busy).length));
});

test('damaged bytes are refused as corrupt or read as something, and never more', () => {
  const sound = makeGrid(60);
  sound.columns.set(columnOf('cpuPercent', 'average'), Array<number>(60).fill(7));
  const whole = encodeBlock(sound);
  const endure = (decode: (data: Uint8Array) => unknown, data: Uint8Array): void => {
    try {
      decode(data);
    } catch (error) {
      assert.ok(isFault(error, 'corrupt'), String(error));
    }
  };
  const damage = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), cut: fc.nat(3) });
  fc.assert(
    fc.property(damage, ({ at, byte, cut }) => {
      const data = whole.slice(0, whole.length - cut);
      data[Math.min(at, data.length - 1)] = byte;
      endure(decodeBlock, data);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
      endure(decodeBlock, data);
      endure(decodePending, data);
    }),
  );
});

test('a block of a later version, one that is cut and one that goes on are refused', () => {
  const whole = encodeBlock(makeGrid(3));
  for (const data of [
    Uint8Array.of(2, ...whole.slice(1)),
    whole.slice(0, -1),
    Uint8Array.of(...whole, 0),
  ])
    assert.throws(
      () => decodeBlock(data),
      (error) => isFault(error, 'corrupt'),
    );
});

test('a column of a metric that this version does not know is passed over', () => {
  // Column 200 with the value 2, then column 4, as a version with more metrics would write them.
  const data = Uint8Array.of(1, 1, 2, 0xc8, 0x01, 0x06, 4, 0xfa, 0x0a);
  const read = decodeBlock(data);
  assert.deepEqual([...read.columns], [[4, [7]]]);
});
