/** What follows from what was seen in a network: sightings as data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSightings, type Seen, type Sighting } from './judge-sightings.ts';

const [one, two, three] = ['52:47:59:00:00:01', '52:47:59:00:00:02', '52:47:59:00:00:03'] as const;
const watched = {
  id: 'lab',
  interfaces: new Set(['gtap0', 'gtap1', 'eno1']),
  vms: new Map([
    [one, 'web'],
    [two, 'db'],
  ]),
  owners: new Map([['10.0.0.7', one]]),
};
const at = (mac: string, address: string, firstMs: number, lastMs: number): Sighting => ({
  interface: 'gtap0',
  mac,
  address,
  firstMs,
  lastMs,
});
const none: Seen = { answering: [], claiming: [], doubled: [] };
const told = (seen: Partial<Seen>): string[] =>
  judgeSightings(watched, { ...none, ...seen }).map(({ code, text }) => `${code}: ${text}`);

void test('whoever uses an address that is leased to another one is told at once', () => {
  assert.deepEqual(told({ claiming: [at(one, '10.0.0.7', 0, 9)] }), []);
  assert.deepEqual(told({ claiming: [at(two, '10.0.0.7', 5, 5)] }), [
    `duplicate-address: the address 10.0.0.7 is used by vm web (${one}) and vm db (${two})`,
  ]);
});

void test('an address that is nobody’s is used twice where both use it at the same time, not where it moves', () => {
  const first = at(one, '10.0.0.9', 0, 60_000);
  assert.deepEqual(told({ claiming: [first, at(two, '10.0.0.9', 61_000, 90_000)] }), []);
  assert.deepEqual(told({ claiming: [first, at(two, '10.0.0.9', 30_000, 90_000)] }), [
    `duplicate-address: the address 10.0.0.9 is used by vm web (${one}) and vm db (${two})`,
  ]);
});

void test('a vm with two adapters may answer by either of them', () => {
  const vms = new Map([...watched.vms, [three, 'web']]);
  const claiming = [at(one, '10.0.0.9', 0, 60_000), at(three, '10.0.0.9', 0, 60_000)];
  assert.deepEqual(judgeSightings({ ...watched, vms }, { ...none, claiming }), []);
});

void test('what was seen in another network is not told here, and of each kind eight are', () => {
  const elsewhere = { ...at(two, '10.0.0.7', 0, 9), interface: 'gtap9' };
  assert.deepEqual(
    told({ answering: [elsewhere], claiming: [elsewhere], doubled: [elsewhere] }),
    [],
  );
  const many = Array.from({ length: 20 }, (_, number) => at(two, `10.0.1.${number}`, 0, 9));
  assert.equal(told({ answering: many }).length, 8);
});
