import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '#lib';
import { describeFailure } from './failure.ts';

test('a failure is told with all its reasons and its hint', () => {
  const fault = new Fault('blocked', 'cannot turn on web-1', {
    hint: 'look at the checks',
    reasons: [
      { code: 'memory', text: 'the host has 1 GiB free', remedy: 'give it less memory' },
      { code: 'disk', text: 'its disk is gone' },
    ],
  });
  assert.deepEqual(describeFailure(fault), {
    message: 'cannot turn on web-1',
    reasons: fault.reasons,
    hint: 'look at the checks',
    code: 'blocked',
    logFilter: undefined,
  });
});

test('a hint that one of the reasons has as its remedy is not told twice', () => {
  const remedy = 'give it less memory';
  const reasons = [{ code: 'memory', text: 'the host has 1 GiB free', remedy }];
  const { hint } = describeFailure(new Fault('blocked', 'no', { hint: remedy, reasons }));
  assert.equal(hint, undefined);
});

test('what is no fault is told as it is', () => {
  assert.equal(describeFailure('text').message, 'text');
  assert.deepEqual(describeFailure(new Error('broken')).reasons, []);
});
