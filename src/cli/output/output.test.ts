import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, localTime, shortDuration } from './human.ts';
import { displayWidth, renderCsv, renderTable, type Column } from './table.ts';
import { plain } from './writer.ts';

const columns: readonly Column<readonly [string, string]>[] = [
  { title: 'NAME', value: (row) => row[0] },
  { title: 'SIZE', value: (row) => row[1], align: 'right' },
];

void test('VM-17 writes running time in human form, for example 14 minutes, 27 seconds', () => {
  assert.equal(humanDuration(14 * 60 + 27), '14 minutes, 27 seconds');
  assert.equal(humanDuration(1), '1 second');
  assert.equal(humanDuration(0), '0 seconds');
  assert.equal(humanDuration(3600), '1 hour');
  assert.equal(humanDuration(90061), '1 day, 1 hour');
  assert.equal(shortDuration(3725), '1h 2m');
});

void test('EVT-05 times are shown in the time zone of whoever looks', () => {
  const before = process.env['TZ'];
  const shown = (zone: string): string => {
    process.env['TZ'] = zone;
    return localTime('2026-07-01T22:30:00.123Z');
  };
  try {
    assert.equal(shown('UTC'), '2026-07-01 22:30:00');
    assert.equal(shown('Europe/Berlin'), '2026-07-02 00:30:00');
    assert.equal(shown('America/New_York'), '2026-07-01 18:30:00');
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});

void test('columns are as wide as their widest cell, also with wide characters', () => {
  assert.deepEqual(
    renderTable(
      columns,
      [
        ['a', '1 GiB'],
        ['日本', '12 MiB'],
      ],
      0,
    ),
    ['NAME    SIZE', 'a      1 GiB', '日本  12 MiB'],
  );
});

void test('lines are cut to the terminal and say so', () => {
  const [, line = ''] = renderTable(columns, [['a very long name indeed', '1']], 12);
  assert.equal(displayWidth(line), 12);
  assert.ok(line.endsWith('…'));
});

void test('sentences go on in further lines where the terminal is narrow, and nothing of them is lost', () => {
  const told: readonly Column<readonly [string, string]>[] = [
    { title: 'CHECK', value: (row) => row[0] },
    { title: 'REMEDY', value: (row) => row[1], wraps: true },
  ];
  const rows = [['kvm', 'load the module, then look /again/at/a/path/that/is/long'] as const];
  assert.deepEqual(renderTable(told, rows, 27), [
    'CHECK  REMEDY',
    'kvm    load the module,',
    '       then look',
    '       /again/at/a/path/',
    '       that/is/long',
  ]);
  assert.equal(renderTable(told, rows, 0).length, 2);
  // Too narrow for both: what cannot be shown is cut.
  assert.ok(renderTable(told, rows, 15).every((line) => displayWidth(line) <= 15));
});

void test('names cannot move the cursor or change colours of the terminal', () => {
  assert.equal(plain('a\u001b[31mb\u0007\u009bc'), 'a\ufffd[31mb\ufffd\ufffdc');
  assert.ok(
    !renderTable(columns, [['\u001b]0;x\u0007', '']], 0)
      .join('')
      .includes('\u001b'),
  );
});

void test('CSV quotes what needs it and disarms formulas', () => {
  assert.deepEqual(
    renderCsv(columns, [
      ['a,"b"', '=1+1'],
      ['x', '-5'],
    ]),
    ['NAME,SIZE', '"a,""b""",\'=1+1', 'x,-5'],
  );
});
