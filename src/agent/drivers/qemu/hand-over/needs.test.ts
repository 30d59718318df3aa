import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { judgeNeeds, readNeeds, revisionOf, type NeededHost } from './needs.ts';

const needs = {
  driver: 'qemu',
  qemuVersion: '7.2.9',
  machine: 'q35-7.2',
  acceleration: 'kvm',
  processor: ['sse4_2', 'avx512f', 'amx_tile'],
} as const;

const host: NeededHost = {
  qemuVersion: '7.2.9',
  machines: new Set(['q35-7.2', 'pc-7.2']),
  accelerations: new Set(['kvm', 'tcg']),
  processor: new Set(['sse4_2', 'avx512f', 'amx_tile', 'sse2']),
};

const codes = (other: Partial<NeededHost>): string[] =>
  judgeNeeds(needs, { ...host, ...other }).map(({ code }) => code);

test('MIG-03 a host that lacks features of the processor that the guest may use is refused with their list', () => {
  assert.deepEqual(codes({}), []);
  const [reason, ...more] = judgeNeeds(needs, { ...host, processor: new Set(['sse4_2']) });
  assert.deepEqual([reason?.code, more], ['guest-processor', []]);
  assert.match(reason?.text ?? '', /lacks avx512f, amx_tile, which the guest may use/);
});

test('all that the other host lacks is told together', () => {
  const none = { machines: new Set(['q35-9.0']), accelerations: new Set(['tcg'] as const) };
  assert.deepEqual(codes({ ...none, processor: new Set() }), [
    'guest-machine',
    'guest-acceleration',
    'guest-processor',
  ]);
});

test('what another version tells is refused; the revision of a machine is read from its name', () => {
  assert.deepEqual(readNeeds({ ...needs, later: 1 }), needs);
  for (const told of [{}, { ...needs, machine: 'q35' }, { ...needs, driver: 'simulated' }])
    assert.throws(
      () => readNeeds(told),
      (error) => isFault(error, 'unsupported'),
    );
  assert.equal(revisionOf(needs), '7.2');
});
