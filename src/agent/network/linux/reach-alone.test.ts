/** Guest to guest, guest to host, guest to physical network: each had alone, by the networks that two guests are on. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { firewallSchema, type NetworkSpec } from '#api';
import { must, NetGuest } from '../../testing/net-guest.ts';
import { adapterOn, addresses, machineOn, Place, spec } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const net = '10.76.1';
const guestAddresses = [`${net}.11`, `${net}.12`] as const;
/** Of the host: in its own network, and in the guests' where their network gives it one. */
const hostAddresses = ['192.0.2.1', `${net}.1`] as const;
/** Of devices: on the network of the host, and at the adapter that networks may be on. */
const deviceAddresses = ['192.0.2.9', `${net}.99`] as const;

interface Reach {
  readonly guest: boolean;
  readonly host: boolean;
  readonly physical: boolean;
}

if (isInOwnNetwork(import.meta.filename))
  void suite('kinds of connectivity, each alone', { concurrency: 1 }, () => {
    let place: Place;
    let devices: readonly NetGuest[];
    before(async () => {
      place = await Place.make();
      const [office, lab] = [await NetGuest.make(), await NetGuest.make()];
      devices = [office, lab];
      must('ip', 'address', 'add', '192.0.2.1/24', 'dev', office.plug(undefined));
      must('ip', 'link', 'set', 'dev', lab.plug(undefined), 'name', 'eno1', 'up');
      for (const [index, device] of devices.entries()) {
        device.run('ip', 'address', 'add', `${deviceAddresses[index]}/24`, 'dev', 'eth0');
        device.run('ip', 'route', 'replace', 'default', 'dev', 'eth0');
      }
    });
    after(async () => {
      for (const device of devices) device[Symbol.dispose]();
      await place[Symbol.asyncDispose]();
    });

    /** What two guests reach, the first on the first of the networks and the second on the last. */
    const reachOn = async (
      ...networks: readonly [NetworkSpec, ...NetworkSpec[]]
    ): Promise<Reach> => {
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      const plugs = [one, two].map((guest, index) => {
        const network = networks[index] ?? networks[0];
        const file = machineOn(network.id, `vm-${index + 1}`, `52:47:59:00:00:0${index + 1}`);
        return { guest, file, network, address: guestAddresses[index] ?? '' };
      });
      place.files = plugs.map(({ file }) => file);
      await place.networks.configure(networks);
      place.networks.look();
      await place.until('they are carried', () =>
        networks.every(({ id }) => place.report(id)?.state === 'ready'),
      );
      for (const { guest, file, network, address } of plugs) {
        const [{ mac } = { mac: '' }] = file.definition.hardware.adapters;
        await place.plug(guest, file.definition.id, adapterOn(network.id, mac));
        guest.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
        // Whatever there is behind the cable is asked for.
        guest.run('ip', 'route', 'add', 'default', 'dev', 'eth0');
      }
      const asked = { guest: [guestAddresses[1]], host: hostAddresses, physical: deviceAddresses };
      const reached = await one.reached(Object.values(asked).flat());
      const isReached = (targets: readonly string[]): boolean =>
        targets.some((target) => reached.includes(target));
      const reach = {
        guest: isReached(asked.guest),
        host: isReached(asked.host),
        physical: isReached(asked.physical),
      };
      for (const { file } of plugs) await place.networks.unplug(file.definition.id);
      return reach;
    };

    void test('NET-01 guest to guest, guest to host and guest to physical network are each had without the others', async () => {
      const internal = spec(1, { type: 'internal' });
      assert.deepEqual(
        await reachOn(internal),
        { guest: true, host: false, physical: false },
        'an internal network',
      );
      const allow = (direction: string): object => ({
        direction,
        action: 'allow',
        address: hostAddresses[1],
      });
      const firewall = firewallSchema.parse({
        inbound: 'deny',
        outbound: 'deny',
        rules: [allow('inbound'), allow('outbound')],
      });
      const ipv4 = addresses(net, { dhcp: null });
      assert.deepEqual(
        await reachOn(spec(2, { type: 'host-only', ipv4, firewall })),
        { guest: false, host: true, physical: false },
        'a host-only network whose firewall lets through the host alone',
      );
      const bridged = { type: 'bridged', adapter: 'eno1' };
      assert.deepEqual(
        await reachOn(spec(3, bridged), spec(4, bridged)),
        { guest: false, host: false, physical: true },
        'a bridged network for each guest, at an adapter where the host has no address',
      );
    });
  });
