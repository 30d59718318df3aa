/** Trouble that comes from whoever is on a network, on a host that is a network namespace. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, suite, test } from 'node:test';
import type { NetworkSpec } from '#api';
import { must, NetGuest } from '../../testing/net-guest.ts';
import { adapterOn, addresses, Place, spec } from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';

const macs = ['52:47:59:00:00:01', '52:47:59:00:00:02'] as const;
const vms = ['10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000002'];

if (isInOwnNetwork(import.meta.filename))
  void suite('trouble in networks', { concurrency: 1 }, () => {
    let place: Place;
    before(async () => {
      place = await Place.make({ sightMs: 300 });
    });
    after(() => place[Symbol.asyncDispose]());

    const until = (network: NetworkSpec, text: RegExp): Promise<void> =>
      place.until(String(text), () =>
        (place.report(network.id)?.reasons ?? []).some((reason) =>
          text.test(`${reason.code}: ${reason.text}`),
        ),
      );

    void test('two that use one address are told with both names, also where it was leased to one of them', async () => {
      const network = spec(1, { type: 'internal', ipv4: addresses('10.71.1', { gateway: null }) });
      await place.carry(network, network);
      using one = await NetGuest.make();
      using two = await NetGuest.make();
      for (const [at, guest] of [one, two].entries())
        await place.plug(guest, vms[at] ?? '', adapterOn(network.id, macs[at] ?? ''));
      const { ip = '' } = await one.askAddress();
      assert.ok(one.reaches('10.71.1.2'));
      assert.equal(place.report(network.id)?.state, 'ready');
      two.run('ip', 'address', 'add', `${ip}/24`, 'dev', 'eth0');
      two.run('busybox', 'arping', '-c', '1', '-A', '-I', 'eth0', ip);
      await until(network, /^duplicate-address: .* used by vm vm-1 \(.*01\) and vm vm-2 \(.*02\)$/);
      assert.equal(place.report(network.id)?.state, 'degraded');
      two.run('ip', 'address', 'replace', '10.71.1.2/24', 'dev', 'eth0');
      two.run('busybox', 'arping', '-c', '1', '-A', '-I', 'eth0', '10.71.1.2');
      await until(network, /^duplicate-address: the address 10\.71\.1\.2 is used by .*vm vm-2/);
      for (const vm of vms) await place.networks.unplug(vm);
      await place.until('it is over', () => place.report(network.id)?.state === 'ready');
    });

    void test('a vm that answers DHCP requests is told, though its answers are dropped', async () => {
      const network = spec(2, { type: 'nat', ipv4: addresses('10.71.2') });
      await place.carry(network);
      using guest = await NetGuest.make();
      await place.plug(guest, vms[0] ?? '', adapterOn(network.id, macs[0]));
      guest.run('ip', 'address', 'add', '10.71.2.9/24', 'dev', 'eth0');
      const call = ['-e', answer, '10.71.2.9'];
      const inside = [`--net=/proc/${guest.pid}/ns/net`, '--', process.execPath, ...call];
      const server = spawn('nsenter', inside, { stdio: 'ignore' });
      try {
        await until(network, /^foreign-dhcp: vm vm-1 \(.*\) at .* answers DHCP .* 10\.71\.2\.9$/);
      } finally {
        server.kill('SIGKILL');
      }
      await place.networks.unplug(vms[0] ?? '');
    });

    void test('a device outside that has the MAC address of a vm is told', async () => {
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
      for (const name of ['eno1', 'switch1']) must('ip', 'link', 'set', 'dev', name, 'up');
      const network = spec(3, { type: 'bridged', adapter: 'eno1' });
      await place.carry(network);
      using guest = await NetGuest.make();
      await place.plug(guest, vms[0] ?? '', adapterOn(network.id, macs[0]));
      must('ip', 'link', 'set', 'dev', 'switch1', 'address', macs[0]);
      must('ip', 'address', 'add', '192.0.2.5/24', 'dev', 'switch1');
      must('busybox', 'arping', '-c', '1', '-A', '-I', 'switch1', '192.0.2.5');
      await until(network, /^duplicate-mac: .* of vm vm-1 \(.*01\) come in from outside, at eno1$/);
      assert.deepEqual(place.report(network.id)?.seen, [macs[0]]);
      await place.networks.unplug(vms[0] ?? '');
      await place.empty();
      must('ip', 'link', 'del', 'dev', 'eno1');
    });
  });

/** What a DHCP server sends, as far as a switch looks at it. */
const answer = `const socket = require('node:dgram').createSocket('udp4');
  socket.bind(67, process.argv[1], () => {
    socket.setBroadcast(true);
    setInterval(() => socket.send(Buffer.alloc(300, 2), 68, '10.71.2.255'), 100);
  });`;
