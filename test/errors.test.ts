/** docs/errors.md and the table of codes are the same, both ways. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { faultCodes, type FaultCode } from '#lib';
import { exitCodeOf, notWell } from '../src/cli/exit.ts';

const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (yes|no) \| (\d+) \| (.+?) \|/gm)].map(
  (match) => ({
    code: match[1] ?? '',
    status: Number(match[2]),
    retry: match[3] === 'yes',
    exit: Number(match[4]),
    meaning: match[5] ?? '',
  }),
);

test('API-23 every fault code stands in docs/errors.md with its status, exit code and meaning, and no other', () => {
  const expected = (Object.keys(faultCodes) as FaultCode[]).map((code) => ({
    code,
    status: faultCodes[code].status,
    retry: faultCodes[code].retry,
    exit: exitCodeOf(code),
    meaning: faultCodes[code].meaning,
  }));
  const order = (a: { code: string }, b: { code: string }): number => a.code.localeCompare(b.code);
  assert.deepEqual(rows.toSorted(order), expected.toSorted(order));
});

test('exit codes differ from each other and from those the shell uses', () => {
  const codes = [...rows.map((row) => row.exit), notWell];
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.every((code) => code > 0 && code < 64));
});
