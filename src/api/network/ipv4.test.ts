import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatIpv4,
  formatSubnet,
  isHostOf,
  netmaskOf,
  overlaps,
  parseIpv4,
  parseSubnet,
} from './ipv4.ts';

function subnet(text: string) {
  const parsed = parseSubnet(text);
  assert(parsed, text);
  return parsed;
}

void test('every address is written as it is read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      assert.equal(parseIpv4(formatIpv4(value)), value);
    }),
  );
});

void test('what is no address is none', () => {
  for (const text of ['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '1.2.3.-4', ' 1.2.3.4'])
    assert.equal(parseIpv4(text), undefined, text);
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'x/8'])
    assert.equal(parseSubnet(text), undefined, text);
});

void test('a subnet has its host bits cleared and its mask from its length', () => {
  assert.equal(formatSubnet(subnet('10.1.2.77/24')), '10.1.2.0/24');
  assert.equal(formatSubnet(subnet('255.255.255.255/1')), '128.0.0.0/1');
  assert.equal(netmaskOf(subnet('10.0.0.0/24')), '255.255.255.0');
  assert.equal(netmaskOf(subnet('10.0.0.0/30')), '255.255.255.252');
  assert.equal(netmaskOf(subnet('10.0.0.0/8')), '255.0.0.0');
});

void test('subnets overlap where one lies in the other and nowhere else', () => {
  assert(overlaps(subnet('10.0.0.0/8'), subnet('10.9.0.0/24')));
  assert(overlaps(subnet('10.9.0.0/24'), subnet('10.0.0.0/8')));
  assert(!overlaps(subnet('10.9.0.0/24'), subnet('10.9.1.0/24')));
});

void test('the first and the last address of a subnet are no machine’s', () => {
  const at = subnet('10.9.0.0/30');
  const hosts = [0, 1, 2, 3, 4].filter((offset) => isHostOf(at, at.first + offset));
  assert.deepEqual(hosts, [1, 2]);
});
