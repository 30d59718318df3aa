import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Vm } from '#api';
import { snapshotDisks } from './snapshot-disks.ts';

test('disks that are shared or drives of the host are in no snapshot whose files are looked at', () => {
  const at = { bus: 'virtio', controller: 0 } as const;
  const disks = [
    { ...at, position: 0, shared: false },
    { ...at, position: 1, shared: true },
    { ...at, position: 2, shared: false, kind: 'device' },
    { ...at, position: 3, shared: false },
  ];
  const vm = { definition: { hardware: { disks } } } as unknown as Vm;
  assert.deepEqual(snapshotDisks(vm), ['virtio0:0', 'virtio0:3']);
});
