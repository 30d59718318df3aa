/** Real guests of two hosts on one network: a coordinator and two agents on one wire, each in a namespace of its own. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createWebSocketStream } from 'ws';
import type { Network, NetworkLeases, NetworkPort, NetworkPorts } from '#api';
import { must, NetGuest } from '../../src/agent/testing/net-guest.ts';
import { makeWire } from '../../src/agent/testing/network-hosts.ts';
import { isInOwnNetwork } from '../../src/agent/testing/own-network.ts';
import { starterImage } from '../../src/agent/testing/qemu-agent.ts';
import { SerialSession } from '../../src/agent/testing/serial-session.ts';
import type { SpanDocument } from '../../src/coordinator/documents.ts';
import { Stage } from '../../src/coordinator/testing/stage.ts';

const agentProgram = fileURLToPath(new URL('../../src/agent/main.ts', import.meta.url));
const coordinatorAddress = '198.51.100.9';
const bootMs = 180_000;

/** A host with QEMU on the wire. */
class RealHost implements AsyncDisposable {
  readonly name: string;
  readonly #space: NetGuest;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(name: string, space: NetGuest, folder: string, child: ChildProcess) {
    this.name = name;
    this.#space = space;
    this.#folder = folder;
    this.#child = child;
  }

  static async join(stage: Stage, name: string, address: string): Promise<RealHost> {
    const space = await NetGuest.make();
    space.plug('wire');
    space.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
    const folder = await mkdtemp(join(tmpdir(), 'gr-'));
    await chmod(folder, 0o711);
    const { json } = await stage.send('POST', '/hosts/join-token');
    await writeFile(join(folder, 'token'), (json as { token: string }).token, { mode: 0o600 });
    await writeFile(join(folder, 'authority.pem'), stage.authority);
    await mkdir(join(folder, 'data'), { recursive: true });
    const words = `--data ${folder}/data --runtime ${folder}/run --coordinator ${stage.url} --authority ${folder}/authority.pem --token-file ${folder}/token --driver qemu --name ${name}`;
    const args = words.split(' ');
    const inside = [`--net=/proc/${space.pid}/ns/net`, '--', process.execPath, agentProgram];
    const child = spawn('nsenter', [...inside, ...args], { stdio: 'ignore' });
    const host = new RealHost(name, space, folder, child);
    await stage.until(() => stage.host(name)?.status === 'ready', `${name} is ready`, 60_000);
    return host;
  }

  run(...words: readonly [string, ...string[]]): string {
    const [program, ...args] = words;
    return this.#space.run(program, ...args);
  }

  /** As if its power had failed: what ran there is gone, and nothing of it is on the wire. */
  async fail(): Promise<void> {
    this.#space.run('ip', 'link', 'set', 'dev', 'eth0', 'down');
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    // By the folder of this host, which no other process names.
    spawnSync('pkill', ['-KILL', '-f', `${this.#folder}/`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.fail();
    this.#space[Symbol.dispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

if (isInOwnNetwork(import.meta.filename, 600_000))
  void suite('real guests of two hosts on one network', { concurrency: 1 }, () => {
    let stage: Stage;
    let hosts: readonly [RealHost, RealHost];
    let cyd: RealHost | undefined;
    let serial: SerialSession;
    const network = async (): Promise<Network> =>
      (await stage.send('GET', '/networks/wide')).json as Network;
    const portOf = async (vm: string): Promise<NetworkPort | undefined> => {
      const { items } = (await stage.send('GET', '/networks/wide/ports')).json as NetworkPorts;
      return items.find((port) => port.vm.name === vm);
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
      hosts = [
        await RealHost.join(stage, 'ada', '198.51.100.1'),
        await RealHost.join(stage, 'bob', '198.51.100.2'),
      ];
      const body = {
        name: 'wide',
        type: 'nat',
        domain: 'wide.test',
        ipv4: { subnet: '10.82.0.0/24', dhcp: { leaseSeconds: 120 } },
        span: {},
      };
      assert.equal((await stage.send('POST', '/networks', { body })).status, 200);
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

    void test('NET-52 a guest keeps its address and its name when its vm moves to another host on the same network', async () => {
      const [, bob] = hosts;
      cyd = await RealHost.join(stage, 'cyd', '198.51.100.3');
      const before = { address: addressOf('two'), hardware: stage.vm('two')?.definition.hardware };
      const passed = await portOf('two');
      assert.ok(passed !== undefined && passed.sent.bytes > 0);
      assert.equal(stage.vm('two')?.host, bob.name);
      await says('until grep -q /data /proc/mounts; do sleep 1; done', /code-0-end/);
      await says(
        'cat /proc/sys/kernel/random/uuid > /data/kept; hostname >> /data/kept; sync',
        /code-0-end/,
      );
      await says('cat /data/kept', /[0-9a-f-]{36}\s+two\s+code-0-end/);
      const kept = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(serial.text.slice(-300))?.[0];
      for (const [path, body] of [
        ['actions/shutdown', {}],
        ['relocate', { host: cyd.name }],
        ['actions/turn-on', {}],
      ] as const) {
        const ended = await stage.act('POST', `/vms/two/${path}`, body);
        assert.equal(ended.state, 'done', `${path}: ${JSON.stringify(ended.fault)}`);
      }
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
      const port = await portOf('two');
      assert.deepEqual([port?.host, port?.mac], [cyd.name, passed.mac]);
      for (const way of ['sent', 'received'] as const)
        assert.ok((port?.[way].bytes ?? 0) > passed[way].bytes, `it counts on what was ${way}`);
    });
  });
