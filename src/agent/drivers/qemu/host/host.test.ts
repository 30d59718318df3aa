import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giB, miB } from '#lib';
import { CpuMeter, gradeOf, parseProcessors } from './machine-facts.ts';
import { judgeFigures, type Figures } from './resources.ts';

const cpuinfo = [0, 1, 2, 3]
  .map((n) =>
    [
      `processor\t: ${n}`,
      'vendor_id\t: GenuineIntel',
      'model name\t: A processor @ 2.0GHz',
      'cpu MHz\t\t: 1999.998',
      `physical id\t: ${n >> 1}`,
      'core id\t\t: 0',
      'flags\t\t: fpu vme sse2',
    ].join('\n'),
  )
  .join('\n\n');

test('HOST-01 processors are counted by socket, core and thread', () => {
  assert.deepEqual(parseProcessors(cpuinfo, 9), {
    vendor: 'GenuineIntel',
    model: 'A processor @ 2.0GHz',
    sockets: 2,
    cores: 2,
    threads: 4,
    clockMhz: 2000,
    flags: ['fpu', 'vme', 'sse2'],
    grade: 'ok',
  });
});

test('HOST-01 the grade follows the clock', () => {
  assert.deepEqual([null, 400, 549, 550, 999, 1000].map(gradeOf), [
    'ungraded',
    'below-minimum',
    'below-minimum',
    'below-recommended',
    'below-recommended',
    'ok',
  ]);
});

test('a host of another architecture is read as far as it tells', () => {
  const unknown = parseProcessors('', 6);
  assert.equal(unknown.threads, 6);
  assert.equal(unknown.grade, 'ungraded');
});

test('HOST-44 what is critically low is named with its figures', () => {
  const fine: Figures = {
    memoryFreeBytes: giB,
    diskFreeBytes: giB,
    processes: 100,
    maxProcesses: 1000,
    fileHandles: 10,
    maxFileHandles: 1000,
  };
  assert.equal(judgeFigures(fine), undefined);
  assert.equal(judgeFigures({ ...fine, memoryFreeBytes: 10 * miB })?.resource, 'memory');
  assert.equal(judgeFigures({ ...fine, diskFreeBytes: 0 })?.resource, 'disk');
  assert.deepEqual(judgeFigures({ ...fine, processes: 990 }), {
    resource: 'processes',
    evidence: '990 of 1000',
  });
  assert.equal(judgeFigures({ ...fine, fileHandles: 980 })?.resource, 'file handles');
});

test('use of the processors is the difference of two readings', () => {
  const meter = new CpuMeter();
  assert.equal(meter.read('cpu  100 0 100 800 0 0 0 0 0 0'), null);
  assert.equal(meter.read('cpu  150 0 150 900 0 0 0 0 0 0'), 50);
});
