import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, systemClock } from '#lib';
import { SignInLimiter } from './limiter.ts';

function tries(limiter: SignInLimiter, user: string, address: string): boolean {
  try {
    limiter.begin(user, address);
    return true;
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'rate-limited');
    return false;
  }
}

void test('SEC-26 CVE class 19: of a hundred thousand tries within an hour a few dozen are looked at', () => {
  let now = 0;
  const limiter = new SignInLimiter({ ...systemClock, now: () => now });
  let taken = 0;
  for (let i = 0; i < 100_000; i += 1) {
    now += 36;
    if (tries(limiter, 'ada', '192.0.2.1')) taken += 1;
  }
  assert.ok(taken > 5 && taken < 30, `${taken} were looked at`);
});

void test('one address cannot try many users, and a success does not wash its failures away', () => {
  let now = 0;
  const limiter = new SignInLimiter({ ...systemClock, now: () => now });
  let taken = 0;
  for (let i = 0; i < 10_000; i += 1) {
    now += 100;
    if (tries(limiter, `user-${i}`, '192.0.2.1')) taken += 1;
    // The attacker has an account, too.
    if (tries(limiter, 'mallory', '192.0.2.1')) limiter.succeed('mallory', '192.0.2.1');
  }
  assert.ok(taken < 60, `${taken} were looked at`);
});

void test('the addresses of one IPv6 network are one address, those of others are not affected', () => {
  const limiter = new SignInLimiter({ ...systemClock, now: () => 0 });
  let taken = 0;
  for (let i = 0; i < 1000; i += 1)
    if (tries(limiter, 'ada', `2001:db8::${i.toString(16)}`)) taken += 1;
  assert.equal(taken, 5);
  assert.ok(!tries(limiter, 'ada', '2001:db8:0:0:ffff::1'));
  assert.ok(tries(limiter, 'ada', '2001:db8:0:1::1'));
  assert.ok(tries(limiter, 'ada', '192.0.2.1'));
});

void test('failures are forgotten after an hour, and what is remembered is bounded', () => {
  let now = 0;
  const limiter = new SignInLimiter({ ...systemClock, now: () => now });
  for (let i = 0; i < 20; i += 1) tries(limiter, 'ada', '192.0.2.1');
  assert.ok(!tries(limiter, 'ada', '192.0.2.1'));
  now += 3_600_001;
  assert.ok(tries(limiter, 'ada', '192.0.2.1'));
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 200_000; i += 1)
    tries(limiter, 'ada', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  assert.ok(process.memoryUsage().heapUsed - before < 60e6);
});
