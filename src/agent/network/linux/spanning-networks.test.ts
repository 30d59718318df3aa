/** Networks that span hosts, between hosts that are network namespaces on one wire; guests are namespaces too. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, suite, test } from 'node:test';
import { networkSpecSchema, type HostLease, type NetworkSpec, type SpanStanding } from '#api';
import { systemClock } from '#lib';
import { Ear } from '../../testing/ear.ts';
import { must, type NetGuest } from '../../testing/net-guest.ts';
import { makeWire, NetworkHost } from '../../testing/network-hosts.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';
import { macOf } from './names.ts';

const net = '10.73.1';
const nat = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-000000000001',
  name: 'wide',
  type: 'nat',
  domain: 'span.test',
  span: { vni: 7001 },
  ipv4: {
    subnet: `${net}.0/24`,
    gateway: `${net}.1`,
    service: `${net}.2`,
    dhcp: { first: `${net}.100`, last: `${net}.150`, leaseSeconds: 3600 },
    dnsServers: [],
  },
  forwards: [{ hostPort: 8080, address: `${net}.7`, port: 80 }],
  reservations: [{ mac: '52:47:59:00:00:02', address: `${net}.7` }],
});

interface Placed {
  readonly host: NetworkHost;
  readonly name: string;
  readonly mac: string;
}

/** What a coordinator tells each host of one network: who has which vm, and who serves. */
function tell(
  network: NetworkSpec,
  hosts: readonly NetworkHost[],
  vms: readonly Placed[],
  service: NetworkHost,
  term: number,
  leases: readonly HostLease[] = [],
): void {
  for (const host of hosts) {
    const own = vms.filter((vm) => vm.host === host);
    const peers = hosts
      .filter((peer) => peer !== host && vms.some((vm) => vm.host === peer))
      .map(({ id, name, address }) => ({
        host: id,
        name,
        address,
        adapters: vms
          .filter((vm) => vm.host.id === id)
          .map(({ mac, name: vmName }) => ({ mac, vmName })),
      }));
    const { address } = host;
    const handed = service === host ? [...leases] : [];
    const standing: SpanStanding = {
      network: network.id,
      address,
      peers,
      service: service.id,
      term,
      leases: handed,
      leased: [],
    };
    host.tell({
      networks: [network],
      spans: own.length === 0 ? [] : [standing],
      vms: own.map(({ name, mac }) => ({ name, mac, network: network.id })),
    });
  }
}

if (isInOwnNetwork(import.meta.filename))
  void suite('networks that span hosts', { concurrency: 1 }, () => {
    const macs = ['52:47:59:00:00:01', '52:47:59:00:00:02', '52:47:59:00:00:03'] as const;
    let hosts: readonly [NetworkHost, NetworkHost, NetworkHost];
    const guests: NetGuest[] = [];
    /** On ada and on bob. */
    let one: NetGuest;
    let two: NetGuest;
    let addressOfOne: string;
    let leases: readonly HostLease[];

    before(async () => {
      makeWire('wire');
      must('ip', 'address', 'add', '198.51.100.9/24', 'dev', 'wire');
      hosts = await Promise.all([
        NetworkHost.make('ada', 1, 'wire'),
        NetworkHost.make('bob', 2, 'wire'),
        NetworkHost.make('eve', 3, 'wire'),
      ]);
    });
    after(async () => {
      for (const guest of guests) guest[Symbol.dispose]();
      for (const host of hosts) await host[Symbol.asyncDispose]();
    });

    const vmOn = (host: NetworkHost, number: 0 | 1 | 2): Placed => ({
      host,
      name: `vm-${number + 1}`,
      mac: macs[number],
    });
    const ready = async (network: NetworkSpec, ...which: readonly NetworkHost[]): Promise<void> => {
      for (const host of which)
        await host.until('it is ready', () => host.report(network.id)?.state === 'ready');
    };
    const guestOn = async (host: NetworkHost, number: 0 | 1 | 2): Promise<NetGuest> => {
      const guest = await host.guest(nat.id, macs[number]);
      guests.push(guest);
      return guest;
    };

    void test('NET-03 NET-53 guests of two hosts on one external network are machines of their own on the wire between them', async () => {
      const [ada, bob] = hosts;
      const external = networkSpecSchema.parse({
        id: '20000000-0000-4000-8000-000000000053',
        name: 'lan',
        type: 'bridged',
        adapter: 'br0',
        ipv4: null,
      });
      for (const [number, host] of [ada, bob].entries()) {
        const peer = ['peer', 'name', 'eno1', 'netns', String(host.space.pid)];
        must('ip', 'link', 'add', 'name', `switch${number}`, 'type', 'veth', ...peer);
        must('ip', 'link', 'set', 'dev', `switch${number}`, 'master', 'wire', 'up');
        const bridge = ['type', 'bridge', 'forward_delay', '0'];
        host.space.run('ip', 'link', 'add', 'name', 'br0', ...bridge);
        host.space.run('ip', 'link', 'set', 'dev', 'eno1', 'master', 'br0', 'up');
        host.space.run('ip', 'link', 'set', 'dev', 'br0', 'up');
        const { name, mac } = vmOn(host, number === 0 ? 0 : 1);
        host.tell({ networks: [external], spans: [], vms: [{ name, mac, network: external.id }] });
      }
      await ready(external, ada, bob);
      using first = await ada.guest(external.id, macs[0]);
      using second = await bob.guest(external.id, macs[1]);
      for (const [number, guest] of [first, second].entries())
        guest.run('ip', 'address', 'add', `198.51.100.${11 + number}/24`, 'dev', 'eth0');
      // A cable that was put in carries frames a moment later.
      await ada.until('its guest is reached', () => second.reaches('198.51.100.11'));
      await bob.until('its guest is reached', () => first.reaches('198.51.100.12'));
      assert.match(first.run('ip', 'neighbour', 'show', '198.51.100.12'), new RegExp(macs[1]));
      for (const guest of [first, second])
        await ada.until('a third machine', () => guest.reaches('198.51.100.9'));
      await second.serve(80);
      using talk = await first.talk('198.51.100.12', 80);
      assert.equal(await talk.ask('across'), 'across');
    });

    void test('NET-41 guests of two hosts are on one network, with one service that knows the names of all', async () => {
      const [ada, bob, eve] = hosts;
      tell(nat, hosts, [vmOn(ada, 0), vmOn(bob, 1)], ada, 1);
      await ready(nat, ada, bob);
      assert.equal(eve.reports.length, 0);
      one = await guestOn(ada, 0);
      two = await guestOn(bob, 1);
      const told = await two.askAddress('-O', '26');
      assert.deepEqual([told['ip'], told['mtu'], told['router']], [`${net}.7`, '1450', `${net}.1`]);
      addressOfOne = (await one.askAddress())['ip'] ?? '';
      assert.ok(two.reaches(addressOfOne));
      assert.ok(one.reaches(`${net}.7`));
      assert.match(one.run('busybox', 'nslookup', 'vm-2.span.test', `${net}.2`), /\.7\b/);
      two.run('ip', 'link', 'set', 'dev', 'eth0', 'mtu', '1450');
      assert.ok(two.succeeds('busybox', 'ping', '-c', '1', '-W', '2', '-s', '1422', addressOfOne));
      await ada.until('leases are told', () => ada.leases.get(nat.id)?.length === 2);
      assert.equal(bob.leases.size, 0);
    });

    void test('nothing is learned from frames: where an address is stands in the table, and it goes there alone', async () => {
      const [ada, bob] = hosts;
      const table = (host: NetworkHost): string =>
        host.space.run('bridge', 'fdb', 'show', 'brport', 'gvx0');
      assert.match(table(ada), /52:47:59:00:00:02 dst 198\.51\.100\.2 self permanent/);
      assert.doesNotMatch(table(ada), /52:47:59:00:00:01/);
      assert.match(table(bob), /52:47:59:00:00:01 dst 198\.51\.100\.1 self permanent/);
      one.run('ip', 'link', 'set', 'dev', 'eth0', 'address', '52:47:59:00:00:77');
      assert.ok(!one.reaches(`${net}.7`));
      assert.doesNotMatch(table(bob), /52:47:59:00:00:77/);
      one.run('ip', 'link', 'set', 'dev', 'eth0', 'address', macs[0]);
      one.run('ip', 'route', 'replace', 'default', 'via', `${net}.1`);
      assert.ok(one.reaches(`${net}.7`));
    });

    void test('guests of all hosts reach the outside by way of the host that serves, and are reached by its forwards', async () => {
      assert.ok(two.reaches('198.51.100.9'));
      const inside = [`--net=/proc/${two.pid}/ns/net`, '--', 'busybox', 'nc', '-l', '-p', '80'];
      const server = spawn('nsenter', inside, { stdio: ['pipe', 'pipe', 'ignore'] });
      server.stdin.end('hello from two');
      const untilMs = systemClock.now() + 5_000;
      const ask = (): string =>
        spawnSync('busybox', ['nc', '-w', '2', '198.51.100.1', '8080'], { encoding: 'utf8' })
          .stdout;
      let heard = ask();
      while (heard === '' && systemClock.now() < untilMs) heard = ask();
      server.kill('SIGKILL');
      assert.equal(heard, 'hello from two');
    });

    void test('a host that is none of the network’s puts nothing into it, and nobody speaks for the host that serves', async () => {
      const [ada, , eve] = hosts;
      const vxlan = ['type', 'vxlan', 'id', '7001', 'dstport', '4789', 'nolearning'];
      const mac = '02:00:00:00:00:66';
      const named = ['name', 'x0', 'address', mac];
      eve.space.run('ip', 'link', 'add', ...named, ...vxlan, 'local', eve.address);
      eve.space.run(
        'bridge',
        'fdb',
        'append',
        '00:00:00:00:00:00',
        'dev',
        'x0',
        'dst',
        ada.address,
      );
      eve.space.run('ip', 'address', 'add', `${net}.66/24`, 'dev', 'x0');
      eve.space.run('ip', 'link', 'set', 'dev', 'x0', 'up');
      using ear = await Ear.open('eth0', one);
      eve.space.succeeds('busybox', 'ping', '-c', '2', '-i', '0.2', '-W', '1', addressOfOne);
      // What is heard of others shows that it listened.
      two.succeeds('busybox', 'arping', '-c', '1', '-w', '1', '-I', 'eth0', addressOfOne);
      await ear.until(() => ear.frames.some(({ from }) => from === macs[1]));
      assert.ok(!ear.frames.some(({ from }) => from === mac));
      eve.space.run('ip', 'link', 'del', 'dev', 'x0');
      // bob is one of the network's, but does not serve.
      const forged = macOf('service', nat.id);
      two.run('ip', 'link', 'set', 'dev', 'eth0', 'address', forged);
      const asks = (): boolean =>
        two.succeeds('busybox', 'arping', '-c', '1', '-w', '1', '-I', 'eth0', addressOfOne);
      const speaksForService = asks();
      two.run('ip', 'link', 'set', 'dev', 'eth0', 'address', macs[1]);
      two.run('ip', 'route', 'replace', 'default', 'via', `${net}.1`);
      assert.deepEqual([speaksForService, asks()], [false, true]);
    });

    void test('a host from which nothing comes is named, until it does again', async () => {
      const [ada, bob] = hosts;
      const reasons = (): (string | undefined)[] =>
        ada.report(nat.id)?.reasons.map(({ code }) => code) ?? [];
      bob.setCable('down');
      await ada.until('bob is silent', () => reasons()[0] === 'peer-silent');
      assert.equal(ada.report(nat.id)?.state, 'degraded');
      assert.match(ada.report(nat.id)?.reasons[0]?.text ?? '', /nothing comes from host bob/);
      bob.setCable('up');
      await ada.until('bob is heard', () => !reasons().includes('peer-silent'));
    });

    void test('the service moves with its leases when its host goes', async () => {
      const [ada, bob, eve] = hosts;
      leases = ada.leases.get(nat.id) ?? [];
      ada.setCable('down');
      await ada.kill();
      tell(nat, [bob, eve], [vmOn(ada, 0), vmOn(bob, 1), vmOn(eve, 2)], bob, 2, leases);
      await bob.until('bob serves', () => bob.leases.get(nat.id)?.length === 2);
      const third = await eve
        .until('eve carries', () => eve.bridge(nat.id) !== 'none')
        .then(() => guestOn(eve, 2));
      const { ip = '' } = await third.askAddress();
      assert.ok(!['', addressOfOne, `${net}.7`].includes(ip), ip);
      assert.ok(third.reaches(`${net}.7`));
      assert.ok(third.reaches('198.51.100.9'));
      // What two knows of its gateway and its name server is still so.
      assert.ok(two.reaches('198.51.100.9'));
      assert.match(two.run('busybox', 'nslookup', 'vm-3.span.test', `${net}.2`), new RegExp(ip));
    });

    void test('NET-52 a vm that moves to another host keeps its address and its name, and is found where it is', async () => {
      const [, bob, eve] = hosts;
      one[Symbol.dispose]();
      tell(nat, [bob, eve], [vmOn(eve, 0), vmOn(bob, 1), vmOn(eve, 2)], bob, 2);
      await bob.until('its table is written', () =>
        bob.space
          .run('bridge', 'fdb', 'show', 'brport', 'gvx0')
          .includes('52:47:59:00:00:01 dst 198.51.100.3'),
      );
      one = await guestOn(eve, 0);
      assert.equal((await one.askAddress())['ip'], addressOfOne);
      assert.ok(two.reaches(addressOfOne));
      const named = two.run('busybox', 'nslookup', 'vm-1.span.test', `${net}.2`);
      assert.ok(named.includes(addressOfOne), named);
    });

    void test('nothing of a network that spans hosts remains where no vm is on it any more', async () => {
      const [, bob, eve] = hosts;
      tell(nat, [bob, eve], [], bob, 2);
      for (const host of [bob, eve]) {
        await host.until('nothing is carried', () => host.reports.length === 0);
        assert.doesNotMatch(host.space.run('ip', '-brief', 'link', 'show'), /^g(br|vx|svc)/m);
        assert.equal(host.space.run('nft', 'list', 'tables'), '');
      }
    });
  });
