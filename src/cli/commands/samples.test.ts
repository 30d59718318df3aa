import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { parseDuration, parseMoment } from '../moment.ts';
import { sparkline } from '../output/sparkline.ts';

test('a course is as wide as asked for, shows the greatest of each column, and gaps as blanks', () => {
  assert.equal(sparkline([0, 50, 100, null], 100, 40), '▁▅█ ');
  assert.equal(sparkline([0, 0, 100, 0, null, null], 100, 3), '▁█ ');
  assert.equal(sparkline([0, 0], 0, 40), '▁▁');
  assert.equal(sparkline([], 100, 40), '');
  assert.equal(sparkline(Array<number>(1000).fill(1), 1, 40), '█'.repeat(40));
});

test('a time is one that is written out, or so long ago', () => {
  const now = Date.parse('2026-01-31T12:00:00.000Z');
  assert.equal(parseMoment('from', '-1h', now), '2026-01-31T11:00:00.000Z');
  assert.equal(parseMoment('from', '7d', now), '2026-01-24T12:00:00.000Z');
  assert.equal(parseMoment('to', 'now', now), '2026-01-31T12:00:00.000Z');
  assert.equal(parseMoment('to', '2026-01-31T13:00:00+02:00', now), '2026-01-31T11:00:00.000Z');
  for (const text of ['', 'yesterday', '5', '-1y', '1h30m', '99999999999w'])
    assert.throws(
      () => parseMoment('from', text, now),
      (error) => isFault(error, 'invalid') && error.message.includes('--from'),
      text,
    );
});

test('a duration is a number with its unit', () => {
  assert.equal(parseDuration('step', '90s'), 90_000);
  assert.equal(parseDuration('step', '2w'), 2 * 7 * 86_400_000);
  for (const text of ['0m', '5', 'm', '1.5h', '999999999w'])
    assert.throws(
      () => parseDuration('step', text),
      (error) => isFault(error, 'invalid'),
    );
});
