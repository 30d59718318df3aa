import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firewallRuleSchema } from '#api';
import { isFault } from '#lib';
import { firewallOf, formatRule, parseRule } from './firewall-options.ts';

test('a rule is written as it is read', () => {
  for (const text of [
    'allow in tcp 22,8000-8080 from 10.80.0.0/24',
    'deny out any to fd00::/8',
    'allow in icmp',
    'deny in udp 53',
  ]) {
    const rule = parseRule(text);
    assert.deepEqual(firewallRuleSchema.parse(rule), rule);
    assert.equal(formatRule(rule), text);
  }
});

test('what is no rule is refused, and what the contract does not take is left to it', () => {
  for (const text of [
    '',
    'allow',
    'permit in tcp',
    'allow in tcp to 10.0.0.1',
    'allow in any from',
    'deny in gre',
  ])
    assert.throws(
      () => parseRule(text),
      (error) => isFault(error, 'invalid') && error.hint?.includes('allow in tcp') === true,
      text,
    );
  for (const text of [
    'allow in icmp 22',
    'allow in tcp 90-80',
    'allow in tcp 70000',
    'deny in tcp from lab',
  ])
    assert.equal(firewallRuleSchema.safeParse(parseRule(text)).success, false, text);
});

test('what is not said of a firewall stays', () => {
  const before = {
    inbound: 'deny',
    outbound: 'allow',
    rules: [parseRule('allow in tcp 22')],
  } as const;
  const kept = { ...before, rules: [...before.rules] };
  assert.equal(firewallOf({}, kept), undefined);
  assert.deepEqual(firewallOf({ 'default-out': 'deny' }, kept), { ...kept, outbound: 'deny' });
  assert.deepEqual(firewallOf({ rule: ['none'] }, kept), { ...kept, rules: [] });
});
