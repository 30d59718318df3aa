/** What is planned for the tunnel of a network, without a host: interfaces and tables as data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkSpecSchema, type SpanStanding } from '#api';
import { asCarried, partIn } from './carried.ts';
import { parseLeases, writeLeases } from './leases.ts';
import type { Link } from './links.ts';
import { macOf } from './names.ts';
import { beatPacket } from './tunnel-beat.ts';
import { judgePeers, parseEntries, planEntries, planTunnel, wantedEntries } from './tunnel-plan.ts';
import { tunnelLines } from './tunnel-rules.ts';

const hostId = '30000000-0000-4000-8000-000000000001';
const peerId = '30000000-0000-4000-8000-000000000002';
const span = { vni: 4711, mtu: 1450 };
const network = {
  ...networkSpecSchema.parse({
    id: '20000000-0000-4000-8000-000000000001',
    name: 'wide',
    type: 'nat',
    span,
    ipv4: {
      subnet: '10.71.1.0/24',
      gateway: '10.71.1.1',
      service: '10.71.1.2',
      dhcp: { first: '10.71.1.100', last: '10.71.1.150' },
      dnsServers: [],
    },
    forwards: [{ hostPort: 8080, address: '10.71.1.7', port: 80 }],
  }),
  span,
};
const standing: SpanStanding = {
  network: network.id,
  address: '192.0.2.1',
  peers: [
    {
      host: peerId,
      name: 'bob',
      address: '192.0.2.2',
      adapters: [
        { mac: '52:47:59:00:00:01', vmName: 'one' },
        { mac: '52:47:59:00:00:02', vmName: 'two' },
      ],
    },
  ],
  service: peerId,
  term: 1,
  leases: [],
  leased: [],
};
const under: Link = {
  name: 'eno1',
  alias: undefined,
  kind: undefined,
  master: undefined,
  isUp: true,
  hasCarrier: true,
  mac: '02:00:00:00:00:01',
  addresses: ['192.0.2.1/24'],
  ageingTime: undefined,
  mtu: 1500,
};
const tunnel: Link = {
  ...under,
  name: 'gvx0',
  alias: `gantry ${hostId} tunnel ${network.id}`,
  kind: 'vxlan',
  master: 'gbr0',
  addresses: [],
  mtu: 1450,
  tunnel: { vni: 4711, address: '192.0.2.1', port: 4789, learns: false },
  port: { learns: false, floods: false },
};
const plan = (links: readonly Link[], change: object = {}) => {
  const { calls, degraded } = planTunnel(
    hostId,
    { ...network, ...change },
    'gbr0',
    standing,
    links,
  );
  return {
    calls: calls.map((call) => call.join(' ')),
    reasons: degraded.map(({ code }) => code),
  };
};

void test('a tunnel that is as it should be takes no call; one that is not there is made', () => {
  assert.deepEqual(plan([under, tunnel]), { calls: [], reasons: [] });
  assert.deepEqual(plan([under]).calls, [
    'link add name gnew-30000000 type vxlan id 4711 local 192.0.2.1 dstport 4789 nolearning',
    `link set dev gnew-30000000 alias gantry ${hostId} tunnel ${network.id}`,
    'link set dev gnew-30000000 name gvx0',
    'link set dev gvx0 mtu 1450',
    'link set dev gvx0 master gbr0',
    'link set dev gvx0 type bridge_slave learning off flood off',
    'link set dev gvx0 up',
  ]);
});

void test('a tunnel of another number or address is made again, one with other settings is set', () => {
  const moved = { ...tunnel, tunnel: { ...tunnel.tunnel, address: '192.0.2.9' } } as Link;
  assert.deepEqual(plan([under, moved]).calls.slice(0, 2), [
    'link del dev gvx0',
    'link add name gnew-30000000 type vxlan id 4711 local 192.0.2.1 dstport 4789 nolearning',
  ]);
  assert.deepEqual(plan([under, tunnel], { forgedAddresses: true }).calls, [
    'link set dev gvx0 type bridge_slave learning off flood on',
  ]);
});

void test('a host without an address for tunnels, or with small packets, says so', () => {
  assert.deepEqual(plan([tunnel]), {
    calls: ['link del dev gvx0'],
    reasons: ['span-without-address'],
  });
  assert.deepEqual(plan([{ ...under, mtu: 1400 }, tunnel]).reasons, ['mtu-too-small']);
  const [none] = standing.peers.map((peer) => ({ ...peer, address: null }));
  assert.deepEqual(
    judgePeers({ ...standing, peers: none === undefined ? [] : [none] }, new Set()).map(
      ({ code }) => code,
    ),
    ['peer-without-address'],
  );
});

void test('the table says where everybody is that is not here, and what has moved is freed first', () => {
  const service = macOf('service', network.id);
  const gateway = macOf('network', network.id);
  const wanted = wantedEntries(network, standing, new Set(['52:47:59:00:00:02']));
  const lines = planEntries('gvx0', [], wanted);
  assert.deepEqual(lines, [
    'fdb append 00:00:00:00:00:00 dev gvx0 dst 192.0.2.2 self permanent',
    ...['52:47:59:00:00:01', gateway, service].flatMap((mac) => [
      `fdb replace ${mac} dev gvx0 dst 192.0.2.2 self permanent`,
      `fdb replace ${mac} dev gvx0 master static`,
    ]),
  ]);
  const shown = JSON.stringify([
    { mac: '52:47:59:00:00:01', master: 'gbr0', state: 'static', flags: [] },
    { mac: 'a6:51:d3:38:56:dc', master: 'gbr0', state: 'permanent', flags: [] },
    { mac: '52:47:59:00:00:01', dst: '192.0.2.3', flags: ['self'], state: 'permanent' },
  ]);
  assert.deepEqual(planEntries('gvx0', parseEntries(shown), wanted).slice(0, 2), [
    'fdb del 52:47:59:00:00:01 dev gvx0 dst 192.0.2.3 self',
    'fdb append 00:00:00:00:00:00 dev gvx0 dst 192.0.2.2 self permanent',
  ]);
  assert.throws(() => parseEntries('[{"mac":7}]'), /forwarding table/);
});

void test('a host that does not serve carries a nat network without gateway, service and forwards', () => {
  const member = asCarried(network, partIn(hostId, network, standing));
  assert.deepEqual([member.type, member.ipv4?.service, member.forwards], ['internal', null, []]);
  assert.equal(asCarried(network, partIn(peerId, network, standing)), network);
  const alone = { ...network, span: null };
  assert.equal(partIn(hostId, alone, undefined), 'serves');
});

void test('the rules let in a network only what comes from its hosts, and its service only from the one that serves', () => {
  const served = ['52:47:5a:20:00:00', '52:47:5b:20:00:00'];
  const rules = tunnelLines([{ vni: 4711, peers: ['192.0.2.2'], server: null, served }]);
  assert.deepEqual(rules.slice(3), [
    '  ip saddr 192.0.2.2 udp dport 4789 counter name from_192_0_2_2',
    '  udp dport 4789 @th,96,24 4711 ip saddr != { 192.0.2.2 } drop',
    '  udp dport 4789 @th,96,24 4711 @th,176,48 { 0x52475a200000, 0x52475b200000 } drop',
    '}',
  ]);
  assert.deepEqual(tunnelLines([]), []);
});

void test('what is sent to be heard is a VXLAN packet whose frame no bridge hands on', () => {
  const packet = beatPacket(4711);
  assert.deepEqual([packet.readUInt8(0), packet.readUIntBE(4, 3)], [0x08, 4711]);
  assert.equal(packet.subarray(8, 14).toString('hex'), '0180c200000e');
});

void test('leases travel as a file of the next service', () => {
  const text = '1793541600 52:47:59:00:00:01 10.71.1.100 one *\n';
  const leases = parseLeases(text, network);
  assert.equal(writeLeases(leases), text);
  assert.equal(
    writeLeases(leases.map((lease) => ({ ...lease, hostName: 'a b\n1 c' }))),
    text.replace('one', '*'),
  );
});
