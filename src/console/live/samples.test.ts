import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samples, type Sample } from './samples.ts';

const sample = (cpuPercent: number): Sample => ({
  cpuPercent,
  memoryBytes: null,
  diskUse: null,
  networkUse: null,
});

test('the last forty samples of a thing are kept, in order', () => {
  const samples = new Samples();
  for (let cpu = 0; cpu < 100; cpu += 1) samples.note('a', sample(cpu));
  const kept = samples.of('a').map(({ cpuPercent }) => cpuPercent);
  assert.equal(kept.length, 40);
  assert.deepEqual([kept[0], kept.at(-1)], [60, 99]);
  assert.deepEqual(samples.of('b'), []);
});

test('of ten thousand things those heard of last are kept, so that memory is bounded', () => {
  const samples = new Samples();
  for (let thing = 0; thing < 10_000; thing += 1) samples.note(String(thing), sample(1));
  assert.equal(samples.of('9999').length, 1);
  assert.equal(samples.of('8000').length, 1);
  assert.equal(samples.of('7999').length, 0);
});
