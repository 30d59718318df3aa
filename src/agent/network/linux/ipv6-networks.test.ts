/** IPv6 of networks on a real Linux host, which is a network namespace; guests are namespaces with a cable. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, suite, test } from 'node:test';
import { systemClock } from '#lib';
import type { NetworkSpec } from '#api';
import { must, NetGuest } from '../../testing/net-guest.ts';
import { addresses, Place, spec } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const prefix = 'fd77:1:2:3';
const forwarding = '/proc/sys/net/ipv6/conf/all/forwarding';

const serve = `require('node:net').createServer((socket) => socket.end('hello over six'))
  .listen(80, '::', () => console.log('listening'))`;

/** The address that the guest has of the prefix, once it has one. */
async function addressOf(guest: NetGuest, limitMs = 30_000): Promise<string> {
  const untilMs = systemClock.now() + limitMs;
  for (;;) {
    const shown = guest.run('ip', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'global');
    const [, found] = /inet6 (fd77\S+)\/\d+ (?!.*tentative)/.exec(shown) ?? [];
    if (found !== undefined) return found;
    if (systemClock.now() > untilMs) throw new Error(`no address: ${shown}`);
    await systemClock.sleep(50);
  }
}

/** One answer of a few: neighbours are asked for first. */
const reaches = (guest: NetGuest, address: string): boolean =>
  guest.succeeds('busybox', 'ping', '-6', '-c', '3', '-i', '0.3', '-W', '1', address);

if (isInOwnNetwork(import.meta.filename))
  void suite('IPv6 of networks', { concurrency: 1 }, () => {
    let place: Place;
    let outside: NetGuest;
    const guests: NetGuest[] = [];
    const network = (more: object, ipv6: object = {}): NetworkSpec =>
      spec(1, {
        type: 'nat',
        domain: 'six.test',
        ipv4: addresses('10.74.1'),
        ipv6: { prefix: `${prefix}::/64`, ...ipv6 },
        ...more,
      });
    const guestOn = async (one: NetworkSpec, mac: string): Promise<NetGuest> => {
      const guest = await NetGuest.make();
      guests.push(guest);
      guest.speakIpv6();
      guest.plug(place.bridge(one), mac);
      return guest;
    };

    before(async () => {
      place = await Place.make();
      outside = await NetGuest.make();
      outside.speakIpv6();
      const uplink = outside.plug(undefined);
      writeFileSync(`/proc/sys/net/ipv6/conf/${uplink}/disable_ipv6`, '0');
      must('ip', 'address', 'add', '2001:db8::1/64', 'dev', uplink, 'nodad');
      outside.run('ip', 'address', 'add', '2001:db8::9/64', 'dev', 'eth0', 'nodad');
      // An adapter of the host that takes its way out from advertisements.
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
    });
    afterEach(() => {
      for (const guest of guests.splice(0)) guest[Symbol.dispose]();
    });
    after(async () => {
      outside[Symbol.dispose]();
      await place[Symbol.asyncDispose]();
    });

    void test('guests give themselves addresses of the prefix, are known by name, and reach the outside under the address of the host', async () => {
      const nat = network({
        forwards: [{ hostPort: 8080, address: `${prefix}::80`, port: 80 }],
      });
      await place.carry(nat);
      assert.equal(readFileSync(forwarding, 'utf8').trim(), '1');
      assert.equal(readFileSync('/proc/sys/net/ipv6/conf/eno1/accept_ra', 'utf8').trim(), '2');
      const one = await guestOn(nat, '52:47:59:00:00:01');
      const two = await guestOn(nat, '52:47:59:00:00:02');
      const [first, second] = [await addressOf(one), await addressOf(two)];
      assert.equal(first, `${prefix}:5047:59ff:fe00:1`);
      assert.ok(reaches(two, first));
      assert.ok(reaches(one, `${prefix}::1`));
      assert.ok(reaches(one, '2001:db8::9'));
      assert.ok(!reaches(outside, second));
      // Its name is known as soon as it has an address of IPv4 as well.
      await one.askAddress();
      const untilMs = systemClock.now() + 30_000;
      const ask = (): boolean =>
        two.succeeds('busybox', 'nslookup', '-type=aaaa', 'vm-1.six.test', `${prefix}::2`) &&
        two
          .run('busybox', 'nslookup', '-type=aaaa', 'vm-1.six.test', `${prefix}::2`)
          .includes(first);
      while (!ask() && systemClock.now() < untilMs) await systemClock.sleep(200);
      assert.ok(ask());
      two.run('ip', 'address', 'add', `${prefix}::80/64`, 'dev', 'eth0', 'nodad');
      const inside = [`--net=/proc/${two.pid}/ns/net`, '--', process.execPath, '-e', serve];
      const server = spawn('nsenter', inside, { stdio: ['ignore', 'pipe', 'ignore'] });
      await once(server.stdout, 'data');
      let heard = '';
      while (heard === '' && systemClock.now() < untilMs + 5_000)
        heard = outside.says('busybox', 'nc', '-w', '2', '2001:db8::1', '8080');
      server.kill('SIGKILL');
      assert.equal(heard, 'hello over six');
    });

    void test('a routed prefix is reached as it is, and a leased address is one that the service gave', async () => {
      const routed = network({}, { outside: 'routed', addressing: 'dhcp' });
      await place.carry(routed);
      const three = await guestOn(routed, '52:47:59:00:00:03');
      three.run('ip', 'address', 'add', `${prefix}::33/64`, 'dev', 'eth0', 'nodad');
      outside.run('ip', '-6', 'route', 'replace', `${prefix}::/64`, 'via', '2001:db8::1');
      const untilMs = systemClock.now() + 30_000;
      while (!reaches(outside, `${prefix}::33`) && systemClock.now() < untilMs);
      assert.ok(reaches(outside, `${prefix}::33`));
      const config = readFileSync(`${place.folder}/networks/${routed.id}/dnsmasq.conf`, 'utf8');
      assert.match(config, /dhcp-range=fd77:1:2:3::1000,fd77:1:2:3::ffff,64,/);
    });

    void test('a host-only network reaches the host and nothing beyond, over IPv6 too', async () => {
      const hostOnly = network({ type: 'host-only' });
      await place.carry(hostOnly);
      assert.equal(readFileSync(forwarding, 'utf8').trim(), '0');
      assert.equal(readFileSync('/proc/sys/net/ipv6/conf/eno1/accept_ra', 'utf8').trim(), '1');
      const four = await guestOn(hostOnly, '52:47:59:00:00:04');
      await addressOf(four);
      assert.ok(reaches(four, `${prefix}::1`));
      assert.ok(!reaches(four, '2001:db8::9'));
      assert.equal(four.run('ip', '-6', 'route', 'show', 'default').trim(), '');
    });
  });
