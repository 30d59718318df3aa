import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Vm, VmStatus } from '#api';
import { sortByUse } from './top.ts';

const vm = (name: string, status: Partial<VmStatus>): Vm =>
  ({
    name,
    status: { cpuPercent: null, memoryBytes: null, diskUse: null, networkUse: null, ...status },
  }) as Vm;

const diskUse = (readBytesPerSecond: number, writtenBytesPerSecond: number) => ({
  diskUse: { readBytesPerSecond, writtenBytesPerSecond, readsPerSecond: 0, writesPerSecond: 0 },
});

const names = (vms: readonly Vm[]): string => vms.map(({ name }) => name).join(' ');

test('those that use most of what is asked for come first, those of which nothing is known last', () => {
  const vms = [
    vm('d', {}),
    vm('a', { cpuPercent: 1, ...diskUse(5, 5) }),
    vm('b', { cpuPercent: 90, ...diskUse(0, 0) }),
    vm('c', { cpuPercent: 1, ...diskUse(0, 20) }),
  ];
  assert.equal(names(sortByUse(vms, 'cpu')), 'b a c d');
  assert.equal(names(sortByUse(vms, 'disk')), 'c a b d');
  assert.equal(names(sortByUse(vms, 'name')), 'a b c d');
});
