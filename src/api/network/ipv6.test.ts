/** Arithmetic on IPv6 addresses and prefixes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressIn,
  formatIpv6,
  formatPrefix,
  isInPrefix,
  networkIpv6Schema,
  parseIpv6,
  parsePrefix,
} from './ipv6.ts';

test('an address is read as it is written, in its shortest form', () => {
  for (const [text, short] of [
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fd00::', 'fd00::'],
    ['::1', '::1'],
    ['::', '::'],
    ['FD00:0:0:1:0:0:0:2', 'fd00:0:0:1::2'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ] as const)
    assert.equal(formatIpv6(parseIpv6(text) ?? -1n), short);
  for (const text of ['', '1', '::ffff:1.2.3.4', 'g::', '1:2:3:4:5:6:7:8:9', '1::2::3'])
    assert.equal(parseIpv6(text), undefined, text);
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      (value) => parseIpv6(formatIpv6(value)) === value,
    ),
  );
});

test('a prefix has 64 bits, and addresses are numbered in it', () => {
  assert.equal(parsePrefix('fd00:1::/48'), undefined);
  assert.equal(addressIn('fd00:1:2:3::/64', 1), 'fd00:1:2:3::1');
  assert.ok(isInPrefix('fd00:1:2:3::/64', 'fd00:1:2:3:ffff::9'));
  assert.ok(!isInPrefix('fd00:1:2:3::/64', 'fd00:1:2:4::9'));
  assert.equal(formatPrefix('FD00:1:2:3::9/64'), 'fd00:1:2:3::/64');
  assert.ok(!networkIpv6Schema.safeParse({ prefix: 'fd00::/48' }).success);
});
