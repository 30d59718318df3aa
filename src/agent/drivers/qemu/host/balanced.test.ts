/** What the kernel lists of load balancing, as files of the test's own. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { balancedAmong } from './balanced.ts';

const own = ['192.0.2.1/24', '192.0.2.80/32', '192.0.2.90/24', '2001:db8::80/128', 'fe80::1/64'];

const holder = { names: ['eth0'], addresses: own };

void test('addresses of virtual services are told, those of servers behind them and all others are not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gb-'));
  try {
    assert.deepEqual(balancedAmong(holder, [], folder), []);
    writeFileSync(
      join(folder, 'ip_vs'),
      [
        'IP Virtual Server version 1.2.1 (size=4096)',
        'Prot LocalAddress:Port Scheduler Flags',
        '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn',
        'TCP  C0000250:0050 rr  ',
        '  -> C0000201:0050      Masq    1      0          0',
        'TCP  [2001:0db8:0000:0000:0000:0000:0000:0080]:01BB wlc  ',
        'FWM  00000001 rr  ',
      ].join('\n'),
    );
    mkdirSync(join(folder, 'ipt_CLUSTERIP'));
    writeFileSync(join(folder, 'ipt_CLUSTERIP', '192.0.2.90'), '1\n');
    assert.deepEqual(balancedAmong(holder, [], folder), [
      '192.0.2.80',
      '192.0.2.90',
      '2001:db8::80',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
