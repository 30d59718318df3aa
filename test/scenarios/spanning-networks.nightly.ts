/** Real guests of two hosts on one network: a coordinator and two agents on one wire, each in a namespace of its own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createWebSocketStream } from 'ws';
import type { Network, NetworkLeases, NetworkPort, NetworkPorts, VlanRange } from '#api';
import { Ear } from '../../src/agent/testing/ear.ts';
import { must } from '../../src/agent/testing/net-guest.ts';
import { makeWire } from '../../src/agent/testing/network-hosts.ts';
import { isInOwnNetwork } from '../../src/agent/testing/own-network.ts';
import { starterImage } from '../../src/agent/testing/qemu-agent.ts';
import { SerialSession } from '../../src/agent/testing/serial-session.ts';
import { sendFrames, taggedFrame } from '../../src/agent/testing/tagged-frames.ts';
import type { PortNumbersDocument, SpanDocument } from '../../src/coordinator/documents.ts';
import { Stage } from '../../src/coordinator/testing/stage.ts';
import { hostAddressOf, WiredHost } from './wired-host.ts';

const coordinatorAddress = '198.51.100.9';
const bootMs = 180_000;
const stranger = '02:00:5e:00:00:09';
/** What a port lets in, and no other. */
const open = { first: 7000, last: 7009 } as const;
const inVlan = (number: number): VlanRange => ({ first: number, last: number });

if (isInOwnNetwork(import.meta.filename, { limitMs: 600_000 }))
  void suite('real guests of two hosts on one network', { concurrency: 1 }, () => {
    let stage: Stage;
    let hosts: readonly [WiredHost, WiredHost];
    let cyd: WiredHost | undefined;
    let serial: SerialSession;
    const network = async (): Promise<Network> =>
      (await stage.send('GET', '/networks/wide')).json as Network;
    const portOf = async (vm: string, on = 'wide'): Promise<NetworkPort> => {
      const { items } = (await stage.send('GET', `/networks/${on}/ports`)).json as NetworkPorts;
      const port = items.find((one) => one.vm.name === vm);
      assert.ok(port !== undefined, `${vm} has a port of ${on}`);
      return port;
    };
    const addressOf = (vm: string): string | undefined =>
      stage.vm(vm)?.status.guest?.addresses.find((address) => address.startsWith('10.82.0.'));

    const sitAt = async (vm: string): Promise<void> => {
      serial?.close();
      const socket = stage.dial(`/vms/${vm}/serial?port=1`);
      serial = SerialSession.over(createWebSocketStream(socket));
      await once(socket, 'open');
    };

    before(async () => {
      makeWire('wire');
      must('ip', 'address', 'add', `${coordinatorAddress}/24`, 'dev', 'wire');
      const times = { serviceGraceMs: 1_000 };
      stage = await Stage.open({ listen: coordinatorAddress, times });
      hosts = [await WiredHost.join(stage, 'ada'), await WiredHost.join(stage, 'bob')];
      const body = {
        name: 'wide',
        type: 'nat',
        domain: 'wide.test',
        ipv4: { subnet: '10.82.0.0/24', dhcp: { leaseSeconds: 120 } },
        span: {},
      };
      const lan = { name: 'lan', type: 'bridged', adapter: 'eno1' };
      for (const one of [body, lan])
        assert.equal((await stage.send('POST', '/networks', { body: one })).status, 200);
      const { path } = await starterImage();
      for (const [host, vm] of [
        ['ada', 'one'],
        ['bob', 'two'],
      ] as const) {
        const image = `starter-${host}`;
        const settings = { searchPath: [dirname(path)] };
        await stage.send('PATCH', `/hosts/${host}`, { body: { settings } });
        const known = { name: image, imageKind: 'disk', format: 'qcow2', host, file: path };
        const added = await stage.act('POST', '/images', known);
        assert.equal(added.state, 'done', JSON.stringify(added));
        const disk = { kind: 'image', image };
        const made = { name: vm, host, disk, network: 'wide', memoryBytes: 128 * 1024 ** 2 };
        const created = await stage.act('POST', '/vms', { ...made, start: true });
        assert.equal(created.state, 'done', JSON.stringify(created));
      }
      for (const vm of ['one', 'two'])
        await stage.until(() => addressOf(vm) !== undefined, `${vm} has an address`, bootMs);
      await sitAt('two');
      await serial.logIn('root', 'gantry');
      await serial.untilCommand('dmesg -n 1; echo quiet-$((1+1))', /quiet-2/);
    });
    after(async () => {
      serial?.close();
      for (const host of [...(hosts ?? []), ...(cyd ? [cyd] : [])])
        await host[Symbol.asyncDispose]();
      await stage?.[Symbol.asyncDispose]();
    });

    const says = (command: string, answer: RegExp): Promise<unknown> =>
      serial.untilCommand(`${command}; echo code-$?-end`, answer);

    const act = async (method: string, path: string, body?: object): Promise<void> => {
      const ended = await stage.act(method, path, body);
      assert.equal(ended.state, 'done', `${method} ${path}: ${JSON.stringify(ended.fault)}`);
    };

    const untilNumbered = async (network: string, vm: string): Promise<void> => {
      const id = stage.coordinator.inventory.find('network', network)?.id;
      const vmId = stage.vm(vm)?.id ?? '';
      const numbered = (): boolean =>
        stage.coordinator.inventory
          .document<PortNumbersDocument>('port-numbers', vmId)
          ?.data.ports.some((port) => port.network === id) === true;
      await stage.until(numbered, `the port of ${vm} has its number`, 10_000);
    };

    /** Of the vm `two`, whose host is `at`: what passes its ports and what does not, tried from `from` and from the wire. */
    const holdsAtPorts = async (at: WiredHost, from: WiredHost): Promise<void> => {
      const address = addressOf('two') ?? '';
      assert.deepEqual(
        [from.knock(address, open.first), from.knock(address, open.last + 1)],
        ['refused', 'dropped'],
      );
      // An address that was leased is its own; another one is not.
      await says(`ping -c 1 -W 3 ${coordinatorAddress}`, /code-0-end/);
      // Below those that are leased.
      const forged = '10.82.0.20';
      await says(
        `ip addr add ${forged}/24 dev eth0; ping -c 1 -W 1 -I ${forged} 10.82.0.1`,
        /code-1-end/,
      );
      await says(`ip addr del ${forged}/24 dev eth0; ip link set eth1 up`, /code-0-end/);
      const { interface: tap } = await portOf('two', 'lan');
      using ear = await Ear.open(tap, at.space, 'both');
      const [inside, outside, last] = ['in VLAN 100', 'in VLAN 101', 'in none'] as const;
      sendFrames(undefined, 'wire', [
        taggedFrame(stranger, 101, outside),
        taggedFrame(stranger, 100, inside),
        taggedFrame(stranger, undefined, last),
      ]);
      await ear.until(() => ear.overheard(last).length > 0);
      assert.deepEqual(
        [inside, outside].map((text) => ear.overheard(text).length > 0),
        [true, false],
      );
    };

    void test('NET-41 guests of two hosts get addresses from one service, reach each other by name, and the outside', async () => {
      const { service, hosts: carriers, state } = await network();
      assert.deepEqual([service?.hostName, state, carriers.length], ['ada', 'ready', 2]);
      await says('ping -c 2 -W 3 one.wide.test', /code-0-end/);
      await says(`ping -c 1 -W 3 -s 1422 ${addressOf('one')}`, /code-0-end/);
      await says('cat /sys/class/net/eth0/mtu', /\b1450\s+code-0-end/);
      await says(`ping -c 1 -W 3 ${coordinatorAddress}`, /code-0-end/);
      const { items } = (await stage.send('GET', '/networks/wide/leases')).json as NetworkLeases;
      assert.deepEqual(items.map(({ vm }) => vm?.name ?? '').sort(), ['one', 'two']);
    });

    void test('when the host that serves fails another one does, and a guest keeps its address and its way out', async () => {
      const [ada] = hosts;
      const address = addressOf('two');
      await ada.fail();
      const served = (): boolean => {
        const [span] = stage.coordinator.inventory.documents<SpanDocument>('span');
        return span?.data.host === stage.host('bob')?.id;
      };
      await stage.until(served, 'bob serves', 30_000);
      await says(
        `for i in $(seq 20); do ping -c 1 -W 1 ${coordinatorAddress} >/dev/null && break; sleep 0.5; done; ping -c 1 -W 3 ${coordinatorAddress}`,
        /code-0-end/,
      );
      await says('busybox udhcpc -i eth0 -n -q -t 10 2>&1', /lease of 10\.82\.0\.\d+/);
      assert.ok(serial.text.includes(`lease of ${address}`), serial.text.slice(-500));
      await says('nslookup two.wide.test', new RegExp(`${address}`));
    });

    void test('NET-42 NET-52 a vm that moves to another host keeps its address and its name, and its ports number, VLAN, filter rules, counters and what was learned', async () => {
      const [, bob] = hosts;
      cyd = await WiredHost.join(stage, 'cyd');
      // Stays, so that bob goes on serving.
      const disk = { kind: 'new', sizeBytes: 64 * 1024 ** 2, format: 'raw' };
      await act('POST', '/vms', { name: 'still', host: 'bob', disk, network: 'wide' });
      const rules = [{ direction: 'inbound', action: 'allow', protocol: 'tcp', ports: [open] }];
      const firewall = { inbound: 'deny', rules };
      await act('PATCH', '/vms/two/adapters/0', { firewall });
      const guarded = await stage.send('PATCH', '/networks/wide', {
        body: { ipSourceGuard: true },
      });
      assert.equal(guarded.status, 200, guarded.text);
      // The lowest number is free again: who had another one keeps it.
      const attachment = { kind: 'network', network: 'lan' };
      await act('POST', '/vms/still/adapters', { slot: 1, attachment });
      await untilNumbered('lan', 'still');
      await act('POST', '/vms/two/adapters', { slot: 1, attachment, vlans: [inVlan(100)] });
      await untilNumbered('lan', 'two');
      await act('DELETE', '/vms/still/adapters/1');
      assert.equal(stage.vm('two')?.host, bob.name);
      await holdsAtPorts(bob, bob);
      // More than passes in the rest of the test, so that ports which began anew would tell less.
      await says(`ping -c 100 -i 0.01 -s 1200 -q ${coordinatorAddress}`, /code-0-end/);
      await says('until grep -q /data /proc/mounts; do sleep 1; done', /code-0-end/);
      await says(
        'cat /proc/sys/kernel/random/uuid > /data/kept; hostname >> /data/kept; sync',
        /code-0-end/,
      );
      await says('cat /data/kept', /[0-9a-f-]{36}\s+two\s+code-0-end/);
      const kept = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(serial.text.slice(-300))?.[0];
      const before = { address: addressOf('two'), hardware: stage.vm('two')?.definition.hardware };
      const passed = [await portOf('two'), await portOf('two', 'lan')] as const;
      assert.deepEqual([passed[0].number, passed[1].number], [2, 2]);
      assert.ok(passed.every(({ received }) => received.bytes > 0) && passed[0].sent.bytes > 0);
      await act('POST', '/vms/two/actions/shutdown', {});
      await act('POST', '/vms/two/relocate', { host: cyd.name });
      await act('POST', '/vms/two/actions/turn-on', {});
      assert.equal(stage.vm('two')?.host, cyd.name);
      assert.deepEqual(stage.vm('two')?.definition.hardware, before.hardware);
      await stage.until(() => addressOf('two') !== undefined, 'two has an address', bootMs);
      assert.equal(addressOf('two'), before.address);
      await sitAt('two');
      await serial.logIn('root', 'gantry');
      await serial.untilCommand(
        'dmesg -n 1; until grep -q /data /proc/mounts; do sleep 1; done; echo $(hostname) $(cat /data/kept)',
        new RegExp(`two ${kept} two`),
      );
      await says('nslookup two.wide.test', new RegExp(`${before.address}`));
      const { items } = (await stage.send('GET', '/networks/wide/leases')).json as NetworkLeases;
      const leased = items.filter(({ vm }) => vm?.name === 'two').map(({ address }) => address);
      assert.deepEqual(leased, [before.address]);
      const learned = bob.run('bridge', 'fdb', 'show', 'brport', 'gvx0');
      assert.ok(learned.includes(`${passed[0].mac} dst ${hostAddressOf.cyd}`), learned);
      await holdsAtPorts(cyd, bob);
      for (const was of passed) {
        const is = await portOf('two', was === passed[0] ? 'wide' : 'lan');
        assert.deepEqual([is.host, is.mac, is.number], [cyd.name, was.mac, was.number]);
        for (const way of ['sent', 'received'] as const)
          assert.ok(is[way].bytes > was[way].bytes, `${is.host} counts on what was ${way}`);
      }
    });
  });
