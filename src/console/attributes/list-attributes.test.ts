import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAttributes, listAttributes, writeValue } from './list-attributes.ts';
import { parseAttributesPlace } from './place.ts';

const thing = {
  name: 'web-1',
  host: null,
  hardware: { disks: [{ slot: 0, file: 'a.qcow2' }, { slot: 1 }], order: ['disk', 'cd'] },
  tags: [],
  unset: undefined,
  boot: { once: false },
};

test('every value of a thing stands in one table with the way to it', () => {
  assert.deepEqual(
    listAttributes(thing).map((one) => [one.path, writeValue(one)]),
    [
      ['name', 'web-1'],
      ['host', '(no value)'],
      ['hardware/disks/0/slot', '0'],
      ['hardware/disks/0/file', 'a.qcow2'],
      ['hardware/disks/1/slot', '1'],
      ['hardware/order', 'disk, cd'],
      ['tags', ''],
      ['boot/once', 'false'],
    ],
  );
});

test('attributes are found by their path and by their value', () => {
  const found = (typed: string): readonly string[] =>
    findAttributes(listAttributes(thing), typed).map(({ path }) => path);
  assert.deepEqual(found('disks FILE'), ['hardware/disks/0/file']);
  assert.deepEqual(found('qcow'), ['hardware/disks/0/file']);
  assert.equal(found('').length, listAttributes(thing).length);
});

test('an address that does not say whose attributes are meant is none', () => {
  assert.deepEqual(parseAttributesPlace({ kind: 'vm', id: 'x' }), { kind: 'vm', id: 'x' });
  const disk = { kind: 'disk', id: '/vms/a.qcow2', host: 'h' };
  assert.deepEqual(parseAttributesPlace(disk), disk);
  for (const wrong of [
    { kind: 'user', id: 'x' },
    { kind: 'vm' },
    { kind: 'vm', id: '' },
    { kind: 'vm', id: 'x'.repeat(1025) },
    { kind: 'disk', id: '/vms/a.qcow2' },
    { kind: 'installation', id: 'x' },
  ])
    assert.deepEqual(parseAttributesPlace(wrong), {}, JSON.stringify(wrong));
});
