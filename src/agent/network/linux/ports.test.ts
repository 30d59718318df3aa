/** What a port of a network gives and takes, seen with frames: guests are namespaces whose cables stand for taps. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Ear } from '../../testing/ear.ts';
import { must, NetGuest } from '../../testing/net-guest.ts';
import {
  adapterOn,
  addresses,
  ownLinks,
  Place,
  spec,
  type PluggedGuest,
} from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const vms = [1, 2, 3].map((number) => `10000000-0000-4000-8000-00000000000${number}`);
const macs = [1, 2, 3].map((number) => `52:47:59:00:00:1${number}`);
const at = (list: readonly string[], index: number): string => list[index] ?? '';

interface Shown {
  readonly kind: string;
  readonly dev: string;
  readonly options: { readonly rate?: number };
  readonly drops?: number;
  readonly bytes?: number;
}
const disciplines = (dev: string): Shown[] =>
  JSON.parse(must('tc', '-json', '-statistics', 'qdisc', 'show', 'dev', dev)) as Shown[];
const rateAt = (dev: string): number | undefined =>
  disciplines(dev).find(({ kind }) => kind === 'tbf')?.options.rate;

if (isInOwnNetwork(import.meta.filename))
  void suite('ports of a Linux host', { concurrency: 1 }, () => {
    let place: Place;
    before(async () => {
      place = await Place.make();
    });
    after(() => place[Symbol.asyncDispose]());

    const internal = spec(1, {
      type: 'internal',
      ipv4: addresses('10.73.1', { gateway: null, dhcp: null }),
    });

    /** Guests at their ports, with the addresses 10.73.1.11, 10.73.1.12 and so on. */
    async function plugIn(guests: readonly NetGuest[]): Promise<readonly PluggedGuest[]> {
      await place.carry(internal);
      const plugged: PluggedGuest[] = [];
      for (const [index, guest] of guests.entries()) {
        const adapter = adapterOn(internal.id, at(macs, index));
        plugged.push(await place.plug(guest, at(vms, index), adapter));
        guest.run('ip', 'address', 'add', `10.73.1.${11 + index}/24`, 'dev', 'eth0');
      }
      return plugged;
    }

    /** How many bytes of two million arrive. */
    async function carried(from: NetGuest, to: NetGuest, address: string): Promise<number> {
      const before = to.receivedBytes();
      await from.flood(address, 2000);
      return to.receivedBytes() - before;
    }

    void test('what a guest receives and sends is limited while it runs, and no more when the limit is taken away', async () => {
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      const [first, second] = await plugIn([one, two]);
      assert.ok(first && second);
      const unlimited = await carried(one, two, '10.73.1.12');
      assert.ok(unlimited > 1_900_000, String(unlimited));
      const slow = { inboundBitsPerSecond: 1_000_000, outboundBitsPerSecond: null };
      await second.change({ bandwidth: slow });
      assert.equal(rateAt(second.tap), 125_000);
      const received = await carried(one, two, '10.73.1.12');
      assert.ok(received < unlimited / 4, `${received} of ${unlimited}`);
      const [sender, receiver] = await place.networks.ports(internal.id);
      assert.ok(sender && receiver);
      assert.ok(sender.sent.bytes > 3_800_000 && sender.sent.packets > 3900);
      assert.ok(receiver.received.dropped > 1000 && receiver.received.bytes < 3_000_000);
      await second.change({
        bandwidth: { inboundBitsPerSecond: null, outboundBitsPerSecond: 1_000_000 },
      });
      assert.deepEqual([rateAt(second.tap), rateAt('gifb0')], [undefined, 125_000]);
      const sent = await carried(two, one, '10.73.1.11');
      assert.ok(sent < unlimited / 4, `${sent} of ${unlimited}`);
      assert.ok((await carried(one, two, '10.73.1.12')) > 1_900_000);
      assert.ok(one.reaches('10.73.1.12'), 'what is within the limit passes');
      await second.change({});
      assert.deepEqual(
        ownLinks().filter((name) => name.startsWith('gifb')),
        [],
      );
      assert.ok((await carried(two, one, '10.73.1.11')) > 1_900_000);
    });

    void test('limits that somebody takes away are there again within seconds, and go with the port', async () => {
      using one = await NetGuest.make();
      const [port] = await plugIn([one]);
      assert.ok(port);
      await port.change({
        bandwidth: { inboundBitsPerSecond: 8_000_000, outboundBitsPerSecond: 4_000_000 },
      });
      const whole = (): boolean =>
        ownLinks().includes('gifb0') &&
        rateAt(port.tap) === 1_000_000 &&
        rateAt('gifb0') === 500_000 &&
        must('tc', 'filter', 'show', 'dev', port.tap, 'ingress').includes('to device gifb0');
      assert.ok(whole());
      const harms: readonly (readonly string[])[] = [
        ['tc', 'qdisc', 'del', 'dev', port.tap, 'root'],
        ['tc', 'qdisc', 'del', 'dev', port.tap, 'clsact'],
        ['tc', 'filter', 'del', 'dev', port.tap, 'ingress'],
        [
          'tc',
          'qdisc',
          'replace',
          'dev',
          'gifb0',
          'root',
          'tbf',
          'rate',
          '9mbit',
          'burst',
          '64k',
          'latency',
          '1ms',
        ],
        ['ip', 'link', 'set', 'dev', 'gifb0', 'down'],
        ['ip', 'link', 'del', 'dev', 'gifb0'],
      ];
      for (const [program = '', ...args] of harms) {
        must(program, ...args);
        await place.until(`mended: ${args.join(' ')}`, whole);
      }
      await place.networks.unplug(at(vms, 0));
      await place.until('nothing of it is left', () => !ownLinks().includes('gifb0'));
    });

    void test('where the adapter of the host cannot send all at once, frames of a port with priority go first', async () => {
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
      for (const name of ['eno1', 'switch1']) must('ip', 'link', 'set', 'dev', name, 'up');
      const bridged = spec(2, { type: 'bridged', adapter: 'eno1' });
      await place.carry(bridged);
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      const ports = [
        await place.plug(one, at(vms, 0), adapterOn(bridged.id, at(macs, 0))),
        await place.plug(two, at(vms, 1), adapterOn(bridged.id, at(macs, 1))),
      ];
      const root = (): string => disciplines('eno1')[0]?.kind ?? '';
      assert.equal(root(), 'noqueue');
      await ports[0]?.change({ priority: 'high' });
      assert.equal(root(), 'pfifo_fast');
      // A cable that is slower than the guests: what waits for it, waits in the order of their priority.
      const slow = ['tbf', 'rate', '2mbit', 'burst', '4k', 'limit', '1mb'];
      must('tc', 'qdisc', 'replace', 'dev', 'eno1', 'root', 'handle', '7:', ...slow);
      must('tc', 'qdisc', 'replace', 'dev', 'eno1', 'parent', '7:1', 'handle', '8:', 'pfifo_fast');
      for (const [index, guest] of [one, two].entries()) {
        guest.run('ip', 'address', 'add', `192.0.2.${1 + index}/24`, 'dev', 'eth0');
        guest.run(
          'ip',
          'neighbour',
          'add',
          '192.0.2.9',
          'lladdr',
          '02:00:00:00:00:09',
          'dev',
          'eth0',
        );
      }
      using ear = await Ear.open('switch1');
      await Promise.all([one.flood('192.0.2.9', 800), two.flood('192.0.2.9', 800)]);
      const heard = await ear.hears(400);
      const high = heard.filter(({ from }) => from === at(macs, 0)).length;
      assert.ok(high > 350, `${high} of ${heard.length}`);
      must('tc', 'qdisc', 'del', 'dev', 'eno1', 'root');
      await place.until('it sends by priority again', () => root() === 'pfifo_fast');
      await ports[0]?.change({ priority: 'normal' });
      assert.equal(root(), 'noqueue');
      must('ip', 'link', 'del', 'dev', 'eno1');
    });

    void test('what has passed at a port counts on with the next tap, with the next agent, and on another host', async () => {
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      await plugIn([one, two]);
      const counts = async (vm: string): Promise<readonly number[]> => {
        const ports = await place.networks.ports(internal.id);
        const port = ports.find((known) => known.vm === vm);
        return [port?.sent.bytes ?? -1, port?.sent.packets ?? -1];
      };
      const before = place.networks.passed.of(at(vms, 0));
      await one.flood('10.73.1.12', 500);
      const [bytes = 0, packets = 0] = await counts(at(vms, 0));
      assert.ok(bytes > 300_000 && packets > 300, `${bytes} ${packets}`);
      await place.networks.unplug(at(vms, 0));
      await place.networks.unplug(at(vms, 0));
      const [passed] = place.networks.passed.of(at(vms, 0));
      assert.ok(passed !== undefined && passed.sent.bytes >= bytes);
      assert.ok(passed.sent.bytes < bytes * 1.5 + (before[0]?.sent.bytes ?? 0), 'it counts once');
      await place.networks[Symbol.asyncDispose]();
      await place.open();
      assert.deepEqual(place.networks.passed.of(at(vms, 0)), [passed]);
      const adapter = adapterOn(internal.id, at(macs, 0));
      using again = await NetGuest.make();
      await place.carry(internal);
      await place.plug(again, at(vms, 0), adapter);
      assert.ok(((await counts(at(vms, 0)))[0] ?? 0) >= passed.sent.bytes);
      await place.networks.passed.forget(at(vms, 0));
      const [fresh = 0] = await counts(at(vms, 0));
      assert.ok(fresh < 100_000, String(fresh));
      await place.networks.passed.put(at(vms, 0), [passed]);
      assert.ok(((await counts(at(vms, 0)))[0] ?? 0) >= passed.sent.bytes);
      const another = { ...passed, mac: '52:47:59:00:00:99' };
      await place.networks.passed.put(at(vms, 0), [another]);
      const [anew = 0] = await counts(at(vms, 0));
      assert.ok(anew < 100_000, `another adapter begins anew: ${anew}`);
    });
  });
