/** Firewalls and guards of ports, seen with frames: guests are namespaces whose cables stand for taps. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  firewallSchema,
  type Adapter,
  type Firewall,
  type HostPort,
  type NetworkSpec,
  type SpanStanding,
} from '#api';
import { Ear } from '../../testing/ear.ts';
import { must, NetGuest } from '../../testing/net-guest.ts';
import {
  adapterOn,
  addresses,
  Place,
  spec,
  type PluggedGuest,
} from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const firewall = (rules: object): Firewall => firewallSchema.parse(rules);
const vmOf = (number: number): string => `10000000-0000-4000-8000-00000000000${number}`;
const macOf = (number: number): string => `52:47:59:00:00:1${number}`;

if (isInOwnNetwork(import.meta.filename))
  void suite('firewalls of a Linux host', { concurrency: 1 }, () => {
    let place: Place;
    let one: NetGuest;
    let two: NetGuest;
    let three: NetGuest;
    let ports: readonly PluggedGuest[];
    let network: NetworkSpec;

    const internal = {
      type: 'internal',
      ipv4: addresses('10.74.1', { gateway: null, dhcp: null }),
    };
    const carry = async (more: object = {}): Promise<NetworkSpec> => {
      const network = spec(1, { ...internal, ...more });
      await place.carry(network);
      return network;
    };
    const changePort = async (number: number, more: Partial<Adapter>): Promise<void> => {
      await ports[number - 1]?.change(more);
    };

    before(async () => {
      place = await Place.make();
      network = await carry();
      [one, two, three] = [await NetGuest.make(), await NetGuest.make(), await NetGuest.make()];
      const plugged: PluggedGuest[] = [];
      for (const [index, guest] of [one, two, three].entries()) {
        const number = index + 1;
        const adapter = adapterOn(network.id, macOf(number));
        guest.run('busybox', 'sysctl', '-w', 'net.ipv6.conf.default.accept_dad=0');
        plugged.push(await place.plug(guest, vmOf(number), adapter));
        guest.run('ip', 'address', 'add', `10.74.1.1${number}/24`, 'dev', 'eth0');
        guest.run('busybox', 'sysctl', '-w', 'net.ipv6.conf.eth0.disable_ipv6=0');
        guest.run('ip', 'address', 'add', `fd00:74::1${number}/64`, 'dev', 'eth0', 'nodad');
        await guest.serve(22, 80, 443);
      }
      ports = plugged;
    });
    after(async () => {
      for (const guest of [one, two, three]) guest?.[Symbol.dispose]();
      await place[Symbol.asyncDispose]();
    });

    void test('NET-44 rules of a port and of its network hold by direction, protocol, address and port, outside of the guest, also when they change', async () => {
      assert.ok(one.connects('10.74.1.12', 22) && one.connects('10.74.1.12', 80));
      // Of the port: one service from one side, and answers to what the guest asks for itself.
      await changePort(2, {
        firewall: firewall({
          inbound: 'deny',
          rules: [
            { direction: 'inbound', action: 'deny', protocol: 'tcp', address: '10.74.1.13' },
            {
              direction: 'inbound',
              action: 'allow',
              protocol: 'tcp',
              ports: [{ first: 80, last: 90 }],
            },
          ],
        }),
      });
      assert.deepEqual(
        [
          one.connects('10.74.1.12', 80),
          one.connects('10.74.1.12', 22),
          three.connects('10.74.1.12', 80),
        ],
        [true, false, false],
      );
      assert.deepEqual(
        [one.connects('fd00:74::12', 80), one.connects('fd00:74::12', 22)],
        [true, false],
      );
      assert.deepEqual([one.reaches('10.74.1.12'), two.reaches('10.74.1.11')], [false, true]);
      assert.ok(two.connects('10.74.1.11', 22) && two.connects('fd00:74::11', 22), 'answers pass');
      // Of the network as well: both must let it through.
      await carry({
        firewall: firewall({
          rules: [
            {
              direction: 'outbound',
              action: 'deny',
              protocol: 'tcp',
              ports: [{ first: 22, last: 22 }],
            },
            { direction: 'outbound', action: 'deny', protocol: 'icmp', address: '10.74.1.0/28' },
          ],
        }),
      });
      assert.deepEqual(
        [one.connects('10.74.1.12', 80), two.connects('10.74.1.11', 22), two.reaches('10.74.1.11')],
        [true, false, false],
      );
      await changePort(2, {});
      assert.deepEqual(
        [one.connects('10.74.1.12', 443), one.connects('10.74.1.12', 22)],
        [true, false],
      );
      await carry();
      assert.ok(one.connects('10.74.1.12', 22) && one.reaches('10.74.1.12'));
    });

    void test('NET-43 each port of a network tells what has passed, its present flows and the state of its link', async () => {
      const portAt = async (number: number): Promise<HostPort> => {
        const found = (await place.networks.ports(network.id)).find(
          ({ vm }) => vm === vmOf(number),
        );
        assert.ok(found);
        return found;
      };
      await changePort(1, { firewall: firewall({ inbound: 'deny' }) });
      const before = await portAt(1);
      assert.deepEqual([before.mac, before.link], [macOf(1), 'up']);
      using talk = await one.talk('10.74.1.12', 443);
      const text = 'x'.repeat(1000);
      assert.equal(await talk.ask(text), text);
      const after = await portAt(1);
      assert.ok(after.sent.bytes >= before.sent.bytes + 1000, JSON.stringify(after.sent));
      assert.ok(after.received.bytes >= before.received.bytes + 1000);
      assert.ok(after.received.packets > before.received.packets);
      assert.deepEqual(
        after.flows?.filter(({ farPort }) => farPort === 443).map((flow) => ({ ...flow, port: 0 })),
        [
          {
            protocol: 'tcp',
            address: '10.74.1.11',
            port: 0,
            farAddress: '10.74.1.12',
            farPort: 443,
          },
        ],
      );
      assert.equal((await portAt(2)).flows, null, 'no firewall watches it');
      three.run('ip', 'link', 'set', 'dev', 'eth0', 'down');
      assert.equal((await portAt(3)).link, 'down');
      three.run('ip', 'link', 'set', 'dev', 'eth0', 'up');
      await changePort(1, { firewall: firewall({}) });
    });

    void test('a connection that was let through goes on when rules change and other ports come and go', async () => {
      await changePort(2, { firewall: firewall({ inbound: 'deny' }) });
      using talk = await two.talk('10.74.1.11', 80);
      assert.equal(await talk.ask('before'), 'before');
      const [, port] = await place.networks.ports(network.id);
      const flow = port?.flows?.find(({ farPort }) => farPort === 80);
      assert.deepEqual(
        [port?.vm, port?.link, flow?.protocol, flow?.address, flow?.farAddress],
        [vmOf(2), 'up', 'tcp', '10.74.1.12', '10.74.1.11'],
      );
      assert.equal((await place.networks.ports(network.id))[0]?.flows, null, 'open: not watched');
      await changePort(3, { firewall: firewall({ outbound: 'deny' }) });
      await changePort(2, {
        firewall: firewall({
          inbound: 'deny',
          outbound: 'deny',
          rules: [{ direction: 'outbound', action: 'allow', protocol: 'udp' }],
        }),
      });
      assert.equal(await talk.ask('after'), 'after');
      assert.equal(two.connects('10.74.1.11', 80), false, 'new ones are judged by the new rules');
      await changePort(2, {});
      await changePort(3, {});
      assert.doesNotMatch(must('nft', 'list', 'ruleset'), /sent-|flows/, 'nothing is left');
    });

    void test('rules that somebody flushes are in force again within seconds', async () => {
      await changePort(2, { firewall: firewall({ inbound: 'deny' }) });
      assert.equal(one.reaches('10.74.1.12'), false);
      for (const harm of [
        ['flush', 'ruleset'],
        ['flush', 'chain', 'bridge', 'gantry-30000000', `received-rules-${ports[1]?.tap}`],
        ['delete', 'table', 'bridge', 'gantry-30000000'],
      ]) {
        must('nft', ...harm);
        await place.until(`mended: ${harm.join(' ')}`, () => !one.reaches('10.74.1.12'));
      }
      await changePort(2, {});
    });

    void test('SEC-15 a guarded network lets guests send under no MAC and IP address but their own, and hear no others', async () => {
      const claim = (address: string): void => {
        one.run('ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global');
        one.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
      };
      using ear = await Ear.open('eth0', three);
      const sentByOne = (type: string) =>
        ear.frames.filter((frame) => frame.from === macOf(1) && frame.type === type);
      /** Says to all that it has the address of another one. */
      const announce = (): boolean => {
        const call = ['-U', '-c', '1', '-w', '1', '-I', 'eth0', '-s', '10.74.1.13', '10.74.1.13'];
        return one.succeeds('busybox', 'arping', ...call);
      };
      claim('10.74.1.13');
      announce();
      await ear.until(() => sentByOne('0806').length > 0);
      claim('10.74.1.77');
      assert.ok(one.reaches('10.74.1.12'), 'unless it is guarded');
      await carry({ ipSourceGuard: true });
      assert.equal(one.reaches('10.74.1.12'), false, 'an address that nobody gave it');
      await changePort(1, { addresses: ['10.74.1.77', '10.74.1.78'] });
      await changePort(2, { addresses: ['10.74.1.12'] });
      assert.ok(one.reaches('10.74.1.12'), 'one that stands at its adapter');
      claim('10.74.1.13');
      const before = sentByOne('0806').length;
      announce();
      assert.equal(sentByOne('0806').length, before);
      claim('10.74.1.77');
      one.run('ip', 'link', 'set', 'dev', 'eth0', 'address', '52:47:59:00:00:99');
      assert.equal(one.reaches('10.74.1.12'), false, 'another MAC address');
      one.run('ip', 'link', 'set', 'dev', 'eth0', 'address', macOf(1));
      assert.ok(one.reaches('10.74.1.12'));
      assert.deepEqual(sentByOne('0800'), [], 'others do not hear what is for one');
      claim('10.74.1.11');
      await changePort(1, {});
      await changePort(2, {});
      await carry();
    });

    void test('an address that the service of another host has leased to a guest is its own here', async () => {
      const ipv4 = addresses('10.74.1', { gateway: null });
      const span = { vni: 7402 };
      const wide = spec(2, { type: 'internal', ipv4, span, ipSourceGuard: true });
      const service = '30000000-0000-4000-8000-000000000009';
      const tell = (leased: SpanStanding['leased']): Promise<void> => {
        const rest = { address: null, peers: [], service, term: 1, leases: [] };
        return place.networks.configure([network, wide], [{ network: wide.id, ...rest, leased }]);
      };
      await tell([]);
      const attachment = { kind: 'network', network: wide.id } as const;
      for (const number of [1, 2]) await changePort(number, { attachment });
      assert.equal(one.reaches('10.74.1.12'), false, 'nobody has leased it an address');
      await tell([1, 2].map((number) => ({ mac: macOf(number), address: `10.74.1.1${number}` })));
      assert.ok(one.reaches('10.74.1.12'));
      one.run('ip', 'address', 'add', '10.74.1.77/24', 'dev', 'eth0');
      const ping = ['ping', '-c', '1', '-W', '1', '-I', '10.74.1.77', '10.74.1.12'];
      assert.equal(one.succeeds('busybox', ...ping), false, 'another one');
      one.run('ip', 'address', 'del', '10.74.1.77/24', 'dev', 'eth0');
      for (const number of [1, 2]) await changePort(number, {});
      await place.networks.configure([network]);
      assert.ok(one.reaches('10.74.1.12'), 'in a network that does not guard them');
    });

    void test('a leased address is a guest’s own as soon as it has it, and no guest leases addresses to others', async () => {
      const ipv4 = addresses('10.74.2', { gateway: null });
      const leasing = spec(2, { type: 'internal', ipv4, ipSourceGuard: true });
      await place.carry(leasing);
      using client = await NetGuest.make();
      using rogue = await NetGuest.make();
      await place.plug(client, vmOf(4), adapterOn(leasing.id, macOf(4)));
      await place.plug(rogue, vmOf(5), adapterOn(leasing.id, macOf(5)));
      const { ip = '' } = await client.askAddress();
      await place.until('it may use it', () => client.reaches('10.74.2.2'));
      await rogue.askAddress();
      await place.until('it may use its own too', () => rogue.reaches('10.74.2.2'));
      using ear = await Ear.open('eth0', client);
      const before = ear.frames.length;
      await rogue.sendFrom(67, '10.74.2.255', 68, 'a lease from nobody');
      await rogue.sendFrom(1067, '10.74.2.255', 68, 'no answer of a server');
      await ear.until(() => ear.overheard('no answer of a server').length > 0);
      assert.deepEqual(ear.overheard('a lease from nobody'), []);
      assert.ok(ear.frames.length > before && ip !== '');
      // It may be degraded by now: what answered was seen.
      await place.networks.configure([{ ...leasing, dhcpGuard: false }]);
      await rogue.sendFrom(67, '10.74.2.255', 68, 'a lease from nobody');
      await ear.until(() => ear.overheard('a lease from nobody').length > 0);
    });
  });
