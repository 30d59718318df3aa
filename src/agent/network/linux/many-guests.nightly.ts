/** Two hundred vms on one network of a host, which is a network namespace: each has an address of its own, a name and its port. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { must, NetGuest } from '../../testing/net-guest.ts';
import {
  adapterOn,
  addresses,
  machineOn,
  ownLinks,
  ownTables,
  Place,
  spec,
} from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const count = 200;
const hex = (number: number): string => number.toString(16).padStart(2, '0');
const macOf = (number: number): string => `52:47:59:00:01:${hex(number)}`;
const idOf = (number: number): string =>
  `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const network = spec(1, {
  type: 'nat',
  domain: 'lab.test',
  ipv4: addresses('10.76.1', {
    dhcp: { first: '10.76.1.10', last: '10.76.1.250', leaseSeconds: 3600 },
  }),
});

if (isInOwnNetwork(import.meta.filename, { limitMs: 900_000 }))
  void suite('many guests', () => {
    void test(`${count} guests of one network have their addresses and names, and go without a trace`, async (context) => {
      await using place = await Place.make();
      place.files = Array.from({ length: count }, (_, at) =>
        machineOn(network.id, `vm-${at}`, macOf(at)),
      );
      await place.networks.configure([network]);
      place.networks.look();
      await place.until('it is ready', () => place.report(network.id)?.state === 'ready');
      const guests: NetGuest[] = [];
      using _guests = { [Symbol.dispose]: () => guests.forEach((one) => one[Symbol.dispose]()) };
      const began = performance.now();
      for (let number = 0; number < count; number += 1) {
        const guest = await NetGuest.make();
        guests.push(guest);
        await place.plug(guest, idOf(number), adapterOn(network.id, macOf(number)));
      }
      const plugged = performance.now();
      const given = new Set<string>();
      for (const guest of guests) given.add((await guest.askAddress())['ip'] ?? '');
      const leased = performance.now();
      assert.equal(given.size, count);
      await place.until('all leases are told', () => {
        const table = place.networks.leaseTables.get(network.id);
        return table?.length === count;
      });
      const [first] = guests;
      const last = [...given].at(-1) ?? '';
      const said = first?.run('busybox', 'nslookup', `vm-${count - 1}.lab.test`, '10.76.1.2') ?? '';
      assert.ok(said.includes(last), said);
      assert.ok(first?.reaches(last));
      assert.equal(place.report(network.id)?.state, 'ready');
      const ports = must('ip', '-brief', 'link', 'show', 'master', place.bridge(network));
      assert.equal(ports.trim().split('\n').length, count + 1, 'all guests and the service');
      context.diagnostic(
        `plugged in ${Math.round((plugged - began) / count)} ms each, leased in ${Math.round((leased - plugged) / count)} ms each`,
      );
      for (let number = 0; number < count; number += 1) await place.networks.unplug(idOf(number));
      await place.empty();
      await place.until('its service ends', () => place.services().length === 0);
      assert.deepEqual([ownLinks(), ownTables()], [[], '']);
    });
  });
