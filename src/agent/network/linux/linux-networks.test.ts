/**
 * Networks of a real Linux host, which is a network namespace: what is made for them, what guests are told there, what
 * is mended and what goes. One file because all of it is told of one host, in turns: made anew for each it would take
 * three times as long.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { NetworkSpec, HostLease } from '#api';
import { isFault } from '#lib';
import { silentLog } from '#log';
import { must, NetGuest } from '../../testing/net-guest.ts';
import {
  addresses,
  machineOn,
  ownLinks,
  ownTables,
  Place,
  spec,
} from '../../testing/network-place.ts';
import { isInOwnNetwork } from '../../testing/own-network.ts';
import { readKnown } from './known-file.ts';

if (isInOwnNetwork(import.meta.filename))
  void suite('networks of a Linux host', { concurrency: 1 }, () => {
    let place: Place;
    before(async () => {
      place = await Place.make();
    });
    after(() => place[Symbol.asyncDispose]());

    const nat = spec(1, { type: 'nat', ipv4: addresses('10.71.1'), domain: 'lab.test' });
    const inner = { type: 'internal', ipv4: addresses('10.71.9', { gateway: null }) };
    const internal = spec(4, inner);

    void test('a network is carried when an adapter is on it, and nothing of it remains afterwards', async () => {
      await place.networks.configure([nat]);
      assert.deepEqual([ownLinks(), ownTables(), place.services()], [[], '', []]);
      await place.carry(nat);
      assert.deepEqual(ownLinks().sort(), ['gbr0', 'gsvc0']);
      assert.match(ownTables(), /table inet gantry-30000000\ntable bridge gantry-30000000\n/);
      assert.equal(place.services().length, 1);
      assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '1');
      await place.empty();
      await place.until('its service ends', () => place.services().length === 0);
      assert.deepEqual([ownLinks(), ownTables()], [[], '']);
      assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '0');
      assert.equal(existsSync(join(place.folder, 'networks', nat.id)), false);
    });

    void test('the service runs as nobody, in a namespace of its own, with no more rights than it asks for', async () => {
      await place.carry(nat);
      const status = readFileSync(`/proc/${place.services()[0]}/status`, 'utf8');
      assert.match(status, /^Uid:\t1900101001\t/m);
      assert.match(status, /^CapBnd:\t0000000000003400$/m);
      assert.match(status, /^NoNewPrivs:\t1$/m);
    });

    void test('HOST-39 SEC-47 the files of a network are for the agent and the account of its service alone', async () => {
      await place.carry(nat);
      const folder = join(place.folder, 'networks', nat.id);
      const { mode, uid } = statSync(folder);
      assert.deepEqual([mode & 0o777, uid], [0o700, 1_900_101_001]);
      for (const name of ['dnsmasq.conf', 'hosts']) {
        const file = statSync(join(folder, name));
        assert.deepEqual([file.mode & 0o777, file.uid], [0o600, uid], name);
      }
    });

    void test('NET-10 each network has a definition file of its own, for the agent alone, as long as there is the network', async () => {
      await place.carry(nat, internal);
      const folder = join(place.folder, 'network-definitions');
      assert.deepEqual([statSync(folder).mode & 0o777, statSync(folder).uid], [0o700, 0]);
      const files = (): string[] => readdirSync(folder).sort();
      assert.deepEqual(files(), [`${nat.id}.json`, `${internal.id}.json`, 'standings.json']);
      for (const network of [nat, internal]) {
        const path = join(folder, `${network.id}.json`);
        const { mode, uid } = statSync(path);
        assert.deepEqual([mode & 0o777, uid], [0o600, 0]);
        const { definition } = JSON.parse(readFileSync(path, 'utf8')) as { definition: object };
        assert.deepEqual(definition, network);
      }
      writeFileSync(join(folder, `${nat.id}.json`), 'damaged');
      const known = await readKnown(folder, silentLog);
      assert.deepEqual(known?.networks, [internal], 'the others are read');
      await place.carry({ ...nat, description: 'whole again' });
      assert.deepEqual(files(), [`${nat.id}.json`, 'standings.json']);
      assert.equal((await readKnown(folder, silentLog))?.networks[0]?.description, 'whole again');
    });

    void test('NET-24 every setting of a network reaches its guests as the DHCP option that it is', async () => {
      const dhcp = {
        first: '10.71.1.100',
        last: '10.71.1.150',
        leaseSeconds: 7200,
        renewSeconds: 1800,
        rebindSeconds: 5400,
        winsServers: ['10.71.1.8'],
      };
      const ipv4 = addresses('10.71.1', { dhcp, dnsServers: ['10.71.1.2', '10.71.1.9'] });
      await place.carry(spec(1, { type: 'nat', ipv4, domain: 'lab.test' }));
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      const told = await guest.askAddress('-O', '44', '-O', '58', '-O', '59');
      assert.match(told['ip'] ?? '', /^10\.71\.1\.1[0-5]\d$/);
      assert.deepEqual(
        [told['subnet'], told['router'], told['dns'], told['wins'], told['domain'], told['lease']],
        ['255.255.255.0', '10.71.1.1', '10.71.1.2 10.71.1.9', '10.71.1.8', 'lab.test', '7200'],
      );
      assert.deepEqual(
        [Number(`0x${told['opt58']}`), Number(`0x${told['opt59']}`)],
        [1800, 5400],
        JSON.stringify(told),
      );
    });

    void test('further options reach guests as they are written: texts, addresses and bytes; and what to boot, by the firmware that asks', async () => {
      const options = [
        { code: 42, kind: 'addresses', value: '10.71.1.5, 10.71.1.6' },
        { code: 252, kind: 'text', value: 'http://wpad.lab.test/"a,b" #1' },
        { code: 224, kind: 'text', value: '1.2.3.4' },
        { code: 225, kind: 'bytes', value: '0a' },
        { code: 227, kind: 'text', value: '1234' },
        { code: 119, kind: 'text', value: 'lab.test,lab.example' },
        { code: 226, kind: 'bytes', value: '00FF0a3a' },
        { code: 13, kind: 'bytes', value: '0102' },
      ];
      const boot = { server: '10.71.1.5', file: 'pxelinux.0', uefiFile: 'efi/shimx64.efi' };
      const carry = async (more: object): Promise<void> => {
        const dhcp = { first: '10.71.1.100', last: '10.71.1.150', ...more };
        await place.carry(spec(1, { type: 'nat', ipv4: addresses('10.71.1', { dhcp }) }));
      };
      await carry({ options, boot });
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      const asks = ['-O', '42', '-O', '13', '-O', '119'];
      for (const { code } of options) if (code > 128) asks.push('-O', String(code));
      const told = await guest.askAddress(...asks);
      const hex = (text: string): string => Buffer.from(text).toString('hex');
      assert.deepEqual(
        ['ntpsrv', 'wpad', 'opt224', 'opt225', 'opt226', 'opt227', 'search'].map(
          (name) => told[name],
        ),
        [
          '10.71.1.5 10.71.1.6',
          'http://wpad.lab.test/"a,b" #1',
          hex('1.2.3.4'),
          '0a',
          '00ff0a3a',
          hex('1234'),
          'lab.test lab.example',
        ],
        JSON.stringify(told),
      );
      assert.equal(told['bootsize'], '258');
      assert.deepEqual([told['boot_file'], told['siaddr']], ['pxelinux.0', '10.71.1.5']);
      const uefi = await guest.askAddress(...asks, '-x', '0x5d:0007');
      assert.deepEqual([uefi['boot_file'], uefi['siaddr']], ['efi/shimx64.efi', '10.71.1.5']);
      await carry({ boot: { server: null, file: 'http://10.71.1.1/boot.ipxe', uefiFile: null } });
      await place.until('it says so', () => place.services().length === 1);
      const url = await guest.askAddress(...asks);
      assert.deepEqual(
        [url['boot_file'], url['ntpsrv']],
        ['http://10.71.1.1/boot.ipxe', undefined],
      );
    });

    void test('a reservation is kept, leases are listed, and names of vms resolve', async () => {
      const reservations = [{ mac: '52:47:59:00:00:01', address: '10.71.1.7' }];
      await place.carry(spec(1, { ...nat, reservations }));
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      const told = await guest.askAddress('-x', 'hostname:liar');
      assert.equal(told['ip'], '10.71.1.7');
      // The one before may be listed for another second.
      const listed = (): readonly HostLease[] => place.networks.leaseTables.get(nat.id) ?? [];
      await place.until('it is listed', () =>
        listed().some(({ address }) => address === '10.71.1.7'),
      );
      const leases = listed();
      const seconds = (time: string | undefined): number => Date.parse(time ?? '') / 1000;
      assert.deepEqual(
        leases.map(({ address, mac, hostName }) => [address, mac, hostName]),
        [['10.71.1.7', '52:47:59:00:00:01', 'vm-1']],
      );
      assert.equal(seconds(leases[0]?.expiresAt) - seconds(leases[0]?.startsAt), 3600);
      const said = guest.run('busybox', 'nslookup', 'vm-1.lab.test', '10.71.1.2');
      assert.match(said, /Address: 10\.71\.1\.7/);
    });

    void test('NET-25 the leases are listed with address, MAC, start and end, outlive an agent, and are released', async () => {
      await place.carry(nat);
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      const { ip = '' } = await guest.askAddress();
      const find = (mac: string): HostLease | undefined =>
        place.networks.leaseTables
          .get(nat.id)
          ?.find((lease) => lease.address === ip && lease.mac === mac);
      await place.until('it is listed', () => find('52:47:59:00:00:01') !== undefined);
      const before = find('52:47:59:00:00:01');
      const seconds = (time: string | undefined): number => Date.parse(time ?? '') / 1000;
      assert.equal(seconds(before?.expiresAt) - seconds(before?.startsAt), 3600);
      await place.networks[Symbol.asyncDispose]();
      await place.open();
      await place.until('it is listed again', () => find('52:47:59:00:00:01') !== undefined);
      assert.deepEqual(find('52:47:59:00:00:01'), before);
      await place.networks.release(nat.id, ip);
      await place.until('it is released', () => find('52:47:59:00:00:01') === undefined);
      using other = await NetGuest.make();
      other.plug(place.bridge(nat), '52:47:59:00:00:02');
      assert.equal((await other.askAddress('-r', ip))['ip'], ip);
      await place.until('it is leased again', () => find('52:47:59:00:00:02') !== undefined);
    });

    void test('an agent that comes after another one goes on with what is there', async () => {
      await place.carry(nat);
      const [service] = place.services();
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      const told = await guest.askAddress();
      await place.networks[Symbol.asyncDispose]();
      await place.open();
      await place.until('it is ready again', () => place.report(nat.id)?.state === 'ready');
      assert.deepEqual(place.services(), [service]);
      assert.deepEqual(ownLinks().sort(), ['gbr0', 'gsvc0']);
      const lease = (): HostLease | undefined =>
        place.networks.leaseTables.get(nat.id)?.find(({ address }) => address === told['ip']);
      await place.until('its lease is known', () => lease() !== undefined);
      assert.equal(lease()?.mac, '52:47:59:00:00:01');
    });

    void test('what is deleted by hand is mended within seconds: bridge, service, rules, address, cable', async () => {
      await place.carry(nat);
      using guest = await NetGuest.make();
      const cable = guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      await guest.askAddress();
      const whole = (): boolean =>
        ownTables().includes('inet gantry') &&
        place.services().length === 1 &&
        ownLinks().sort().join() === 'gbr0,gsvc0' &&
        /^gbr0 +UP .*10\.71\.1\.1\/24/m.test(must('ip', '-brief', 'address', 'show')) &&
        /^gsvc0\S* +UP/m.test(must('ip', '-brief', 'link', 'show'));
      assert.equal(place.mends.join(), '', 'what is made is not mended');
      const harms: readonly (readonly [string, () => void, RegExp])[] = [
        ['rules', () => must('nft', 'flush', 'ruleset'), /^its rules were changed$/],
        [
          'service',
          () => process.kill(Number(place.services()[0]), 'SIGKILL'),
          /^its service had ended$/,
        ],
        [
          'address',
          () => must('ip', 'address', 'flush', 'dev', 'gbr0'),
          /^its address 10\.71\.1\.1\/24 was taken away$/,
        ],
        [
          'cable of the service',
          () => must('ip', 'link', 'del', 'dev', 'gsvc0'),
          /^the cable of its service was out$/,
        ],
        ['bridge', () => must('ip', 'link', 'del', 'dev', 'gbr0'), /^its bridge was deleted$/],
        [
          'bridge set down',
          () => must('ip', 'link', 'set', 'dev', 'gbr0', 'down'),
          /^gbr0 was set down$/,
        ],
      ];
      for (const [what, harm, told] of harms) {
        place.mends.length = 0;
        harm();
        if (what === 'bridge') {
          await place.until('the bridge is back', () => ownLinks().includes('gbr0'));
          // Of a vm the agent itself plugs the cable in again; this one is the test's.
          must('ip', 'link', 'set', 'dev', cable, 'master', 'gbr0');
        }
        await place.until(`mended: ${what}`, whole, 5_000);
        await place.until(`told: ${what}`, () => place.mends.length > 0, 5_000);
        const words = place.mends.map((mend) => mend.slice(`${nat.name}: `.length));
        for (const word of words) assert.match(word, told, what);
        const serves = (): boolean => guest.reaches('10.71.1.1') && guest.reaches('10.71.1.2');
        await place.until(`served after: ${what}`, serves, 5_000);
      }
    });

    void test('a bridged network takes a bridge as it is, and an adapter only where the host has no address on it', async () => {
      must('ip', 'link', 'add', 'name', 'office', 'type', 'bridge');
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
      for (const name of ['office', 'eno1', 'switch1'])
        must('ip', 'link', 'set', 'dev', name, 'up');
      const refusesIpv6 = '/proc/sys/net/ipv6/conf/office/disable_ipv6';
      writeFileSync(refusesIpv6, '0');
      const toBridge = spec(6, { type: 'bridged', adapter: 'office' });
      const toAdapter = spec(7, { type: 'bridged', adapter: 'eno1' });
      await place.carry(toBridge, toAdapter);
      assert.deepEqual([place.bridge(toBridge), place.bridge(toAdapter)], ['office', 'gbr0']);
      assert.equal(readFileSync(refusesIpv6, 'utf8').trim(), '0', 'the host speaks IPv6 there');
      must('ip', 'link', 'set', 'dev', 'switch1', 'down');
      await place.until('it has no link', () => place.report(toAdapter.id)?.state === 'degraded');
      assert.equal(place.report(toAdapter.id)?.reasons[0]?.code, 'no-link');
      must('ip', 'link', 'set', 'dev', 'switch1', 'up');
      await place.until('it has', () => place.report(toAdapter.id)?.state === 'ready');
      must('ip', 'link', 'add', 'name', 'eno2', 'type', 'veth', 'peer', 'name', 'switch2');
      must('ip', 'link', 'set', 'dev', 'switch2', 'up');
      await place.carry(toBridge, { ...toAdapter, adapter: 'eno2' });
      const masterOf = (name: string): string =>
        /master (\S+)/.exec(must('ip', 'link', 'show', 'dev', name))?.[1] ?? 'none';
      assert.deepEqual([masterOf('eno1'), masterOf('eno2')], ['none', 'gbr0']);
      must('ip', 'link', 'del', 'dev', 'eno2');
      await place.empty();
      assert.match(must('ip', 'link', 'show', 'dev', 'eno1'), /^(?!.*master)/);
      must('ip', 'address', 'add', '192.0.2.5/24', 'dev', 'eno1');
      place.files = [machineOn(toAdapter.id, 'vm-1', '52:47:59:00:00:01')];
      await place.networks.configure([toAdapter]);
      place.networks.look();
      await place.until('it is refused', () => place.report(toAdapter.id)?.state === 'down');
      assert.equal(place.report(toAdapter.id)?.reasons[0]?.code, 'adapter-in-use');
      const [obstacle] = await place.networks.check(toAdapter.id);
      assert.equal(obstacle?.code, 'network-unavailable');
      for (const name of ['office', 'eno1']) must('ip', 'link', 'del', 'dev', name);
    });

    void test('NET-47 a network is ready, degraded or down by its link, its switch and its service, and tells why', async () => {
      const stands = async (network: NetworkSpec, state: string, code?: string): Promise<void> =>
        place.until(`${network.type} is ${state}`, () => {
          const report = place.report(network.id);
          return report?.state === state && report.reasons[0]?.code === code;
        });
      must('ip', 'link', 'add', 'name', 'eno1', 'type', 'veth', 'peer', 'name', 'switch1');
      const lan = spec(8, { type: 'bridged', adapter: 'eno1' });
      place.files = [nat, lan].map(({ id }) => machineOn(id, 'vm-1', '52:47:59:00:00:01'));
      await place.networks.configure([nat, lan]);
      place.networks.look();
      await stands(nat, 'ready');
      await stands(lan, 'degraded', 'no-link');
      must('ip', 'link', 'set', 'dev', 'switch1', 'up');
      await stands(lan, 'ready');
      // What cannot be written stands for a service that does not come up, and for rules that are refused.
      const config = join(place.folder, 'networks', nat.id, 'dnsmasq.conf');
      rmSync(config);
      mkdirSync(config);
      process.kill(Number(place.services()[0]), 'SIGKILL');
      await stands(nat, 'degraded', 'service-failed');
      assert.equal(place.report(lan.id)?.state, 'ready');
      rmdirSync(config);
      await stands(nat, 'ready');
      const rules = join(place.folder, 'networks.nft');
      rmSync(rules);
      mkdirSync(rules);
      place.troubles.length = 0;
      must('nft', 'flush', 'ruleset');
      await stands(nat, 'down', 'rules-failed');
      assert.match(place.troubles.join(), /^its rules cannot be set: /, 'and is told of the host');
      rmdirSync(rules);
      await stands(nat, 'ready');
      await stands(lan, 'ready');
      await place.empty();
      must('ip', 'link', 'del', 'dev', 'eno1');
    });

    void test('a network whose addresses the host has elsewhere is down and says so', async () => {
      must('ip', 'link', 'add', 'name', 'vpn', 'type', 'bridge');
      must('ip', 'address', 'add', '10.71.1.77/20', 'dev', 'vpn');
      place.files = [machineOn(nat.id, 'vm-1', '52:47:59:00:00:01')];
      await place.networks.configure([nat]);
      place.networks.look();
      await place.until('it is down', () => place.report(nat.id)?.state === 'down');
      assert.equal(place.report(nat.id)?.reasons[0]?.code, 'subnet-clash');
      must('ip', 'link', 'del', 'dev', 'vpn');
      await place.until('it is ready', () => place.report(nat.id)?.state === 'ready');
    });

    void test('taps belong to the account of their machine, follow it to another network, and go with it', async () => {
      await place.carry(nat, internal);
      const file = machineOn(nat.id, 'vm-9', '52:47:59:00:00:09');
      const { id, hardware } = file.definition;
      const taps = await place.networks.plug(id, 1_900_100_007, hardware.adapters);
      assert.deepEqual([...taps], [[0, 'gtap0']]);
      const show = () =>
        JSON.parse(must('ip', '-json', '-details', 'link', 'show', 'dev', 'gtap0')) as [
          { master?: string; ifalias: string; linkinfo: { info_data: { user: number } } },
        ];
      assert.deepEqual(
        [show()[0].master, show()[0].linkinfo.info_data.user],
        [place.bridge(nat), 1_900_100_007],
      );
      assert.match(must('nft', 'list', 'ruleset'), /"gtap0" \. 52:47:59:00:00:09/);
      const moved = hardware.adapters.map((adapter) => ({
        ...adapter,
        attachment: { kind: 'network', network: internal.id } as const,
      }));
      for (const adapter of moved) await place.networks.replug(id, adapter);
      assert.equal(show()[0].master, place.bridge(internal));
      must('ip', 'link', 'del', 'dev', place.bridge(internal));
      await place.until('it is plugged in again', () => show()[0].master !== undefined);
      await place.networks.unplug(id);
      assert.equal(ownLinks().includes('gtap0'), false);
      await assert.rejects(place.networks.release(nat.id, '10.71.1.99'), (error) =>
        isFault(error, 'not-found'),
      );
    });

    void test('a vm on no network has a tap where there are networks elsewhere, to be plugged into them later', async () => {
      await place.empty();
      const { definition } = machineOn(nat.id, 'vm-8', '52:47:59:00:00:08');
      const adapters = definition.hardware.adapters.map((adapter) => ({
        ...adapter,
        attachment: { kind: 'none' } as const,
      }));
      const plug = () => place.networks.plug(definition.id, 1_900_100_008, adapters);
      assert.deepEqual([...(await plug())], [], 'where there is no network at all');
      await place.networks.configure([], [], 'some');
      assert.deepEqual([...(await plug())], [[0, 'gtap0']]);
      await place.networks.unplug(definition.id);
    });

    void test('what an agent was making when it was killed is taken away by the next one', async () => {
      await place.carry(nat);
      await place.networks[Symbol.asyncDispose]();
      must('ip', 'link', 'add', 'name', 'gnew-30000000', 'type', 'bridge');
      // A second service of the network, and one of a network that is no more: neither has a cable.
      const folder = join(place.folder, 'networks');
      const gone = '20000000-0000-4000-8000-00000000dead';
      cpSync(join(folder, nat.id), join(folder, gone), { recursive: true });
      for (const id of [nat.id, gone]) {
        const config = `--conf-file=${join(folder, id, 'dnsmasq.conf')}`;
        spawn('unshare', ['--net', '--', 'dnsmasq', config, '--user=root'], { stdio: 'ignore' });
      }
      await place.until('they run', () => place.services().length === 3);
      await place.open();
      const all = (): string => must('ip', '-brief', 'link', 'show');
      await place.until('it is gone', () => !all().includes('gnew-30000000'));
      await place.until('one service is left', () => place.services().length === 1);
      assert.equal(existsSync(join(folder, gone)), false);
      await place.until('it is ready', () => place.report(nat.id)?.state === 'ready');
      using guest = await NetGuest.make();
      guest.plug(place.bridge(nat), '52:47:59:00:00:01');
      assert.match((await guest.askAddress())['ip'] ?? '', /^10\.71\.1\./, 'and it serves');
    });

    void test('a tap that no machine has any more is taken away by the next agent', async () => {
      await place.carry(nat);
      const { id, hardware } = machineOn(nat.id, 'vm-9', '52:47:59:00:00:09').definition;
      await place.networks.plug(id, 1_900_100_007, hardware.adapters);
      await place.networks[Symbol.asyncDispose]();
      await place.open();
      await place.until('it is gone', () => !ownLinks().includes('gtap0'));
    });
  });
