/** Real guests on real networks: an agent whose host is a network namespace, guests in emulation. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, suite, test } from 'node:test';
import {
  firewallSchema,
  networkSpecSchema,
  profiles,
  vmDefinitionSchema,
  type GuestHealth,
  type LinkParams,
  type NetworkSpec,
  type VmDefinition,
  plainPort,
} from '#api';
import { giB, isFault, miB, systemClock } from '#lib';
import { must, NetGuest } from './testing/net-guest.ts';
import { isInOwnNetwork } from './testing/own-network.ts';
import { bareDefinition, byTester, QemuAgent, starterImage } from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

type Adapter = VmDefinition['hardware']['adapters'][number];

const nat = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-0000000000a1',
  name: 'lab',
  type: 'nat',
  domain: 'lab.test',
  ipv4: {
    subnet: '10.72.1.0/24',
    gateway: '10.72.1.1',
    service: '10.72.1.2',
    dhcp: {
      first: '10.72.1.100',
      last: '10.72.1.150',
      boot: { file: 'http://10.72.1.1:8069/farm.ipxe' },
    },
    dnsServers: [],
  },
});
const internal = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-0000000000a2',
  name: 'closed',
  type: 'internal',
  ipv4: {
    subnet: '10.72.2.0/24',
    gateway: null,
    service: '10.72.2.2',
    dhcp: { first: '10.72.2.100', last: '10.72.2.150' },
    dnsServers: [],
  },
});
const lost = networkSpecSchema.parse({
  id: '20000000-0000-4000-8000-0000000000a3',
  name: 'lost',
  type: 'bridged',
  adapter: 'eno9',
  ipv4: null,
});

const told = (networks: NetworkSpec[]): LinkParams<'network.configure'> => ({
  networks,
  spans: [],
  others: 'none',
  part: { number: 1, of: 1 },
});

function adapterOn(network: string, mac: string, more: Partial<Adapter> = {}): Adapter {
  return {
    slot: 0,
    model: 'virtio',
    mac,
    macMode: 'static',
    link: 'up',
    optional: false,
    ...plainPort,
    attachment: { kind: 'network', network },
    ...more,
  };
}

async function boot(agent: QemuAgent, name: string, mac: string, path: string): Promise<string> {
  const disk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;
  const definition = vmDefinitionSchema.parse({
    id: crypto.randomUUID(),
    name,
    hardware: {
      ...profiles.modern.hardware,
      memory: { sizeBytes: 128 * miB, maxBytes: null },
      disks: [{ ...disk, bus: 'virtio', position: 0 }],
      adapters: [adapterOn(nat.id, mac)],
    },
    settings: { heartbeat: { intervalSeconds: 1, missedLimit: 3, bootSeconds: 5 } },
  });
  const source = { ...disk, kind: 'image', imagePath: path, imageFormat: 'qcow2' } as const;
  const id = await agent.create(definition, [source]);
  await agent.act(id, 'turn-on');
  return id;
}

async function addressOf(agent: QemuAgent, id: string, net: string): Promise<string> {
  const { guest } = await agent.untilSample(
    id,
    `an address in ${net}`,
    (sample) => sample.guest?.addresses.some((address) => address.startsWith(net)) === true,
  );
  return guest?.addresses.find((address) => address.startsWith(net)) ?? '';
}

if (isInOwnNetwork(import.meta.filename))
  void suite('real guests on networks', { concurrency: 1 }, () => {
    const macs = ['52:47:59:00:00:01', '52:47:59:00:00:02'] as const;
    let agent: QemuAgent;
    let outside: NetGuest;
    /** Of a vm that runs since before there was a network. */
    let early: string;
    let ids: readonly [string, string];
    let serial: SerialSession;
    let addresses: readonly [string, string];

    before(async () => {
      const { path } = await starterImage();
      outside = await NetGuest.make();
      const uplink = outside.plug(undefined);
      must('ip', 'address', 'add', '192.0.2.1/24', 'dev', uplink);
      outside.run('ip', 'address', 'add', '192.0.2.9/24', 'dev', 'eth0');
      agent = await QemuAgent.start();
      early = await agent.create(bareDefinition({ adapters: [] }));
      await agent.act(early, 'turn-on');
      await agent.host.call('network.configure', told([nat, internal]));
      ids = await Promise.all([
        boot(agent, 'one', macs[0], path),
        boot(agent, 'two', macs[1], path),
      ]);
      serial = await SerialSession.open(agent, ids[0], 'serial1');
      await serial.logIn('root', 'gantry');
      // What a busy kernel says would stand behind the prompt.
      await serial.untilCommand('dmesg -n 1; echo quiet-$((1+1))', /quiet-2/);
      addresses = await Promise.all([
        addressOf(agent, ids[0], '10.72.1.'),
        addressOf(agent, ids[1], '10.72.1.'),
      ]);
    });

    after(async () => {
      serial?.close();
      await agent?.[Symbol.asyncDispose]();
      outside?.[Symbol.dispose]();
    });

    const reaches = async (address: string, how: 'reached' | 'not-reached'): Promise<void> => {
      const answer = how === 'reached' ? /code-0-end/ : /code-1-end/;
      await serial.untilCommand(`ping -c 1 -W 2 ${address}; echo code-$?-end`, answer);
    };

    void test('guests get their addresses from the service of their network, which lists them', async () => {
      const leases = () => agent.host.leases.get(nat.id) ?? [];
      await agent.host.until('leases are told', () => leases().length === 2);
      const found = new Map(leases().map(({ mac, address }) => [mac, address]));
      assert.deepEqual([found.get(macs[0]), found.get(macs[1])], [...addresses]);
      assert.deepEqual(
        agent.host.networks.map(({ id, state, bridge }) => [id, state, bridge]),
        [[nat.id, 'ready', 'gbr0']],
      );
    });

    void test('guests reach each other, their host and the physical network', async () => {
      await reaches(addresses[1], 'reached');
      await reaches('10.72.1.1', 'reached');
      await reaches('192.0.2.9', 'reached');
      assert.equal(outside.reaches(addresses[0]), false);
      await serial.untilCommand('ping -c 1 -W 2 two.lab.test; echo code-$?-end', /code-0-end/);
    });

    void test('NET-32 frames under another MAC address than the adapter’s are dropped unless the network lets them through', async () => {
      const other = '52:47:59:00:00:77';
      const change = (mac: string): string =>
        `ip link set eth0 down; ip link set eth0 address ${mac}; ip link set eth0 up; ip addr add ${addresses[0]}/24 dev eth0 2>/dev/null; echo changed-$((1+1))`;
      await serial.untilCommand(change(other), /changed-2/);
      await reaches(addresses[1], 'not-reached');
      assert.doesNotMatch(must('bridge', 'fdb', 'show', 'br', 'gbr0'), new RegExp(other));
      const lenient = { ...nat, forgedAddresses: true };
      await agent.host.call('network.configure', told([lenient, internal]));
      await reaches(addresses[1], 'reached');
      await serial.untilCommand(change(macs[0]), /changed-2/);
      await agent.host.call('network.configure', told([nat, internal]));
      await reaches(addresses[1], 'reached');
    });

    void test('the firewall of an adapter holds outside of its guest, from the moment that it is changed', async () => {
      const [, id] = ids;
      const change = (adapter: Adapter): Promise<{ live: boolean }> =>
        agent.host.call('machine.adapter.change', {
          id,
          generation: agent.generation(id),
          cause: byTester,
          adapter,
        });
      const rules = firewallSchema.parse({
        rules: [{ direction: 'inbound', action: 'deny', protocol: 'icmp', address: addresses[0] }],
      });
      const walled = adapterOn(nat.id, macs[1], { firewall: rules });
      assert.deepEqual(await change(walled), { live: true });
      await reaches(addresses[1], 'not-reached');
      must('busybox', 'ping', '-c', '1', '-W', '2', addresses[1]);
      assert.deepEqual(await change(adapterOn(nat.id, macs[1])), { live: true });
      await reaches(addresses[1], 'reached');
    });

    void test('NET-11 an adapter is plugged into another network while its vm runs, like a cable', async () => {
      const [id] = ids;
      const change = (adapter: Adapter): Promise<{ live: boolean }> =>
        agent.host.call('machine.adapter.change', {
          id,
          generation: agent.generation(id),
          cause: byTester,
          adapter,
        });
      const cable = async (state: string): Promise<void> => {
        await serial.untilCommand(
          'for i in 1 2 3 4 5 6 7 8 9 10; do cat /sys/class/net/eth0/carrier; sleep 0.2; done; echo looked-$((1+1))',
          new RegExp(`\\b${state}\\s+looked-2`),
        );
      };
      const none = adapterOn('', macs[0], { attachment: { kind: 'none' } });
      assert.deepEqual(await change(none), { live: true });
      await cable('0');
      assert.deepEqual(await change(adapterOn(internal.id, macs[0])), { live: true });
      await cable('1');
      await reaches('10.72.1.1', 'not-reached');
      assert.deepEqual(agent.host.reports.get(id)?.pending, []);
      await serial.untilCommand(
        `ip addr add 10.72.2.9/24 dev eth0; ping -c 1 -W 2 10.72.2.2; echo code-$?-end`,
        /code-0-end/,
      );
      const cut = adapterOn(internal.id, macs[0], { link: 'down' });
      assert.deepEqual(await change(cut), { live: true });
      await cable('0');
      assert.deepEqual(await change(adapterOn(nat.id, macs[0])), { live: true });
      await cable('1');
      await reaches('10.72.1.1', 'reached');
      await assert.rejects(
        change(adapterOn('20000000-0000-4000-8000-00000000dead', macs[0])),
        (error) => isFault(error, 'blocked') && error.reasons[0]?.code === 'network-missing',
      );
      await reaches('10.72.1.1', 'reached');
    });

    void test('a vm that boots over its network starts what the network says, from a server there', async () => {
      const asked = Promise.withResolvers<string>();
      const server = createServer((request, response) => {
        if (request.url?.startsWith('/started') === true) asked.resolve(request.url);
        response.end('#!ipxe\nimgfetch http://10.72.1.1:8069/started/${mac}\n');
      });
      server.listen(8069, '10.72.1.1');
      await once(server, 'listening');
      const mac = '52:47:59:00:00:38';
      const definition = bareDefinition({
        opticalDrives: [],
        firmware: { type: 'bios', secureBoot: false, bootOrder: ['network'], bootOnce: null },
        memory: { sizeBytes: 64 * miB, maxBytes: null },
        adapters: [adapterOn(nat.id, mac)],
      });
      const id = await agent.create(definition);
      try {
        await agent.act(id, 'turn-on');
        assert.equal(decodeURIComponent(await asked.promise), `/started/${mac}`);
      } finally {
        server.close();
        await agent.act(id, 'turn-off');
      }
    });

    void test('networks outlive the agent, and the next one looks after them', async () => {
      await agent.process.stop('SIGKILL');
      for (const address of addresses) must('busybox', 'ping', '-c', '1', '-W', '2', address);
      await agent.comeBack();
      await agent.host.until('the network is told again', () => agent.host.networks.length > 0);
      must('ip', 'link', 'del', 'dev', 'gbr0');
      serial.close();
      serial = await SerialSession.open(agent, ids[0], 'serial1');
      serial.write('\n');
      await serial.untilCommand(
        `for i in $(seq 20); do ping -c 1 -W 1 ${addresses[1]} >/dev/null && break; done; ping -c 1 -W 2 ${addresses[1]}; echo code-$?-end`,
        /code-0-end/,
      );
    });

    void test('an adapter comes and goes while its vm runs, and its tap with it', async () => {
      const [, id] = ids;
      const adapter = adapterOn(internal.id, '52:47:59:00:00:22', { slot: 1 });
      const call = { id, generation: agent.generation(id), cause: byTester, adapter };
      assert.deepEqual(await agent.host.call('machine.adapter.attach', call), { live: true });
      assert.match(must('ip', 'link', 'show', 'master', 'gbr1'), /gtap\d+/);
      assert.deepEqual(await agent.host.call('machine.adapter.detach', call), { live: true });
      assert.doesNotMatch(must('ip', 'link', 'show'), new RegExp(`${id}/1`));
    });

    void test('a vm that ran before there was any network is plugged into one', async () => {
      const adapter = adapterOn(internal.id, '52:47:59:00:00:23', { slot: 1 });
      const call = { id: early, generation: agent.generation(early), cause: byTester, adapter };
      assert.deepEqual(await agent.host.call('machine.adapter.attach', call), { live: true });
      assert.match(must('ip', 'link', 'show', 'master', 'gbr1'), new RegExp(`${early}/1`));
    });

    void test('VM-72 a network that does not exist blocks the start; an optional adapter starts unplugged and is plugged in later', async () => {
      const gone = '20000000-0000-4000-8000-00000000dead';
      const missing = bareDefinition({ adapters: [adapterOn(gone, '52:47:59:00:00:31')] });
      assert.deepEqual(await agent.blockedCodes(await agent.create(missing)), ['network-missing']);
      await agent.untilEvent('vm.network-missing', missing.id);
      const optional = adapterOn(gone, '52:47:59:00:00:32', { optional: true });
      await agent.host.call('network.configure', told([nat, internal, lost]));
      const cut = bareDefinition({ adapters: [adapterOn(lost.id, '52:47:59:00:00:33')] });
      assert.deepEqual(await agent.blockedCodes(await agent.create(cut)), ['network-unavailable']);
      await agent.untilEvent('vm.adapter-failed', cut.id);
      const id = await agent.create(bareDefinition({ adapters: [optional] }));
      const report = await agent.act(id, 'turn-on');
      assert.equal(report.state, 'running');
      const adapter = { ...optional, attachment: { kind: 'network', network: nat.id } } as const;
      const call = { id, generation: agent.generation(id), cause: byTester, adapter };
      assert.deepEqual(await agent.host.call('machine.adapter.change', call), { live: true });
      await agent.act(id, 'turn-off');
      // The tap goes behind the vm's back.
      const untilMs = systemClock.now() + 10_000;
      const isThere = (): boolean => must('ip', 'link', 'show').includes(`${id}/0`);
      while (isThere() && systemClock.now() < untilMs) await systemClock.sleep(20);
      assert.ok(!isThere());
    });

    void test('GA-11 by what comes from its cable a guest that hangs is told from one whose agent alone is gone', async () => {
      const [id] = ids;
      const until = (health: GuestHealth): Promise<unknown> =>
        agent.untilSample(id, health, ({ guestHealth }) => guestHealth === health);
      await serial.untilCommand('kill -STOP $(cat /run/qemu-ga.pid); echo held-$((1+1))', /held-2/);
      await agent.untilSample(id, 'missed beats', ({ heartbeat }) => heartbeat.state === 'missed');
      await until('working');
      // It says nothing of its panic and stays in it.
      const mute =
        'cd /sys/bus/platform/drivers/pvpanic-mmio; for d in *:*; do echo $d > unbind; done';
      const stay = 'echo 0 > /proc/sys/kernel/panic';
      await serial.untilCommand(`${mute}; ${stay}; echo mute-$((1+1))`, /mute-2/);
      serial.text = '';
      serial.write('echo c > /proc/sysrq-trigger\n');
      await serial.until(/Kernel panic/);
      // An agent that has heard nothing of its guest has nothing but the network to go by.
      await agent.restart();
      await until('not-answering');
    });

    void test('when no vm is left nothing of the networks is', async () => {
      for (const id of [...ids, early]) {
        await agent.act(id, 'turn-off');
        const call = { id, generation: agent.generation(id), cause: byTester, keep: [] };
        await agent.host.call('machine.destroy', call);
      }
      for (const [id] of agent.host.reports) {
        const call = { id, generation: agent.generation(id), cause: byTester, keep: [] };
        await agent.host.call('machine.destroy', call).catch(() => undefined);
      }
      await agent.host.until('nothing is carried', () => agent.host.networks.length === 0);
      assert.doesNotMatch(must('ip', '-brief', 'link', 'show'), /^g(br|tap|svc)/m);
      assert.equal(must('nft', 'list', 'tables'), '');
    });
  });
