import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Writer } from '../output/writer.ts';
import { writeStartCheck } from './start-check.ts';

const check = {
  ok: false,
  reasons: [{ code: 'memory', text: '2 GiB are missing', remedy: 'stop a vm, or take less' }],
  warnings: [{ code: 'acceleration', text: 'it is emulated' }],
};

function written(format: 'table' | 'csv', told: typeof check): readonly string[] {
  const lines: string[] = [];
  writeStartCheck({ line: (text) => lines.push(text) } as Partial<Writer> as Writer, format, told);
  return lines;
}

test('what speaks against a start is a row each in CSV, and lines for people', () => {
  assert.deepEqual(written('csv', check), [
    'KIND,CODE,TEXT,REMEDY',
    'reason,memory,2 GiB are missing,"stop a vm, or take less"',
    'warning,acceleration,it is emulated,',
  ]);
  assert.deepEqual(written('csv', { ok: true, reasons: [], warnings: [] }), [
    'KIND,CODE,TEXT,REMEDY',
  ]);
  assert.deepEqual(written('table', check), [
    'it cannot start:',
    '  2 GiB are missing; stop a vm, or take less',
    '  it is emulated',
  ]);
});
