import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giB, kiB, miB } from '#lib';
import { bytesOfRate, rateUnits, showRate, unitOfRate } from './rate-units.ts';

test('a rate is shown in the largest unit of which it is a whole number', () => {
  const seen = [5_000_000, 9 * kiB, 100 * miB, 2 * giB, null].map((rate) => {
    const unit = unitOfRate(rate);
    return `${showRate(rate, '', unit)} ${unit.sign}`;
  });
  assert.deepEqual(seen, ['5000000 B/s', '9 KiB/s', '100 MiB/s', '2 GiB/s', ' MiB/s']);
});

test('what is shown is worth the same bytes, and what is typed stays as it was typed', () => {
  for (const unit of rateUnits)
    for (const rate of [1, 4_928_307, 5_000_000, 100 * miB])
      assert.equal(bytesOfRate(showRate(rate, '', unit), unit), rate);
  const mebibytes = rateUnits[2];
  assert.equal(showRate(bytesOfRate('4.70', mebibytes), '4.70', mebibytes), '4.70');
  assert.equal(bytesOfRate(' ', mebibytes), null);
});
