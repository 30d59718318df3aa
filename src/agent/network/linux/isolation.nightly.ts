/**
 * Who hears whom on networks of a real Linux host: what the statement of a network says is held against packet
 * sockets at every place that it speaks of. The physical network is the other end of a pair.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  isolationOf,
  type Isolation,
  type IsolationReader,
  type IsolationTraffic,
  type NetworkSpec,
} from '#api';
import { Ear } from '../../testing/ear.ts';
import { must, NetGuest } from '../../testing/net-guest.ts';
import { adapterOn, addresses, Place, spec } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const vmOf = (number: number): string => `10000000-0000-4000-8000-00000000000${number}`;
const macOf = (number: number): string => `52:47:59:00:00:2${number}`;
const port = 5000;

/** Guests one and two talk, three listens; four and five are on another network, where five listens. */
class Scene implements Disposable {
  readonly guests: NetGuest[] = [];
  readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  guest(number: number): NetGuest {
    const guest = this.guests[number - 1];
    assert.ok(guest);
    return guest;
  }

  async plug(network: NetworkSpec, net: string, count: number): Promise<void> {
    for (let added = 0; added < count; added += 1) {
      const number = this.guests.length + 1;
      const guest = await NetGuest.make();
      this.guests.push(guest);
      await this.place.plug(guest, vmOf(number), adapterOn(network.id, macOf(number)));
      guest.run('ip', 'address', 'add', `${net}.1${number}/24`, 'dev', 'eth0');
    }
  }

  [Symbol.dispose](): void {
    for (const guest of this.guests) guest[Symbol.dispose]();
  }
}

const saysOf = (
  isolation: Isolation,
  reader: IsolationReader,
  traffic: IsolationTraffic,
): string | undefined =>
  isolation.find((line) => line.reader === reader && line.traffic === traffic)?.reads;

interface Texts {
  readonly unicast: string;
  readonly broadcast: string;
}

/** What ears heard of frames whose texts are known. */
function heard(texts: Texts, ...ears: readonly Ear[]): string {
  const hears = (text: string): boolean => ears.some((ear) => ear.overheard(text).length > 0);
  if (hears(texts.unicast)) return 'all';
  return hears(texts.broadcast) ? 'broadcasts' : 'nothing';
}

if (isInOwnNetwork(import.meta.filename))
  void suite('isolation of networks', { concurrency: 1 }, () => {
    let place: Place;
    let uplink: string;
    let outside: NetGuest;
    before(async () => {
      place = await Place.make();
      outside = await NetGuest.make();
      uplink = outside.plug(undefined);
    });
    after(async () => {
      outside[Symbol.dispose]();
      await place[Symbol.asyncDispose]();
    });

    /** Says one thing to one, and another to all. */
    async function say(from: NetGuest, to: string, all: string, about: string): Promise<void> {
      await from.sendFrom(port, to, port, `${about} to one`);
      await from.sendFrom(port, all, port, `${about} to all`);
    }
    const textsOf = (about: string) => ({
      unicast: `${about} to one`,
      broadcast: `${about} to all`,
    });

    /** Guests of two networks, and the host, are listened to while all of them talk. */
    async function compare(network: NetworkSpec, net: string, other: NetworkSpec, theirs: string) {
      await place.carry(network, other);
      using scene = new Scene(place);
      await scene.plug(network, net, 3);
      await scene.plug(other, theirs, 2);
      const bridge = place.bridge(network);
      using guestEar = await Ear.open('eth0', scene.guest(3));
      using otherEar = await Ear.open('eth0', scene.guest(5));
      using hostEar = await Ear.open(bridge);
      using adapterEar = await Ear.open(network.adapter ?? bridge);
      using wireEar = await Ear.open('eth0', outside);
      const bytesBefore = outside.received();
      // Where an address is, is learned from what it sends.
      scene.guest(2).reaches(`${net}.11`);
      await say(scene.guest(1), `${net}.12`, `${net}.255`, 'between');
      await say(scene.guest(4), `${theirs}.15`, `${theirs}.255`, 'elsewhere');
      await guestEar.until(() => guestEar.overheard('between to all').length > 0);
      await otherEar.until(() => otherEar.overheard('elsewhere to all').length > 0);
      const isolation = isolationOf(network, { adapter: 'own' });
      const between = textsOf('between');
      const found = {
        guests: heard(between, guestEar),
        host: heard(between, hostEar, adapterEar),
        physical: heard(between, wireEar),
        others: heard(between, otherEar),
      };
      const said = {
        guests: saysOf(isolation, 'guests', 'between') === 'all' ? 'all' : 'broadcasts',
        host: saysOf(isolation, 'host', 'between'),
        physical: saysOf(isolation, 'physical', 'between'),
        others: saysOf(isolation, 'others', 'between'),
      };
      assert.deepEqual(found, said, network.name);
      assert.equal(heard(textsOf('elsewhere'), guestEar), saysOf(isolation, 'guests', 'others'));
      return { left: outside.received() - bytesBefore, isolation };
    }

    const inner = { type: 'internal', ipv4: addresses('10.75.1', { gateway: null, dhcp: null }) };
    const elsewhere = spec(9, {
      type: 'internal',
      ipv4: addresses('10.75.9', { gateway: null, dhcp: null }),
    });

    void test('NET-15 NET-38 SEC-11 on a network without a physical adapter nobody outside hears anything, and no frame passes a physical adapter', async () => {
      for (const promiscuous of [false, true]) {
        const network = spec(1, { ...inner, promiscuous });
        const { left, isolation } = await compare(network, '10.75.1', elsewhere, '10.75.9');
        assert.equal(left, 0);
        assert.ok(
          isolation.every(({ reader, reads }) => reader === 'guests' || reads === 'nothing'),
        );
      }
    });

    void test('guests and host of a host-only network hear what is for them and broadcasts, and of a nat network the host what goes outside', async () => {
      for (const type of ['host-only', 'nat'] as const) {
        const ipv4 = addresses('10.75.2', { dhcp: null });
        const network = spec(2, { type, ipv4 });
        const { isolation } = await compare(network, '10.75.2', elsewhere, '10.75.9');
        assert.equal(saysOf(isolation, 'physical', 'between'), 'nothing');
        assert.equal(
          saysOf(isolation, 'physical', 'outside'),
          type === 'nat' ? 'addressed' : 'nothing',
        );
      }
    });

    void test('NET-16 SEC-12 NET-19 on an adapter of its own the host hears what goes outside and not what goes between two guests', async () => {
      const network = spec(3, { type: 'bridged', adapter: uplink });
      const { isolation } = await compare(network, '192.0.2', elsewhere, '10.75.9');
      assert.equal(saysOf(isolation, 'host', 'outside'), 'all');
      using scene = new Scene(place);
      await scene.plug(network, '192.0.2', 3);
      outside.run('ip', 'address', 'replace', '192.0.2.200/24', 'dev', 'eth0');
      using hostEar = await Ear.open(uplink);
      using thirdEar = await Ear.open('eth0', scene.guest(3));
      await say(scene.guest(1), '192.0.2.200', '192.0.2.255', 'outward');
      await outside.sendFrom(port, '192.0.2.11', port, 'inward to one');
      await hostEar.until(() => hostEar.overheard('outward to all').length > 0);
      assert.equal(heard(textsOf('outward'), hostEar), 'all');
      // What comes in is not sent by the host; it hears that as well.
      await hostEar.until(() => hostEar.overheard('inward to one').length > 0);
      assert.deepEqual(thirdEar.overheard('inward to one'), []);
      assert.equal(heard(textsOf('outward'), thirdEar), 'broadcasts');
    });

    void test('NET-17 two networks on one physical adapter hear nothing of each other, in neither direction', async () => {
      const one = spec(3, { type: 'bridged', adapter: uplink });
      const two = spec(4, { type: 'bridged', adapter: uplink });
      const { isolation } = await compare(one, '192.0.2', two, '198.51.100');
      assert.equal(saysOf(isolation, 'guests', 'physical'), 'addressed');
      assert.equal(place.bridge(one), place.bridge(two));
      using scene = new Scene(place);
      await scene.plug(one, '192.0.2', 1);
      await scene.plug(two, '192.0.2', 1);
      outside.run('ip', 'address', 'replace', '192.0.2.200/24', 'dev', 'eth0');
      assert.ok(scene.guest(1).reaches('192.0.2.200') && scene.guest(2).reaches('192.0.2.200'));
      assert.equal(scene.guest(1).reaches('192.0.2.12'), false);
      using ear = await Ear.open('eth0', scene.guest(2));
      await outside.sendFrom(port, '192.0.2.11', port, 'inbound to one');
      await say(scene.guest(1), '192.0.2.200', '192.0.2.255', 'outbound');
      assert.ok(scene.guest(2).reaches('192.0.2.200'));
      for (const text of ['inbound to one', 'outbound to one', 'outbound to all'])
        assert.deepEqual(ear.overheard(text), [], text);
    });

    void test('NET-18 a promiscuous network on an adapter lets everybody there hear all of it', async () => {
      const network = spec(3, { type: 'bridged', adapter: uplink, promiscuous: true });
      const { isolation } = await compare(network, '192.0.2', elsewhere, '10.75.9');
      assert.equal(saysOf(isolation, 'physical', 'between'), 'all');
      assert.equal(must('ip', 'link', 'show', 'dev', uplink).includes('master'), true);
    });
  });
