/** What is planned for a VLAN of an adapter, without a kernel that has any: interfaces as data, calls as data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkSpecSchema } from '#api';
import { parseLinks, type Link } from './links.ts';
import { planNetwork, planReleases } from './plan.ts';

const hostId = '30000000-0000-4000-8000-000000000001';
const lan = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-000000000001',
  name: 'lan',
  type: 'bridged',
  adapter: 'eno1',
  vlan: 120,
  ipv4: null,
});
/** The host's own, with an address. */
const eno1: Link = {
  name: 'eno1',
  alias: undefined,
  kind: undefined,
  master: undefined,
  isUp: true,
  hasCarrier: true,
  mac: '02:00:5e:00:00:01',
  addresses: ['192.0.2.5/24'],
  ageingTime: undefined,
};
const bridge: Link = {
  ...eno1,
  name: 'gbr0',
  alias: `gantry ${hostId} network ${lan.id}`,
  kind: 'bridge',
  mac: '52:47:5a:20:00:00',
  addresses: [],
  ageingTime: 30_000,
};
const vlan: Link = {
  ...eno1,
  name: 'gvl0',
  alias: `gantry ${hostId} vlan ${lan.id}`,
  kind: 'vlan',
  master: 'gbr0',
  addresses: [],
  vlan: { id: 120, under: 'eno1' },
};
const calls = (network: typeof lan, ...links: readonly Link[]): string[] =>
  planNetwork(hostId, network, links).calls.map((call) => call.join(' '));

void test('a VLAN is an interface on top of the adapter, which keeps its addresses, and a port of the bridge', () => {
  assert.deepEqual(calls(lan, eno1), [
    'link add link eno1 name gnew-30000000 type vlan id 120',
    `link set dev gnew-30000000 alias gantry ${hostId} vlan ${lan.id}`,
    'link set dev gnew-30000000 name gvl0',
    'link add name gnew-30000000 type bridge forward_delay 0',
    `link set dev gnew-30000000 alias gantry ${hostId} network ${lan.id}`,
    'link set dev gnew-30000000 name gbr0',
    'link set dev gbr0 address 52:47:5a:20:00:00',
    'link set dev gvl0 master gbr0',
    'link set dev gvl0 up',
    'link set dev gbr0 up',
  ]);
  assert.deepEqual(calls(lan, eno1, bridge, vlan), []);
  assert.equal(calls(lan, { ...eno1, isUp: false })[0], 'link set dev eno1 up');
});

void test('another number or another adapter is another interface, and none is none', () => {
  assert.deepEqual(calls({ ...lan, vlan: 130 }, eno1, bridge, vlan), [
    'link del dev gvl0',
    'link add link eno1 name gnew-30000000 type vlan id 130',
    `link set dev gnew-30000000 alias gantry ${hostId} vlan ${lan.id}`,
    'link set dev gnew-30000000 name gvl0',
    'link set dev gvl0 master gbr0',
    'link set dev gvl0 up',
  ]);
  const eno2 = { ...eno1, name: 'eno2', addresses: [] };
  const moved = calls({ ...lan, adapter: 'eno2' }, eno1, eno2, bridge, vlan);
  assert.deepEqual(moved.slice(0, 2), [
    'link del dev gvl0',
    'link add link eno2 name gnew-30000000 type vlan id 120',
  ]);
  assert.deepEqual(calls({ ...lan, adapter: 'eno2', vlan: null }, eno1, eno2, bridge, vlan), [
    'link del dev gvl0',
    'link set dev eno2 master gbr0',
  ]);
});

void test('an adapter whose network goes into a VLAN is let go by its bridge', () => {
  const released = planReleases(hostId, [lan], [{ ...eno1, master: 'gbr0' }, bridge, vlan]);
  assert.deepEqual(released, [['link', 'set', 'dev', 'eno1', 'nomaster']]);
});

void test('two networks of one VLAN at one adapter share its bridge; two numbers are two bridges', () => {
  const twin = { ...lan, id: '20000000-0000-4000-8000-000000000002' };
  const shared = planNetwork(hostId, twin, [eno1, bridge, vlan]);
  assert.deepEqual([shared.bridge, shared.calls], ['gbr0', []]);
  const other = planNetwork(hostId, { ...twin, vlan: 121 }, [eno1, bridge, vlan]);
  assert.equal(other.bridge, 'gbr1');
  assert.equal(other.calls[0]?.join(' '), 'link add link eno1 name gnew-30000000 type vlan id 121');
});

void test('a VLAN that the host has itself is not taken from it', () => {
  const own = { ...vlan, name: 'eno1.120', alias: undefined, master: undefined };
  const { bridge: none, calls: no, down } = planNetwork(hostId, lan, [eno1, own]);
  assert.deepEqual([none, no, down[0]?.code], [null, [], 'vlan-in-use']);
  assert.match(down[0]?.text ?? '', /^eno1\.120 of the host has the VLAN 120 of eno1$/);
});

void test('what ip tells of a VLAN is read: its number and the adapter below it', () => {
  const told = {
    ifname: 'gvl0',
    link: 'eno1',
    flags: ['UP', 'LOWER_UP'],
    linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 120, flags: [] } },
  };
  assert.deepEqual(parseLinks(JSON.stringify([told]))[0]?.vlan, { id: 120, under: 'eno1' });
  const elsewhere = { ...told, link: null };
  assert.equal(parseLinks(JSON.stringify([elsewhere]))[0]?.vlan, undefined);
});
