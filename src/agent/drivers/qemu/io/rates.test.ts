import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rates } from './rates.ts';

test('a rate is the difference of two readings by the seconds between them', () => {
  const rates = new Rates<'read' | 'written'>();
  assert.equal(rates.perSecond, null);
  rates.note({ read: 1000, written: 5 }, 10_000);
  assert.equal(rates.perSecond, null);
  rates.note({ read: 6000, written: 5 }, 12_500);
  assert.deepEqual(rates.perSecond, { read: 2000, written: 0 });
});

test('a counter that began anew has no rate until it is read again', () => {
  const rates = new Rates<'read'>();
  rates.note({ read: 1000 }, 1_000);
  rates.note({ read: 2000 }, 2_000);
  rates.note({ read: 10 }, 3_000);
  assert.equal(rates.perSecond, null);
  rates.note({ read: 30 }, 4_000);
  assert.deepEqual(rates.perSecond, { read: 20 });
});

test('two readings of one moment change nothing', () => {
  const rates = new Rates<'read'>();
  rates.note({ read: 0 }, 1_000);
  rates.note({ read: 100 }, 2_000);
  rates.note({ read: 900 }, 2_000);
  assert.deepEqual(rates.perSecond, { read: 100 });
});
