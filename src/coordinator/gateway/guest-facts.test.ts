import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestSchema } from '#api';
import { isFault } from '#lib';
import { guestFactsOf } from './guest-facts.ts';

const guest = guestSchema.parse({
  osName: 'Debian GNU/Linux 12',
  hostName: 'web',
  addresses: [],
  interfaces: [
    {
      mac: '52:47:59:00:00:01',
      addresses: [
        { address: '10.0.0.5', prefixLength: 24 },
        { address: 'fd00::5', prefixLength: 64 },
      ],
    },
  ],
  users: ['root'],
  timezone: null,
  domainController: null,
  clockOffsetMs: null,
  memoryTotalBytes: null,
  memoryFreeBytes: null,
  fileSystems: [{ mountPoint: '/', type: 'ext4', totalBytes: 1000, usedBytes: null }],
});

function told(types: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(guestFactsOf(guest, types).map(({ field, value }) => [field, value]));
}

void test('each group of facts is told where it is asked for, and all where none is', () => {
  assert.deepEqual(told(1), { 'user.count': 1, 'user.0.name': 'root' });
  assert.deepEqual(told(2 + 4 + 8), { 'os.pretty-name': 'Debian GNU/Linux 12', hostname: 'web' });
  assert.deepEqual(told(16), {
    'fs.count': 1,
    'fs.0.mountpoint': '/',
    'fs.0.fstype': 'ext4',
    'fs.0.total-bytes': 1000n,
  });
  assert.deepEqual(told(64), {
    'if.count': 1,
    'if.0.hwaddr': '52:47:59:00:00:01',
    'if.0.addr.count': 2,
    'if.0.addr.0.type': 'ipv4',
    'if.0.addr.0.addr': '10.0.0.5',
    'if.0.addr.0.prefix': 24,
    'if.0.addr.1.type': 'ipv6',
    'if.0.addr.1.addr': 'fd00::5',
    'if.0.addr.1.prefix': 64,
  });
  assert.deepEqual(told(0), { ...told(1), ...told(2 + 8), ...told(16), ...told(64) });
  assert.throws(
    () => told(32),
    (error) => isFault(error, 'unsupported'),
  );
});

void test('a guest that tells as much as it may still fits a list of the protocol', () => {
  const addresses = Array.from({ length: 64 }, () => ({ address: '10.0.0.1', prefixLength: 8 }));
  const most = guestSchema.parse({
    ...guest,
    users: Array.from({ length: 64 }, () => 'user'),
    interfaces: Array.from({ length: 32 }, () => ({ mac: '52:47:59:00:00:01', addresses })),
    fileSystems: Array.from({ length: 64 }, () => ({
      mountPoint: '/',
      type: 'ext4',
      totalBytes: 1,
      usedBytes: 1,
    })),
  });
  assert.ok(guestFactsOf(most, 0).length <= 2048);
});
