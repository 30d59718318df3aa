/** Rules of a real nftables, in a network namespace. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { must } from '../../../testing/net-guest.ts';
import { isInOwnNetwork } from '../../../testing/own-network.ts';
import { balancedAmong } from './balanced.ts';
import { parseBalancingRules, readBalancingRules } from './balancing-rules.ts';
import { findProgram } from './programs.ts';

const holder = {
  names: ['eth0'],
  addresses: ['192.0.2.1/24', '192.0.2.80/32', '192.0.2.90/24', '2001:db8::80/128', 'fe80::1/64'],
};

const ruleset = `table inet own {
  chain come {
    type nat hook prerouting priority dstnat;
    ip daddr 192.0.2.80 tcp dport 80 dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
    ip6 daddr 2001:db8::/120 tcp dport 80 dnat ip6 to jhash ip6 saddr mod 2 map { 0 : fd00::1, 1 : fd00::2 }
    iifname "eth1" dnat ip to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
    ip daddr 192.0.2.90 tcp dport 80 dnat ip to 10.0.0.5
    ip daddr 192.0.2.1 tcp dport 80 dnat ip to tcp dport map { 80 : 10.0.0.5 }
  }
}`;

if (isInOwnNetwork(import.meta.filename))
  void suite('rules of a host', () => {
    void test('addresses that nftables spreads over servers are told, and those that it only forwards are not', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'gb-'));
      try {
        writeFileSync(join(folder, 'rules'), ruleset);
        must('nft', '-f', join(folder, 'rules'));
        const rules = await readBalancingRules(await findProgram('nft'));
        assert.deepEqual(balancedAmong(holder, rules, folder), ['192.0.2.80', '2001:db8::80']);
        const elsewhere = { names: ['eth1'], addresses: ['198.51.100.1/24', 'fe80::1/64'] };
        assert.deepEqual(balancedAmong(elsewhere, rules, folder), ['198.51.100.1']);
        assert.deepEqual(balancedAmong(holder, await readBalancingRules(undefined), folder), []);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    void test('what is no ruleset has no rules that balance', () => {
      for (const text of [
        '',
        '{',
        '[]',
        '{"nftables": 1}',
        '{"nftables": [{"rule": {"family": "ip"}}]}',
      ])
        assert.deepEqual(parseBalancingRules(text), []);
    });
  });
