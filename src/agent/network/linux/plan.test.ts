/** What is planned for a host, without one: interfaces as data, calls as data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkSpecSchema, openFirewall } from '#api';
import { parseLeases } from './leases.ts';
import { parseLinks, type Link } from './links.ts';
import { freeName, readAlias, writeAlias } from './names.ts';
import { planNetwork, planPorts, planReleases, planRemovals } from './plan.ts';
import { writeNoRules, writeRuleset } from './ruleset.ts';
import { hostNameOf, upstreamServers, writeHosts, writeServiceConfig } from './service-config.ts';

const hostId = '30000000-0000-4000-8000-000000000001';
const vm = '10000000-0000-4000-8000-000000000001';
const nat = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-000000000001',
  name: 'lab',
  type: 'nat',
  domain: 'lab.test',
  ipv4: {
    subnet: '10.71.1.0/24',
    gateway: '10.71.1.1',
    service: '10.71.1.2',
    dhcp: { first: '10.71.1.100', last: '10.71.1.150', leaseSeconds: 3600 },
    dnsServers: [],
  },
  reservations: [{ mac: '52:47:59:00:00:07', address: '10.71.1.7' }],
  forwards: [{ hostPort: 8080, address: '10.71.1.7', port: 80 }],
});
const bridge: Link = {
  name: 'gbr0',
  alias: `gantry ${hostId} network ${nat.id}`,
  kind: 'bridge',
  master: undefined,
  isUp: true,
  hasCarrier: true,
  mac: '52:47:5a:20:00:00',
  addresses: ['10.71.1.1/24'],
  ageingTime: 30_000,
};
const tap: Link = {
  ...bridge,
  name: 'gtap0',
  alias: `gantry ${hostId} adapter ${vm}/0`,
  kind: 'tun',
  master: 'gbr0',
  addresses: [],
  ageingTime: undefined,
};
const places = {
  folder: '/d',
  config: '/d/dnsmasq.conf',
  hosts: '/d/hosts',
  leases: '/d/leases',
  log: '/d/log',
  term: '/d/term',
};

const calls = (links: readonly Link[], network = nat): string[] =>
  planNetwork(hostId, network, links).calls.map((call) => call.join(' '));

void test('a network that is as it should be takes no call', () => {
  assert.deepEqual(calls([bridge, tap]), []);
  assert.deepEqual(planPorts(hostId, [{ vm, slot: 0, bridge: 'gbr0' }], [bridge, tap]), []);
  const wanted = { networks: new Set([nat.id]), shared: new Set<string>(), hasPort: () => true };
  assert.deepEqual(planRemovals(hostId, wanted, [bridge, tap]), []);
});

void test('a network that is not there is made, under a name that is free', () => {
  assert.deepEqual(calls([{ ...bridge, alias: undefined, addresses: [] }]), [
    'link add name gnew-30000000 type bridge forward_delay 0',
    `link set dev gnew-30000000 alias gantry ${hostId} network ${nat.id}`,
    'link set dev gnew-30000000 name gbr1',
    'link set dev gbr1 address 52:47:5a:20:00:00',
    'address add 10.71.1.1/24 dev gbr1',
    'link set dev gbr1 up',
  ]);
});

void test('only what differs is done: an address, the memory of a promiscuous bridge, its being up', () => {
  assert.deepEqual(calls([{ ...bridge, addresses: ['10.0.0.1/8'] }]), [
    'address del 10.0.0.1/8 dev gbr0',
    'address add 10.71.1.1/24 dev gbr0',
  ]);
  assert.deepEqual(calls([{ ...bridge, isUp: false }], { ...nat, promiscuous: true }), [
    'link set dev gbr0 type bridge ageing_time 0',
    'link set dev gbr0 up',
  ]);
});

void test('what another installation or nobody has made is never removed', () => {
  const wanted = { networks: new Set<string>(), shared: new Set<string>(), hasPort: () => false };
  const others = [
    { ...bridge, alias: bridge.alias?.replace(hostId, vm) },
    { ...bridge, name: 'gbr5', alias: undefined },
    { ...bridge, name: 'br0', alias: 'gantry' },
  ];
  assert.deepEqual(planRemovals(hostId, wanted, others), []);
  assert.deepEqual(
    planRemovals(hostId, wanted, [bridge, tap]).map((call) => call.join(' ')),
    ['link del dev gbr0', 'link del dev gtap0'],
  );
});

void test('what an agent was making when it was killed is removed, whether it has its alias or not', () => {
  const wanted = { networks: new Set([nat.id]), shared: new Set<string>(), hasPort: () => true };
  for (const alias of [undefined, bridge.alias])
    assert.deepEqual(planRemovals(hostId, wanted, [{ ...bridge, name: 'gnew-30000000', alias }]), [
      ['link', 'del', 'dev', 'gnew-30000000'],
    ]);
});

void test('an adapter that a bridged network is at no more is let go, and no other', () => {
  const lan = networkSpecSchema.parse({
    ...nat,
    type: 'bridged',
    adapter: 'eno2',
    ipv4: null,
    reservations: [],
    forwards: [],
  });
  const eno1: Link = { ...tap, name: 'eno1', alias: undefined, kind: undefined };
  const all = [bridge, tap, eno1, { ...eno1, name: 'eno2' }];
  const released = (network: typeof nat): string[] =>
    planReleases(hostId, [network], all).map((call) => call.join(' '));
  assert.deepEqual(released(lan), ['link set dev eno1 nomaster']);
  assert.deepEqual(released(nat), [], 'others have none');
});

void test('an adapter with an address that somebody gave it is not put into a bridge, whichever version of IP', () => {
  const lan = networkSpecSchema.parse({
    id: nat.id,
    name: 'lan',
    type: 'bridged',
    adapter: 'eno1',
    ipv4: null,
  });
  const eno1: Link = { ...tap, name: 'eno1', alias: undefined, kind: undefined, master: undefined };
  const reasons = (link: Link): readonly string[] =>
    planNetwork(hostId, lan, [link]).down.map(({ code }) => code);
  assert.deepEqual(reasons({ ...eno1, fixed6: ['2001:db8::5/64'] }), ['adapter-in-use']);
  assert.deepEqual(reasons({ ...eno1, addresses: ['192.0.2.5/24'] }), ['adapter-in-use']);
  assert.deepEqual(reasons({ ...eno1, addresses6: ['2001:db8::9/64'], fixed6: [] }), []);
});

void test('a bridge that the host shares an adapter by is that of every network on it, and stays while it is shared', () => {
  const eno1: Link = { ...tap, name: 'eno1', alias: undefined, kind: undefined, master: 'gbr4' };
  const alias = writeAlias(hostId, { kind: 'uplink', adapter: 'eno1' });
  const uplink: Link = { ...bridge, name: 'gbr4', alias, addresses: ['192.0.2.5/24'] };
  const lan = networkSpecSchema.parse({
    id: nat.id,
    name: 'lan',
    type: 'bridged',
    adapter: 'eno1',
    ipv4: null,
  });
  const plan = planNetwork(hostId, lan, [eno1, uplink]);
  assert.deepEqual([plan.bridge, plan.ownBridge, plan.calls], ['gbr4', undefined, []]);
  const wanted = { networks: new Set<string>(), hasPort: () => false };
  const removed = (shared: readonly string[]): number =>
    planRemovals(hostId, { ...wanted, shared: new Set(shared) }, [eno1, uplink]).length;
  assert.deepEqual([removed(['eno1']), removed([])], [0, 1]);
});

void test('an alias is read as it was written, and by its own host only', () => {
  const purpose = { kind: 'adapter', vm, slot: 15 } as const;
  const alias = writeAlias(hostId, purpose);
  assert.deepEqual(readAlias(hostId, alias), purpose);
  assert.equal(readAlias(vm, alias), undefined);
  assert.ok(alias.length < 256, 'IFALIASZ');
  assert.ok(freeName('service', new Set()).length <= 15, 'IFNAMSIZ');
});

void test('the rules of a network are those that were looked through', () => {
  const hostOnly = { ...nat, type: 'host-only' as const, forwards: [] };
  const rules = writeRuleset({
    hostId,
    networks: [
      { network: nat, bridge: 'gbr0', members: ['gtap0'] },
      { network: hostOnly, bridge: 'gbr1', members: [] },
    ],
    ports: [
      {
        tap: 'gtap0',
        mac: '52:47:59:00:00:01',
        network: nat.id,
        priority: 'high',
        firewall: openFirewall,
        guarded: { mac: 'own', dhcp: 'clients-only', addresses: 'any', vlans: 'any' },
      },
    ],
    tunnels: [],
  });
  assert.equal(
    rules,
    `table inet gantry-30000000
delete table inet gantry-30000000
table inet gantry-30000000 {
  chain forward {
    type filter hook forward priority filter; policy accept;
    meta priority set ether saddr map { 52:47:59:00:00:01 : 0:6 }
    iifname "gbr0" oifname "gbr0" accept
    iifname "gbr0" oifname { "gbr0", "gbr1" } drop
    iifname "gbr0" ip saddr 10.71.1.0/24 accept
    iifname "gbr0" drop
    oifname "gbr0" ct state established,related accept
    oifname "gbr0" ct status dnat accept
    oifname "gbr0" drop
    iifname "gbr1" oifname "gbr1" accept
    iifname "gbr1" drop
    oifname "gbr1" drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local meta nfproto ipv4 tcp dport 8080 dnat ip to 10.71.1.7:80
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local meta nfproto ipv4 tcp dport 8080 dnat ip to 10.71.1.7:80
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.71.1.0/24 ip daddr != 10.71.1.0/24 oifname != "gbr0" masquerade
    ip saddr 10.71.1.0/24 ip daddr 10.71.1.0/24 ct status dnat masquerade
  }
}
table bridge gantry-30000000
flush table bridge gantry-30000000
table bridge gantry-30000000 {
  set answering { type ifname . ether_addr . ipv4_addr; size 16384; flags dynamic,timeout; timeout 120s; }
  set claiming { type ifname . ether_addr . ipv4_addr; size 16384; flags dynamic,timeout; timeout 120s; }
  set doubled { type ifname . ether_addr; size 16384; flags dynamic,timeout; timeout 120s; }
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    udp sport 67 udp dport 68 iifname { "gtap0" } update @answering { iifname . ether saddr . ip saddr }
    arp saddr ip != 0.0.0.0 iifname { "gtap0" } update @claiming { iifname . arp saddr ether . arp saddr ip }
    iifname { "gtap0" } iifname . ether saddr != { "gtap0" . 52:47:59:00:00:01 } drop
    udp sport 67 udp dport 68 iifname { "gtap0" } drop
    udp sport 547 udp dport 546 iifname { "gtap0" } drop
    icmpv6 type nd-router-advert iifname { "gtap0" } drop
    meta priority set iifname map { "gtap0" : 0:6 }
  }
  chain input {
    type filter hook input priority 0; policy accept;
    meta pkttype other iifname { "gtap0" } drop
  }
}
`,
  );
  assert.doesNotMatch(writeNoRules(hostId), /\{/);
});

void test('the service is told range, gateway, names and where it keeps leases', () => {
  assert.equal(
    writeServiceConfig(nat, places, ['192.0.2.53']),
    `# 10.71.1.2 in 10.71.1.0/24, by way of 10.71.1.1
keep-in-foreground
pid-file=
log-facility=-
interface=eth0
except-interface=lo
bind-dynamic
no-hosts
no-resolv
no-poll
server=192.0.2.53
domain=lab.test
local=/lab.test/
expand-hosts
dhcp-leasefile=/d/leases
dhcp-hostsfile=/d/hosts
dhcp-authoritative
dhcp-ignore-names=tag:!known
quiet-dhcp
dhcp-range=10.71.1.100,10.71.1.150,255.255.255.0,3600
dhcp-broadcast
no-ping
dhcp-option=option:router,10.71.1.1
dhcp-option=option:dns-server,10.71.1.2
`,
  );
  const internal = { ...nat, type: 'internal' } as const;
  assert.doesNotMatch(writeServiceConfig(internal, places, ['192.0.2.53']) ?? '', /server=192/);
  assert.equal(writeServiceConfig({ ...nat, ipv4: null }, places, []), undefined);
});

void test('each name is one vm’s, as host names are written', () => {
  const known = [
    { mac: '52:47:59:00:00:07', vmName: 'Web 1' },
    { mac: '52:47:59:00:00:08', vmName: 'web-1' },
    { mac: '52:47:59:00:00:09', vmName: '北' },
  ];
  assert.equal(
    writeHosts(nat, known),
    '52:47:59:00:00:07,10.71.1.7,web-1\n52:47:59:00:00:08\n52:47:59:00:00:09\n',
  );
  assert.equal(hostNameOf('-x,y\nz-'), 'x-y-z');
});

void test('what others write is read with care: resolv.conf, leases, interfaces', () => {
  const conf =
    'nameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver x\n';
  assert.deepEqual(upstreamServers(conf), ['192.0.2.1']);
  const file =
    '1795250746 52:47:59:00:00:07 10.71.1.7 web-1 01:52\nduid 00:01\n17952 52:47 10.0.0.1 * *\n1795250746 52:47:59:00:00:08 10.71.1.8 * *';
  assert.deepEqual(
    parseLeases(file, nat).map(({ address, hostName }) => [address, hostName]),
    [
      ['10.71.1.7', 'web-1'],
      ['10.71.1.8', null],
    ],
  );
  assert.throws(() => parseLinks('{"no":"list"}'), /cannot read the interfaces/);
  assert.deepEqual(parseLinks('[{}]'), []);
});
