import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intParam, uhyperParam, uintParam, type TypedParam } from '#libvirt';
import { readDomain, sampleOf } from './domain.ts';

const running = { name: 'a', uuid: '00000000-0000-4000-8000-000000000001', id: 3 };
const off = { ...running, id: -1 };

const listed = (isSaved: boolean) => ({ isSaved, startsWithHost: false });

test('states are those of libvirt, in our words', () => {
  const state = (number: number, handle = running, saved = false): string =>
    readDomain(handle, [intParam('state.state', number)], listed(saved)).state;
  assert.deepEqual(
    [1, 2, 3, 4, 6, 7].map((number) => state(number)),
    ['running', 'running', 'paused', 'shutting-down', 'paused', 'running'],
  );
  assert.equal(state(5, off), 'off');
  assert.equal(state(5, off, true), 'saved');
  assert.equal(state(6, off), 'off');
  assert.equal(state(0, off), 'off');
  assert.equal(state(0), 'running');
});

const look = (cpuNs: number, readBytes: number): readonly TypedParam[] => [
  intParam('state.state', 1),
  uhyperParam('cpu.time', cpuNs),
  uintParam('vcpu.maximum', 2),
  uhyperParam('balloon.maximum', 1_048_576),
  uhyperParam('balloon.rss', 2048),
  uhyperParam('block.0.rd.bytes', readBytes),
  uhyperParam('block.0.capacity', 77),
  uhyperParam('block.10.rd.bytes', 500),
  uhyperParam('net.0.rx.bytes', 10),
];

test('figures of two looks make rates, of all disks together and of the vm’s own processors', () => {
  const first = readDomain(running, look(1_000_000_000, 1000), listed(false));
  assert.equal(first.memoryBytes, 1024 ** 3);
  const second = readDomain(running, look(3_000_000_000, 5000), listed(false));
  const sample = sampleOf('id', second, first.counters, 2000);
  assert.equal(sample.cpuPercent, 50);
  assert.equal(sample.memoryBytes, 2_097_152);
  assert.equal(sample.diskUse?.readBytesPerSecond, 2000);
  assert.equal(sample.networkUse?.receivedBytesPerSecond, 0);
  const alone = sampleOf('id', first, undefined, 0);
  assert.deepEqual([alone.cpuPercent, alone.diskUse, alone.networkUse], [null, null, null]);
});

test('counters that begin anew are no use below zero, and what is not told is null', () => {
  const before = readDomain(running, look(9_000_000_000, 9000), listed(false));
  const after = readDomain(running, look(1, 1), listed(false));
  const sample = sampleOf('id', after, before.counters, 1000);
  assert.equal(sample.cpuPercent, 0);
  assert.equal(sample.diskUse?.readBytesPerSecond, 0);
  const bare = readDomain(off, [], listed(false));
  assert.deepEqual([bare.processors, bare.memoryBytes, bare.counters.disk], [null, null, null]);
});
