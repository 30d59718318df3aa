/** Networks out of libvirt's XML, and the address that Gantry's own service gets in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '#lib';
import { networkDocumentSchema } from '../../documents.ts';
import { writeNetworkXml } from '../own-network-xml.ts';
import { changedNetwork, placeService } from './merge-network.ts';
import { readNetwork } from './network-wish.ts';

function refusalOf(doing: () => unknown): string {
  try {
    doing();
  } catch (error) {
    assert.ok(isFault(error));
    return error.message;
  }
  return 'none';
}

const id = '5ea3bb4e-52a1-4e6c-9d5a-3c1f6f4a1b11';
const boot = { server: '10.80.0.5', file: 'pxelinux.0', uefiFile: 'shim.efi' };
const ipv4 = {
  subnet: '10.80.0.0/24',
  gateway: '10.80.0.1',
  service: '10.80.0.2',
  dhcp: { first: '10.80.0.100', last: '10.80.0.200', leaseSeconds: 600, boot },
  dnsServers: ['10.80.0.9'],
};

test('what is written of a network of any type is read as no change of it', () => {
  for (const one of [
    { type: 'nat', ipv4, domain: 'lab.test', description: 'a & b', forwards: [] },
    { type: 'host-only', ipv4: { ...ipv4, dhcp: null } },
    { type: 'internal', ipv4: null },
    { type: 'internal', ipv4: { ...ipv4, gateway: null } },
    { type: 'bridged', ipv4: null, adapter: 'eno1', vlan: 42 },
    { type: 'bridged', ipv4, adapter: 'eno1' },
  ]) {
    const reservations =
      one.ipv4 === null ? [] : [{ mac: '52:54:00:aa:00:01', address: '10.80.0.20' }];
    const data = networkDocumentSchema.parse({ name: 'lan', ...one, reservations });
    const wish = readNetwork(writeNetworkXml({ id, data }));
    assert.deepEqual(changedNetwork(wish, { id, data }), {}, JSON.stringify(one));
  }
});

test('another range keeps what XML cannot say of leases', () => {
  const data = networkDocumentSchema.parse({ name: 'lan', type: 'nat', ipv4 });
  const xml = writeNetworkXml({ id, data }).replace('10.80.0.200', '10.80.0.150');
  const patch = changedNetwork(readNetwork(xml), { id, data });
  assert.deepEqual(patch, {
    ipv4: { ...data.ipv4, dhcp: { ...data.ipv4?.dhcp, last: '10.80.0.150' } },
  });
});

test('the service has the first address that nobody has, and else an end of the range', () => {
  const around = { subnet: '10.80.0.0/29', gateway: '10.80.0.1', reservations: [], before: null };
  const reserve = (address: string) => ({ mac: '52:54:00:aa:00:01', address });
  const place = (first: number, last: number, more: object = {}): readonly string[] => {
    const range = { first: `10.80.0.${first}`, last: `10.80.0.${last}` };
    const placed = placeService(range, { ...around, ...more });
    return [placed.service, placed.first, placed.last].map((text) => text.slice(8));
  };
  assert.deepEqual(place(4, 6), ['2', '4', '6']);
  assert.deepEqual(place(4, 6, { before: '10.80.0.3' }), ['3', '4', '6']);
  assert.deepEqual(place(4, 6, { before: '10.80.0.5' }), ['2', '4', '6']);
  assert.deepEqual(place(3, 5, { reservations: [reserve('10.80.0.2')] }), ['6', '3', '5']);
  assert.deepEqual(place(2, 6), ['2', '3', '6']);
  assert.deepEqual(place(2, 6, { reservations: [reserve('10.80.0.2')] }), ['6', '2', '5']);
  const none = { subnet: '10.80.0.0/30', gateway: '10.80.0.1' };
  assert.match(
    refusalOf(() => place(2, 2, none)),
    /leaves no address of 10\.80\.0\.0\/30/,
  );
});

test('what no network has is told all at once, and what is no network by what it lacks', () => {
  const all = `<network trustGuestRxFilters='yes'><name>a</name><forward dev='eth0' mode='nat'><nat><port start='1' end='9'/></nat></forward>
    <domain name='a' register='yes'/><ip address='10.0.0.1' netmask='255.255.255.0' localPtr='yes'><dhcp><range start='10.0.0.2' end='10.0.0.9'/>
    <range start='10.0.0.20' end='10.0.0.29'/></dhcp></ip><portgroup name='p'/></network>`;
  assert.equal(
    refusalOf(() => readNetwork(all)),
    'unsupported configuration: a network has no portgroup, network trustGuestRxFilters, forward dev, forward/nat/port, domain register, ip localPtr, second dhcp/range',
  );
  assert.match(
    refusalOf(() => readNetwork('<network/>')),
    /lacks a name/,
  );
  const masked = "<network><name>a</name><ip address='10.0.0.1' netmask='255.0.255.0'/></network>";
  assert.match(
    refusalOf(() => readNetwork(masked)),
    /no netmask or prefix/,
  );
  assert.match(
    refusalOf(() => readNetwork('<network><name>a</name><uuid>12</uuid></network>')),
    /malformed uuid/,
  );
});
