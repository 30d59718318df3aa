import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFilter, parseFilter, type Vm } from '#api';
import { factFilter, factFound, nameFilter } from './sought.ts';

const vm = {
  id: '7a1d4a0e-5b51-4a35-9d2f-0f5d8f3a2b11',
  name: 'web-1',
  status: { guest: { addresses: ['192.0.2.7', '2001:db8::7'], osName: 'Debian 12' } },
  definition: {
    guestOs: 'linux',
    tags: ['front', 'shop'],
    description: 'the shop "at the corner"',
    hardware: {
      adapters: [{ mac: '52:54:00:aa:bb:cc', addresses: [] }],
      disks: [{ file: 'system.qcow2' }],
    },
  },
} as unknown as Vm;

test('a vm is found by what people know it by, and that is told', () => {
  for (const [typed, told] of [
    ['7a1d4a0e', vm.id],
    ['192.0.2', '192.0.2.7'],
    ['DB8::7', '2001:db8::7'],
    ['AA:BB', '52:54:00:aa:bb:cc'],
    ['debian', 'Debian 12'],
    ['shop', 'shop'],
    ['"at the', 'the shop "at the corner"'],
    ['system.q', 'system.qcow2'],
  ] as const) {
    assert.ok(compileFilter(parseFilter(factFilter('vm.list', typed)))(vm), typed);
    assert.equal(factFound('vm.list', vm, typed), told);
  }
});

test('what is found by its name is not found a second time', () => {
  assert.ok(compileFilter(parseFilter(nameFilter('web')))(vm));
  assert.equal(compileFilter(parseFilter(factFilter('vm.list', 'web')))(vm), false);
  assert.equal(factFound('vm.list', vm, 'web'), undefined);
  assert.equal(compileFilter(parseFilter(factFilter('vm.list', 'nowhere')))(vm), false);
});
