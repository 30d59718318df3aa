/**
 * What adapters of a real Linux host are for. The host is a network namespace with one adapter, whose way out is the
 * router of another one. One file because all is told of that host, in turns.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import type { AdapterReport } from '#api';
import { describeFault, isFault } from '#lib';
import { killSharing, sharingCalls } from '../../../testing/killed-sharing.ts';
import { must, NetGuest } from '../../../testing/net-guest.ts';
import { machineOn, ownLinks, ownTables, Place, spec } from '../../../testing/network-place.ts';
import { Office } from '../../../testing/office.ts';
import { isInOwnNetwork } from '../../../testing/own-network.ts';
import { findPrograms } from '../programs.ts';

if (isInOwnNetwork(import.meta.filename))
  void suite('adapters of a Linux host', { concurrency: 1 }, () => {
    let office: Office;
    let place: Place;
    let asBefore: string;
    before(async () => {
      office = await Office.open();
      asBefore = office.has('eno1');
      place = await Place.make({ coordinator: office.coordinator });
    });
    after(async () => {
      await place[Symbol.asyncDispose]();
      office[Symbol.dispose]();
    });

    const lan = spec(1, { type: 'bridged', adapter: 'eno1' });
    const adapter = async (name = 'eno1'): Promise<AdapterReport> => {
      const found = (await place.networks.adapters.list()).find((one) => one.name === name);
      assert.ok(found !== undefined);
      return found;
    };

    void test('an adapter is listed with what it is and what goes over it', async () => {
      const { mac, speedMbps: _speed, ...rest } = await adapter();
      assert.match(mac ?? '', /^[0-9a-f:]{17}$/);
      assert.deepEqual(rest, {
        name: 'eno1',
        link: 'up',
        addresses: ['192.0.2.5/24', '10.1.1.1/32', '192.0.2.6/24', '2001:db8::5/64'],
        carries: ['coordinator', 'default-route'],
        networks: [],
        use: 'any',
        trial: null,
        problem: null,
      });
    });

    void test('host and networks share the only adapter: addresses, routes and connections go on, and come back', async () => {
      const server = createServer((socket) => void socket.pipe(socket)).listen(0, '192.0.2.5');
      await once(server, 'listening');
      using talk = await office.router.talk('192.0.2.5', (server.address() as AddressInfo).port);
      const trial = await place.networks.adapters.change('eno1', {
        use: 'shared',
        confirmSeconds: 30,
      });
      assert.equal(trial?.use, 'shared');
      assert.equal(office.has('gbr0'), asBefore);
      assert.equal(office.has('eno1'), '');
      assert.equal(await talk.ask('still there?'), 'still there?');
      await place.networks.adapters.confirm('eno1');
      const { use, addresses, carries } = await adapter();
      assert.deepEqual([use, addresses.length, carries.length], ['shared', 4, 2]);
      await place.carry(lan);
      assert.equal(place.bridge(lan), 'gbr0');
      using guest = await NetGuest.make();
      guest.plug('gbr0');
      guest.run('ip', 'address', 'add', '192.0.2.50/24', 'dev', 'eth0');
      assert.deepEqual(
        ['192.0.2.1', '192.0.2.5'].map((to) => guest.reaches(to)),
        [true, true],
      );
      await assert.rejects(
        place.networks.adapters.change('eno1', { use: 'any', confirmSeconds: 30 }),
        (error) => isFault(error, 'refused'),
        'a vm is on it',
      );
      await place.empty();
      assert.equal(office.has('gbr0'), asBefore, 'the bridge is not the network’s');
      await place.networks.adapters.change('eno1', { use: 'any', confirmSeconds: 30 });
      await place.networks.adapters.confirm('eno1');
      assert.equal(office.has('eno1'), asBefore);
      assert.equal(await talk.ask('and now?'), 'and now?');
      server.close();
    });

    void test('what nobody confirms in time is undone', async () => {
      await place.networks.adapters.change('eno1', { use: 'shared', confirmSeconds: 1 });
      assert.equal(office.has('eno1'), '');
      await place.until('it is undone', () => place.troubles.length > 0, 30_000);
      assert.match(place.troubles.splice(0).join(), /^eno1: nobody has confirmed it in time$/);
      assert.equal(office.has('eno1'), asBefore);
      await assert.rejects(place.networks.adapters.confirm('eno1'), (error) =>
        isFault(error, 'refused'),
      );
    });

    void test('what does not answer afterwards undoes it at once: the router, or the coordinator', async () => {
      const programs = await findPrograms();
      assert.ok(typeof programs !== 'string');
      const inside = `nsenter --net=/proc/${office.router.pid}/ns/net ip`;
      for (const [harm, mended, why] of [
        [
          'link set dev eth0 arp off',
          'link set dev eth0 arp on',
          /the router 192\.0\.2\.1 does not/,
        ],
        [
          'address del 203.0.113.7/32 dev eth0',
          'address add 203.0.113.7/32 dev eth0',
          /coordinator/,
        ],
      ] as const) {
        const ip = office.watchedIp(`case "$*" in *master*) ${inside} ${harm} ;; esac`);
        await place.networks[Symbol.asyncDispose]();
        await place.open({ programs: { ...programs, ip }, verifyMs: 1_000 });
        await assert.rejects(
          place.networks.adapters.change('eno1', { use: 'shared', confirmSeconds: 30 }),
          (error) => isFault(error, 'unavailable') && why.test(describeFault(error)),
        );
        office.router.run('ip', ...mended.split(' '));
        assert.equal(office.has('eno1'), asBefore);
        assert.equal((await adapter()).trial, null);
      }
      await place.networks[Symbol.asyncDispose]();
      await place.open();
    });

    void test('an agent that is killed while the host has no address leaves a host that the guard mends', async () => {
      await killSharing(office, 13, 'guard');
    });

    void test('what an agent has not confirmed when it is killed the next one undoes at once', async () => {
      await killSharing(office, sharingCalls + 1, 'next-agent');
    });

    void test('what was confirmed is made again after a restart of the host', async () => {
      await place.networks.adapters.change('eno1', { use: 'shared', confirmSeconds: 30 });
      await place.networks.adapters.confirm('eno1');
      await place.networks[Symbol.asyncDispose]();
      must('ip', 'link', 'del', 'dev', 'gbr0');
      office.configure();
      await place.open();
      await place.until('it is shared', () => office.has('eno1') === '', 30_000);
      await place.until('it is noted', () => office.has('gbr0') === asBefore, 30_000);
      await place.networks.adapters.change('eno1', { use: 'any', confirmSeconds: 30 });
      await place.networks.adapters.confirm('eno1');
      assert.equal(office.has('eno1'), asBefore);
    });

    void test('addresses that a DHCP client renews are not moved, and it is said why', async () => {
      const leased = ['198.51.100.9/24', 'dev', 'eno1'];
      must('ip', 'address', 'add', ...leased, 'valid_lft', '600', 'preferred_lft', '600');
      await assert.rejects(
        place.networks.adapters.change('eno1', { use: 'shared', confirmSeconds: 30 }),
        (error) => isFault(error, 'refused') && /198\.51\.100\.9.* DHCP client/.test(error.message),
      );
      must('ip', 'address', 'del', ...leased);
    });

    void test('NET-34 an adapter is reserved for the host, and no network attaches; or for networks, and has no address', async () => {
      const { adapters } = place.networks;
      assert.equal(await adapters.change('eno1', { use: 'host', confirmSeconds: 30 }), null);
      place.files = [machineOn(lan.id, 'vm-1', '52:47:59:00:00:01')];
      await place.networks.configure([lan]);
      place.networks.look();
      await place.until('it is refused', () => place.report(lan.id)?.state === 'down');
      assert.equal(place.report(lan.id)?.reasons[0]?.code, 'adapter-reserved');
      await place.empty();
      await adapters.change('eno1', { use: 'any', confirmSeconds: 30 });
      must('ip', 'link', 'add', 'name', 'eno2', 'type', 'veth', 'peer', 'name', 'switch2');
      for (const name of ['eno2', 'switch2']) must('ip', 'link', 'set', 'dev', name, 'up');
      must('ip', 'address', 'add', '198.51.100.9/24', 'dev', 'eno2');
      const held = office.has('eno2');
      await adapters.change('eno2', { use: 'networks', confirmSeconds: 30 });
      await adapters.confirm('eno2');
      assert.equal(office.has('eno2'), '');
      const onIt = { ...lan, adapter: 'eno2' };
      await place.carry(onIt);
      assert.equal(place.bridge(onIt), 'gbr0');
      await place.empty();
      // Somebody gives it an address all the same.
      must('ip', 'address', 'add', '198.51.100.10/24', 'dev', 'eno2');
      await place.until('it is taken off', () => office.has('eno2') === '', 30_000);
      must('ip', 'address', 'add', '198.51.100.10/24', 'dev', 'eno2');
      await place.until('it is taken off again', () => office.has('eno2') === '', 30_000);
      await adapters.change('eno2', { use: 'any', confirmSeconds: 30 });
      await adapters.confirm('eno2');
      assert.match(office.has('eno2'), new RegExp(`^${held.split('\n')[0]}\n`));
      must('ip', 'link', 'del', 'dev', 'eno2');
    });

    void test('NET-35 an adapter is for networks alone only where another one leads to the coordinator', async () => {
      await place.networks[Symbol.asyncDispose]();
      await place.open({ verifyMs: 1_000 });
      const change = { use: 'networks', confirmSeconds: 30 } as const;
      const refuses = async (): Promise<void> =>
        assert.rejects(place.networks.adapters.change('eno1', change), (error) =>
          isFault(error, 'refused'),
        );
      await refuses();
      must('ip', 'link', 'add', 'name', 'eno2', 'type', 'veth', 'peer', 'name', 'switch2');
      for (const name of ['eno2', 'switch2']) must('ip', 'link', 'set', 'dev', name, 'up');
      must('ip', 'address', 'add', '198.51.100.9/24', 'dev', 'eno2');
      await refuses();
      must('ip', 'route', 'add', 'default', 'via', '198.51.100.1', 'dev', 'eno2', 'metric', '900');
      // It seems to lead there; that it does not is found out, and undone.
      await assert.rejects(place.networks.adapters.change('eno1', change), (error) =>
        isFault(error, 'unavailable'),
      );
      assert.equal(office.has('eno1'), asBefore);
      must('ip', 'link', 'del', 'dev', 'eno2');
    });

    void test('an agent that leaves the host gives its adapter back, without anybody to confirm it', async () => {
      await place.networks.adapters.change('eno1', { use: 'shared', confirmSeconds: 30 });
      await place.networks.adapters.confirm('eno1');
      await place.carry(lan);
      place.files = [];
      await place.networks.leave();
      assert.equal(office.has('eno1'), asBefore);
      assert.deepEqual([ownLinks(), ownTables(), (await adapter()).use], [[], '', 'any']);
    });
  });
