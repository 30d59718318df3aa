/** Whom guests reach on each kind of network of a real Linux host, and who sees their frames. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import type { NetworkSpec } from '#api';
import { must, NetGuest } from '../../testing/net-guest.ts';
import {
  adapterOn,
  addresses,
  hostId,
  machineOn,
  Place,
  spec,
} from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

if (isInOwnNetwork(import.meta.filename))
  void suite('whom guests reach', { concurrency: 1 }, () => {
    let place: Place;
    before(async () => {
      place = await Place.make();
    });
    after(() => place[Symbol.asyncDispose]());

    const nat = spec(1, { type: 'nat', ipv4: addresses('10.71.1'), domain: 'lab.test' });
    const other = spec(2, { type: 'nat', ipv4: addresses('10.71.2') });
    const hostOnly = spec(3, { type: 'host-only', ipv4: addresses('10.71.3') });
    const inner = { type: 'internal', ipv4: addresses('10.71.9', { gateway: null }) };
    const internal = spec(4, inner);
    const twin = spec(5, inner);

    void test('NET-05 guests of a nat network reach the outside under the address of the host, and are reached by forwards only', async () => {
      const forwards = [{ hostPort: 8080, address: '10.71.1.7', port: 80 }];
      const reservations = [{ mac: '52:47:59:00:00:01', address: '10.71.1.7' }];
      await place.carry(spec(1, { ...nat, forwards, reservations }));
      using outside = await NetGuest.make();
      const uplink = outside.plug(undefined);
      must('ip', 'address', 'add', '192.0.2.1/24', 'dev', uplink);
      outside.run('ip', 'address', 'add', '192.0.2.9/24', 'dev', 'eth0');
      outside.run('ip', 'route', 'add', '10.71.0.0/16', 'via', '192.0.2.1');
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      await guest.askAddress();
      assert.ok(guest.reaches('192.0.2.9'));
      const seen = await peerSeenBy(outside, guest, '192.0.2.9', 7000);
      assert.equal(seen, '192.0.2.1', 'the host’s address, not the guest’s');
      assert.equal(outside.reaches('10.71.1.7'), false, 'nobody comes in uninvited');
      assert.equal(await peerSeenBy(guest, outside, '192.0.2.1', 80, 8080), '192.0.2.9');
    });

    void test('NET-23 DHCP that is on in an external network leases to its guests alone, from one host', async () => {
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
      for (const name of ['eno1', 'switch1']) must('ip', 'link', 'set', 'dev', name, 'up');
      const ipv4 = addresses('10.71.7', { gateway: '10.71.7.254', dnsServers: ['10.71.7.253'] });
      const lan = spec(7, { type: 'bridged', adapter: 'eno1', ipv4 });
      const vm = machineOn(lan.id, 'vm-1', '52:47:59:00:00:07');
      place.files = [vm];
      const servedBy = async (service: string): Promise<void> => {
        const term = service === hostId ? 1 : 2;
        const standing = {
          network: lan.id,
          address: null,
          peers: [],
          service,
          term,
          leases: [],
          leased: [],
        };
        await place.networks.configure([lan], [standing]);
      };
      await servedBy(hostId);
      await place.until('it is carried', () => place.report(lan.id)?.state === 'ready');
      using guest = await NetGuest.make();
      const adapter = adapterOn(lan.id, '52:47:59:00:00:07');
      await place.plug(guest, vm.definition.id, adapter);
      const told = await guest.askAddress();
      assert.match(told['ip'] ?? '', /^10\.71\.7\.1[0-4]\d$/);
      assert.deepEqual([told['router'], told['dns']], ['10.71.7.254', '10.71.7.253']);
      const ask = [
        'udhcpc',
        '-i',
        'switch1',
        '-f',
        '-n',
        '-q',
        '-t',
        '2',
        '-T',
        '1',
        '-s',
        '/bin/true',
      ];
      const { status } = spawnSync('busybox', ask);
      assert.equal(status, 1, 'a device of the physical network is not answered');
      assert.equal(place.services().length, 1);
      await servedBy('30000000-0000-4000-8000-000000000002');
      await place.until('another host serves', () => place.services().length === 0);
      await place.networks.unplug(vm.definition.id);
      must('ip', 'link', 'del', 'dev', 'eno1');
    });

    void test('NET-13 traffic of one network is not received on another, nor can a guest go there', async () => {
      await place.carry(nat, other, hostOnly, internal);
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      using three = await NetGuest.make();
      one.plug(place.bridge(nat));
      two.plug(place.bridge(other));
      three.plug(place.bridge(hostOnly));
      const [own, theirs, hosts]: readonly Readonly<Record<string, string>>[] = [
        await one.askAddress(),
        await two.askAddress(),
        await three.askAddress(),
      ];
      assert.ok(one.reaches('10.71.1.1') && two.reaches('10.71.2.1') && three.reaches('10.71.3.1'));
      for (const [from, to] of [
        [one, theirs],
        [one, hosts],
        [two, own],
        [two, hosts],
        [three, own],
        [three, theirs],
      ] as const)
        assert.equal(from.reaches(to?.['ip'] ?? ''), false);
      const before = two.received();
      one.succeeds('busybox', 'ping', '-c', '20', '-i', '0.05', '-W', '1', '10.71.1.1');
      assert.ok(two.received() - before < 5);
    });

    void test('NET-04 a host-only network reaches its host and nothing beyond', async () => {
      await place.carry(hostOnly, nat);
      using outside = await NetGuest.make();
      const uplink = outside.plug(undefined);
      must('ip', 'address', 'add', '192.0.2.1/24', 'dev', uplink);
      outside.run('ip', 'address', 'add', '192.0.2.9/24', 'dev', 'eth0');
      outside.run('ip', 'route', 'add', 'default', 'via', '192.0.2.1');
      using guest = await NetGuest.make();
      guest.plug(place.bridge(hostOnly));
      const { ip = '' } = await guest.askAddress();
      assert.ok(guest.reaches('10.71.3.1'));
      must('busybox', 'ping', '-c', '1', '-W', '1', ip);
      assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '1');
      assert.equal(guest.reaches('192.0.2.9'), false);
      assert.equal(outside.reaches(ip), false);
    });

    void test('NET-02 guests of an internal network reach each other only, and no packet reaches the host', async () => {
      await place.carry(internal, nat);
      using outside = await NetGuest.make();
      const uplink = outside.plug(undefined);
      must('ip', 'address', 'add', '192.0.2.1/24', 'dev', uplink);
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      one.plug(place.bridge(internal));
      two.plug(place.bridge(internal));
      await one.askAddress();
      const { ip = '' } = await two.askAddress();
      const before = outside.received();
      assert.ok(one.reaches(ip));
      const bridge = JSON.parse(
        must('ip', '-json', 'address', 'show', 'dev', place.bridge(internal)),
      ) as [{ addr_info: unknown[] }];
      assert.deepEqual(bridge[0].addr_info, [], 'the host has no address in it, of either kind');
      one.run('ip', 'route', 'replace', 'default', 'dev', 'eth0');
      for (const address of ['192.0.2.1', '10.71.1.1', '192.0.2.9'])
        assert.equal(one.reaches(address), false, address);
      assert.equal(outside.received(), before, 'no frame has left by the adapter of the host');
    });

    void test('NET-22 guests of internal networks are an environment of their own: with leased addresses, and segments that a guest joins as their router', async () => {
      const left = spec(10, {
        type: 'internal',
        ipv4: addresses('10.71.20', { gateway: '10.71.20.5' }),
      });
      const right = spec(11, {
        type: 'internal',
        ipv4: addresses('10.71.21', { gateway: '10.71.21.5' }),
      });
      await place.carry(left, right);
      using router = await NetGuest.make();
      router.plug(place.bridge(left));
      const second = ['type', 'veth', 'peer', 'name', 'eth1', 'netns', String(router.pid)];
      must('ip', 'link', 'add', 'name', 'seg1', ...second);
      must('ip', 'link', 'set', 'dev', 'seg1', 'master', place.bridge(right), 'up');
      for (const [dev, address] of [
        ['eth0', '10.71.20.5/24'],
        ['eth1', '10.71.21.5/24'],
      ] as const) {
        router.run('ip', 'address', 'add', address, 'dev', dev);
        router.run('ip', 'link', 'set', 'dev', dev, 'up');
      }
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      one.plug(place.bridge(left));
      two.plug(place.bridge(right));
      const [first, other] = [await one.askAddress(), await two.askAddress()];
      assert.deepEqual([first['router'], other['router']], ['10.71.20.5', '10.71.21.5']);
      assert.equal(one.reaches(other['ip'] ?? ''), false, 'before there is a router');
      router.run('busybox', 'sysctl', '-w', 'net.ipv4.ip_forward=1');
      assert.ok(one.reaches(other['ip'] ?? '') && two.reaches(first['ip'] ?? ''));
    });

    void test('NET-26 two networks of the same addresses lease them without interfering', async () => {
      const reserve = (network: NetworkSpec, mac: string): NetworkSpec => ({
        ...network,
        reservations: [{ mac, address: '10.71.9.7' }],
      });
      await place.carry(reserve(internal, '52:47:59:00:00:01'), reserve(twin, '52:47:59:00:00:02'));
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      one.plug(place.bridge(internal), '52:47:59:00:00:01');
      two.plug(place.bridge(twin), '52:47:59:00:00:02');
      const { ip: first = '' } = await one.askAddress();
      const { ip: second = '' } = await two.askAddress();
      assert.deepEqual([first, second], ['10.71.9.7', '10.71.9.7']);
      const leases = await place.leases(twin.id);
      assert.deepEqual(
        leases.map(({ mac }) => mac),
        ['52:47:59:00:00:02'],
      );
      const before = two.received();
      one.succeeds('busybox', 'ping', '-c', '20', '-i', '0.05', '-W', '1', '10.71.9.2');
      assert.ok(two.received() - before < 5);
    });

    void test('NET-18 a frame to one guest goes to that one alone, unless the network is promiscuous', async () => {
      for (const promiscuous of [false, true]) {
        await place.carry(spec(4, { ...inner, promiscuous }));
        using one = await NetGuest.make();
        using two = await NetGuest.make();
        using third = await NetGuest.make();
        for (const guest of [one, two, third]) guest.plug(place.bridge(internal));
        await one.askAddress();
        const { ip = '' } = await two.askAddress();
        await third.askAddress();
        assert.ok(one.reaches(ip));
        const before = third.received();
        one.run('busybox', 'ping', '-c', '50', '-i', '0.01', '-W', '1', ip);
        const overheard = third.received() - before;
        if (promiscuous) assert.ok(overheard >= 100, String(overheard));
        else assert.ok(overheard < 10, String(overheard));
      }
    });
  });

const serve = `require('node:net').createServer((socket) => socket.end(socket.remoteAddress))
  .listen(Number(process.argv[1]), '0.0.0.0', () => console.log('listening'))`;
const ask = `require('node:net').connect({ host: process.argv[1], port: Number(process.argv[2]), timeout: 3000 })
  .on('data', (text) => console.log(String(text))).on('timeout', () => process.exit(1))`;

/** The address under which the client appears to the server, over TCP. */
async function peerSeenBy(
  server: NetGuest,
  client: NetGuest,
  address: string,
  port: number,
  asked = port,
): Promise<string> {
  const inside = [`--net=/proc/${server.pid}/ns/net`, '--', process.execPath];
  const child = spawn('nsenter', [...inside, '-e', serve, String(port)]);
  try {
    await once(child.stdout, 'data');
    return client.run(process.execPath, '-e', ask, address, String(asked)).trim();
  } finally {
    child.kill('SIGKILL');
  }
}
