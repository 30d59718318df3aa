import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash } from '@node-rs/argon2';
import { isFault } from '#lib';
import { Passwords } from './passwords.ts';

void test('a password is right for its own hash only, and never where there is none', async () => {
  const passwords = new Passwords();
  const phc = await passwords.hash('plum kettle orbit');
  assert.notEqual(await passwords.hash('plum kettle orbit'), phc, 'salted');
  assert.ok(await passwords.verify(phc, 'plum kettle orbit'));
  assert.ok(!(await passwords.verify(phc, 'plum kettle orbi')));
  for (const word of ['there is no such user', '', 'plum kettle orbit'])
    assert.ok(!(await passwords.verify(null, word)));
});

void test('the same letters are the same password from every keyboard', async () => {
  const passwords = new Passwords();
  const composed = await passwords.hash('Gl\u00fchw\u00fcrmchen im Mai');
  assert.ok(await passwords.verify(composed, 'Glu\u0308hwu\u0308rmchen im Mai'));
});

void test('a hash with other parameters is known as outdated', async () => {
  const passwords = new Passwords();
  assert.ok(!passwords.isOutdated(await passwords.hash('x')));
  assert.ok(passwords.isOutdated(await hash('x', { memoryCost: 8192, timeCost: 1 })));
});

void test('however many sign in at once, the rest of the program goes on and the queue has an end', async () => {
  const passwords = new Passwords();
  const phc = await passwords.hash('plum kettle orbit');
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 1);
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, () => passwords.verify(phc, 'plum kettle orbit')),
  );
  clearInterval(ticking);
  const refused = answers.filter((one) => one.status === 'rejected');
  assert.ok(refused.length >= 30 && refused.every(({ reason }) => isFault(reason, 'rate-limited')));
  assert.ok(turns > 50, `the loop turned ${turns} times`);
  assert.ok(await passwords.verify(phc, 'plum kettle orbit'), 'afterwards there is room again');
});
