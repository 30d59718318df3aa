import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { adapterSchema } from '#api';
import { askFor, countReceived, reachableAddresses } from './guest-frames.ts';
import type { Link } from './links.ts';

const link = (name: string, more: Partial<Link>): Link => ({
  name,
  alias: undefined,
  kind: undefined,
  master: undefined,
  isUp: true,
  hasCarrier: true,
  mac: undefined,
  addresses: [],
  ageingTime: undefined,
  ...more,
});

const network = '20000000-0000-4000-8000-0000000000a1';
const time = '2026-01-01T00:00:00.000Z';
const mac = '52:47:59:00:00:01';
const adapter = adapterSchema.parse({
  slot: 0,
  model: 'virtio',
  mac,
  attachment: { kind: 'network', network },
});

test('only what is on a link with the guest is asked for: nothing goes out elsewhere', () => {
  const cable = { vm: '20000000-0000-4000-8000-0000000000b1', network, adapter, tap: 'gtap0' };
  const links = [
    link('gtap0', { master: 'gbr0' }),
    link('gtap1', {}),
    link('gbr0', { addresses: ['10.72.1.1/24'] }),
    link('gbr1', { addresses: ['10.72.2.1/24'] }),
    link('eth0', { addresses: ['192.0.2.1/24'] }),
  ];
  const lease = { hostName: null, startsAt: time, expiresAt: time };
  const leases = new Map([
    [
      network,
      [
        { ...lease, mac, address: '10.72.1.7' },
        { ...lease, mac: '52:47:59:00:00:02', address: '10.72.1.8' },
      ],
    ],
  ]);
  const addresses = ['10.72.1.9', '10.72.1.9', '10.72.2.9', '192.0.2.9', '8.8.8.8', 'fe80::1'];
  const guest = { cables: [cable], links, addresses, leases };
  assert.deepEqual(reachableAddresses(guest), ['10.72.1.9', '10.72.1.7']);
  // A cable that leads nowhere.
  assert.deepEqual(reachableAddresses({ ...guest, cables: [{ ...cable, tap: 'gtap1' }] }), []);
});

const withoutRoot = process.getuid?.() === 0 ? false : 'port 9 takes root';

test('one datagram goes out for an address, and that is told', { skip: withoutRoot }, async () => {
  assert.equal(await askFor([]), false);
  const receiver = createSocket('udp4');
  try {
    receiver.bind(9, '127.0.0.9');
    await once(receiver, 'listening');
    const received = once(receiver, 'message');
    assert.equal(await askFor(['127.0.0.9']), true);
    assert.equal(((await received)[0] as Buffer).length, 1);
  } finally {
    receiver.close();
  }
});

test('what a tap received is what its machine sent', () => {
  const table = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs',
    '    lo:  123456     789    0    0    0     0          0         0   123456     789    0',
    ' gtap0:    4200      42    0    0    0     0          0         0        9       1    0',
    'gtap10:     100       5    0    0    0     0          0         0       18       2    0',
    '',
  ].join('\n');
  assert.equal(countReceived(table, ['gtap0', 'gtap10']), 47);
  assert.equal(countReceived(table, ['gtap1']), 0);
});
