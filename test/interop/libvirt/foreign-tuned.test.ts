/** A vm of a hypervisor of others, as virsh tunes and plugs it through the gateway. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { placeName, type AuditEntry, type Vm } from '#api';
import { connectLibvirt, type Client, type EventName, type FieldsOf } from '#libvirt';
import { ForeignFleet } from './foreign-fleet.ts';
import { virsh, whyNot } from './tools.ts';

const skip = await whyNot('libvirtd', 'virsh');

let fleet: ForeignFleet;

/** The next event of a kind, whenever it is asked for. */
async function hear<E extends EventName>(
  client: Client,
  name: E,
): Promise<() => Promise<FieldsOf<E>>> {
  const events = (await client.subscribe(name))[Symbol.asyncIterator]();
  return async () => {
    const { value } = await events.next();
    return value ?? assert.fail(`no ${name} any more`);
  };
}

before(async () => {
  if (skip !== false) return;
  fleet = await ForeignFleet.open('left');
  await fleet.add('left');
});
after(() => fleet?.[Symbol.asyncDispose]());

void test(
  'what virsh tunes of a vm of another hypervisor is set there, and its answers are those of its libvirtd',
  { skip },
  async () => {
    const { name, id } = await fleet.vmOf('left');
    const gateway = `gantry+unix:///host/left?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`;
    const [adapter = assert.fail()] = (await fleet.vmOf('left')).definition.hardware.adapters;
    const same = async (words: string): Promise<string> => {
      const [verb = '', ...more] = words.split(' ');
      const [here, there] = [
        await virsh(gateway, verb, name, ...more),
        await fleet.ask('left', verb, 'test', ...more),
      ];
      assert.deepEqual([here.code, here.out, here.err], [there.code, there.out, there.err], words);
      return `${here.out}${here.err}`;
    };
    const set = async (words: string): Promise<void> => {
      const [verb = '', ...more] = words.split(' ');
      const { code, err } = await virsh(gateway, verb, name, ...more);
      assert.equal(code, 0, `${words}: ${err}`);
    };
    await set('vcpupin 0 1');
    // The driver for tests has another number of processors in its map than in its facts.
    for (const there of [
      await virsh(gateway, 'vcpupin', name),
      await fleet.ask('left', 'vcpupin test'),
    ])
      assert.match(there.out, /^ 0 +1$/m);
    await set('emulatorpin 2-3 --config');
    assert.match(await same('emulatorpin --config'), /2-3/);
    await set('memtune --soft-limit 400000 --config');
    assert.match(await same('memtune --config'), /soft_limit +: 400000/);
    await set('numatune --nodeset 0 --config');
    assert.match(await same('numatune --config'), /numa_nodeset +: 0/);
    await set(`domiftune ${adapter.mac} --inbound 1000,2000,64 --config`);
    assert.match(await same(`domiftune ${adapter.mac} --config`), /inbound\.peak *: 2000/);
    assert.equal(
      fleet.stage.vm(id)?.definition.hardware.adapters[0]?.bandwidth.inboundBitsPerSecond,
      8_000_000,
    );
    const dump = await virsh(gateway, 'dumpxml', name);
    assert.match(dump.out, /<bandwidth>\s*<inbound average='1000'\/>/);
    const [disk = assert.fail()] = (await fleet.vmOf('left')).definition.hardware.disks;
    const reads = { perSecond: 700, burstPerSecond: 900 };
    const place = `/vms/${id}/disks/${placeName(disk)}`;
    await fleet.stage.act('PATCH', place, { limits: { reads } });
    for (const where of ['--live', '--config'])
      assert.match(await same(`blkdeviotune vda ${where}`), /read_iops_sec +: 700\n/);
    assert.match(
      (await virsh(gateway, 'dumpxml', name)).out,
      /<iotune>\s*<read_iops_sec>700<.read_iops_sec>\s*<read_iops_sec_max>900</,
    );
    const fewer = ['--read-iops-sec', '80', '--read-iops-sec-max', '90'];
    await set(`blkdeviotune vda ${fewer.join(' ')} --config`);
    assert.deepEqual(fleet.stage.vm(id)?.definition.hardware.disks[0]?.limits, {
      reads: { perSecond: 80, burstPerSecond: 90 },
    });
    await fleet.stage.act('PATCH', place, { limits: null });
    assert.doesNotMatch(await same('blkdeviotune vda --config'), /: [1-9]/);
    await using listener = await connectLibvirt(gateway);
    const changed = await hear(listener, 'DOMAIN_EVENT_CALLBACK_METADATA_CHANGE');
    await set('metadata urn:rack --config --key lab --set <rack>7</rack>');
    const { dom, type, nsuri } = await changed();
    assert.deepEqual([dom.name, type, nsuri], [name, 2, 'urn:rack']);
    assert.match(await same('metadata urn:rack --config'), /<rack>7<.rack>/);
    assert.match(
      (await fleet.ask('left', 'dumpxml test --inactive')).out,
      /<lab:rack xmlns:lab="urn:rack">/,
    );
    await set('desc --title --config --new-desc front');
    assert.match(await same('desc --title --config'), /^front$/m);
    const resources = { cpuWeight: 300, cpuMaximumPercent: 50 };
    const done = await fleet.stage.act('PATCH', `/vms/${id}`, { resources });
    assert.equal(done.state, 'done', JSON.stringify(done.fault));
    const defined = (await fleet.ask('left', 'dumpxml test --inactive')).out;
    assert.match(defined, /<shares>300<[^]*<period>100000<[^]*<quota>50000</);
    assert.match((await virsh(gateway, 'dumpxml', name)).out, /<shares>300<[^]*<quota>50000</);
    const reserved = { resources: { cpuReservePercent: 10 } };
    const refused = await fleet.stage.act('PATCH', `/vms/${id}`, reserved);
    assert.match(refused.fault?.message ?? '', /cpu_reserve_percent is nothing that libvirt knows/);
    assert.deepEqual(fleet.stage.vm(id)?.definition.resources, {
      ...resources,
      cpuReservePercent: 0,
    });
    const shown = (await virsh(gateway, 'dumpxml', name)).out;
    assert.match(shown, /<title>front<.title>[^]*<lab:rack xmlns:lab="urn:rack">7</);
    for (const words of ['vcpupin 99 1', 'schedinfo --set cpu_shares=7', 'blkiotune'])
      await same(words);
    const { items } = await fleet.list<AuditEntry>('/audit?limit=50');
    assert.ok(
      items.some(({ route, object }) => route === 'vm.update' && object?.includes(id) === true),
    );
  },
);

void test(
  'what other programs keep with a vm is kept by its hypervisor, from its definition on, and goes with it',
  { skip },
  async () => {
    const gateway = `gantry+unix:///host/left?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`;
    const file = join(fleet.stage.folder, 'kept.xml');
    const define = async (kept: string): Promise<string> => {
      const text = `<domain type='test'><name>kept</name>${kept}<memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`;
      await writeFile(file, text);
      const { code, err } = await virsh(gateway, 'define', file);
      assert.equal(code, 0, err);
      return (await fleet.ask('left', 'dumpxml kept --inactive')).out;
    };
    const rack = '<lab:rack xmlns:lab="urn:rack">7</lab:rack>';
    const share = '<cputune><shares>70</shares></cputune>';
    const made = await define(`<title>shelf</title><metadata>${rack}</metadata>${share}`);
    assert.match(made, /<shares>70</);
    assert.equal(fleet.stage.vm('kept')?.definition.resources.cpuWeight, 70);
    assert.match(made, /<title>shelf<[^]*<lab:rack xmlns:lab="urn:rack">7<.lab:rack>/);
    const kept = (): unknown => {
      const { libvirt: _libvirt, ...rest } = fleet.stage.vm('kept')?.definition.extensions ?? {};
      return rest;
    };
    assert.deepEqual(kept(), {
      'libvirt-title': 'shelf',
      'libvirt-metadata': { 'urn:rack': rack },
    });
    const row = "<row xmlns='urn:row'>b</row>";
    const changed = await define(
      `<metadata xmlns:lab="urn:rack"><lab:rack>8</lab:rack>${row}</metadata>`,
    );
    assert.doesNotMatch(changed, /<title>/);
    assert.match(changed, /rack[^>]*>8<[^]*<row xmlns="urn:row">b<.row>/);
    assert.doesNotMatch(await define(''), /rack|row/);
    assert.deepEqual(kept(), {});
    const gone = await virsh(gateway, 'undefine', 'kept');
    assert.equal(gone.code, 0, gone.err);
  },
);

void test(
  'what a guest of another hypervisor tells is asked of its libvirtd, whose answers are those of virsh',
  { skip },
  async () => {
    const { name } = await fleet.vmOf('left');
    const gateway = `gantry+unix:///host/left?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`;
    for (const [words, says] of [
      ['domfsinfo', /^ \/boot +vda2 +ext4 +vda$/m],
      ['domhostname', /^testhost$/m],
      ['domifaddr --source agent', /aa:bb:cc:dd:ee:ff +ipv4 +192\.168\.122\.3\/24/],
      ['domifaddr --source lease', /aa:bb:cc:dd:ee:ff +ipv4/],
      ['cpu-stats --total', /cpu_time +\d/],
      ['guestinfo', /not supported by the connection driver: virDomainGetGuestInfo/],
      ['guestvcpus', /not supported by the connection driver: virDomainGetGuestVcpus/],
    ] as const) {
      const [verb = '', ...more] = words.split(' ');
      const [here, there] = [
        await virsh(gateway, verb, name, ...more),
        await fleet.ask('left', verb, 'test', ...more),
      ];
      assert.deepEqual([here.code, here.out, here.err], [there.code, there.out, there.err], words);
      assert.match(here.out + here.err, says);
    }
  },
);

void test(
  'what becomes of networks, pools and devices of another hypervisor is told to who listens, by the names of the connection',
  { skip },
  async () => {
    const socket = join(fleet.stage.folder, 'run/libvirt-sock');
    await using all = await connectLibvirt(`gantry+unix:///all?socket=${socket}`);
    await using one = await connectLibvirt(`gantry+unix:///host/left?socket=${socket}`);
    await using own = await connectLibvirt(`gantry+unix:///host/own?socket=${socket}`);
    const networks = await hear(all, 'NETWORK_EVENT_LIFECYCLE');
    const there = await hear(one, 'NETWORK_EVENT_LIFECYCLE');
    const pools = await hear(all, 'STORAGE_POOL_EVENT_LIFECYCLE');
    const refreshed = await hear(all, 'STORAGE_POOL_EVENT_REFRESH');
    const devices = await hear(all, 'NODE_DEVICE_EVENT_LIFECYCLE');
    const silent = await hear(own, 'NETWORK_EVENT_LIFECYCLE');
    const write = async (name: string, text: string): Promise<string> => {
      const file = join(fleet.stage.folder, name);
      await writeFile(file, text);
      return file;
    };
    const uuid = '5f0b3a52-6c5d-4a57-8f1e-3a2f0c9d1e77';
    const network = `<network><name>heard</name><uuid>${uuid}</uuid></network>`;
    await fleet.elsewhere('left', `net-define ${await write('net.xml', network)}`);
    const first = await networks();
    assert.deepEqual(first, {
      callbackID: 0,
      net: { name: 'heard@left', uuid },
      event: 0,
      detail: 0,
    });
    // Who looks then sees it.
    const found = await all.call('NETWORK_LOOKUP_BY_NAME', { name: 'heard@left' });
    assert.equal(found.net.uuid, uuid);
    await fleet.elsewhere('left', 'net-start heard; net-destroy heard; net-undefine heard');
    const events = [await networks(), await networks(), await networks()];
    assert.deepEqual(
      events.map(({ net, event }) => [net.name, event]),
      [2, 3, 1].map((event) => ['heard@left', event]),
    );
    assert.deepEqual((await there()).net, { name: 'heard', uuid });
    await fleet.elsewhere(
      'left',
      'pool-create-as heard dir --target /nowhere; pool-refresh heard; pool-destroy heard',
    );
    assert.match((await pools()).pool.name, /^heard(@left)?$/);
    assert.match((await refreshed()).pool.name, /^heard(@left)?$/);
    const host = `<capability type='scsi_host'><capability type='fc_host'><wwnn>2000000012341234</wwnn><wwpn>1000000012341234</wwpn></capability></capability>`;
    const device = `<device><parent>scsi_host1</parent>${host}</device>`;
    await fleet.elsewhere('left', `nodedev-create ${await write('device.xml', device)}`);
    const { dev, event } = await devices();
    assert.deepEqual([dev.name, event], ['scsi_host12@left', 0]);
    const described = await all.call('NODE_DEVICE_GET_XML_DESC', { name: dev.name, flags: 0 });
    assert.match(described.xml, /<name>scsi_host12@left<\/name>/);
    const made = await fleet.stage.send('POST', '/networks', { body: { name: 'ours' } });
    assert.equal(made.status, 200, made.text);
    assert.equal((await silent()).net.name, 'ours', 'of another host nothing is told');
  },
);

void test(
  'of one libvirt host its mainboard and its processors are told as by its libvirtd, and of a fleet not',
  { skip },
  async () => {
    const socket = join(fleet.stage.folder, 'run/libvirt-sock');
    const cpu = join(fleet.stage.folder, 'cpu.xml');
    await writeFile(cpu, `<cpu><arch>i686</arch><model>pentium3</model></cpu>`);
    for (const words of [
      'sysinfo',
      `cpu-compare ${cpu}`,
      `cpu-baseline ${cpu}`,
      `hypervisor-cpu-compare ${cpu}`,
      'nodecpustats --cpu 0',
      'nodecpustats --cpu 9999',
    ]) {
      const [here, there] = [
        await virsh(`gantry+unix:///host/left?socket=${socket}`, ...words.split(' ')),
        await fleet.ask('left', ...words.split(' ')),
      ];
      const figures = /\d+/g;
      assert.deepEqual(
        [here.code, here.out.replace(figures, 'N'), here.err],
        [there.code, there.out.replace(figures, 'N'), there.err],
        words,
      );
    }
    assert.match((await fleet.ask('left', 'sysinfo')).out, /LENOVO/);
    for (const path of ['all', 'host/own'])
      assert.match(
        (await virsh(`gantry+unix:///${path}?socket=${socket}`, 'sysinfo')).err,
        /for one libvirt host alone: connect to gantry:\/\/\/host\/NAME/,
      );
  },
);

void test(
  'file systems of a guest of another hypervisor are held still, let go and trimmed by its libvirtd',
  { skip },
  async () => {
    const { name, id } = await fleet.vmOf('left');
    const gateway = `gantry+unix:///host/left?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`;
    const path = `/vms/${id}/freeze`;
    const limited = await fleet.stage.send('PUT', path, { body: { limitSeconds: 60 } });
    assert.match(limited.text, /no libvirt host lets file systems of test go by itself/);
    // The driver for tests has two.
    const held = await fleet.stage.send('PUT', path, { body: { mountPoints: ['/boot'] } });
    assert.deepEqual(held.json, { state: 'frozen', fileSystems: 1, until: null });
    const rest = await virsh(gateway, 'domfsfreeze', name);
    assert.equal(rest.code, 0, rest.err);
    const thawed = await fleet.stage.send('DELETE', path);
    assert.deepEqual(thawed.json, { state: 'thawed', fileSystems: 2, until: null });
    const again = await fleet.stage.send('DELETE', path);
    assert.deepEqual(again.json, { state: 'thawed', fileSystems: 0, until: null });
    const password = await virsh(gateway, 'set-user-password', name, 'root', 'sesame');
    assert.equal(password.code, 0, password.err);
    const trimmed = await virsh(gateway, 'domfstrim', name);
    assert.equal(trimmed.code, 0, trimmed.err);
  },
);

void test(
  'what virsh would tune of a vm with an agent is as it says, and all else is refused with the reason',
  { skip },
  async () => {
    const vm = [...(await fleet.list<Vm>('/vms')).items].find(({ host }) => host === 'own');
    const { name } = vm ?? assert.fail('there is no vm');
    const gateway = `gantry+unix:///host/own?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`;
    const ask = async (words: string): Promise<string> => {
      const [verb = '', ...more] = words.split(' ');
      const { code, out, err } = await virsh(gateway, verb, name, ...more);
      return `${code} ${out}${err}`;
    };
    const [, last = assert.fail()] = /0-(\d+)/.exec(await ask('vcpupin')) ?? [];
    assert.match(await ask(`vcpupin 0 0-${last} --config`), /^0 /);
    assert.match(await ask(`emulatorpin 0-${last} --config`), /^0 /);
    assert.match(
      await ask('vcpupin 0 0 --config'),
      /^1 [^]*runs on any of the \d+ processors of own/,
    );
    assert.match(await ask('emulatorpin 1 --config'), /^1 [^]*runs on any of the/);
    assert.match(await ask(`vcpupin 999 0-${last} --config`), /^1 [^]*out of range/);
    assert.match(await ask('memtune'), /^0 hard_limit +: unlimited\nsoft_limit +: unlimited/);
    assert.match(await ask('memtune --hard-limit -1 --config'), /^0 /);
    assert.match(
      await ask('memtune --hard-limit 400000 --config'),
      /^1 [^]*hard_limit is not kept: \S+ has the memory of its size/,
    );
    assert.match(await ask('numatune --nodeset 0 --config'), /^1 [^]*limits of vms are settings/);
  },
);

void test(
  'a vm of another hypervisor is plugged into its networks and bridges through the gateway, by the names that a connection shows',
  { skip },
  async () => {
    const at = (path: string, ...words: readonly string[]): ReturnType<typeof virsh> =>
      virsh(
        `gantry+unix:///${path}?socket=${join(fleet.stage.folder, 'run/libvirt-sock')}`,
        ...words,
      );
    const file = join(fleet.stage.folder, 'plugged.xml');
    const define = async (path: string, xml: string): Promise<void> => {
      await writeFile(file, xml);
      const { code, err } = await at(path, 'define', file);
      assert.equal(code, 0, err);
    };
    const plugs = async (): Promise<readonly string[]> =>
      (await fleet.ask('left', 'dumpxml plugged')).out.match(/<source (network|bridge)='[^']+'/g) ??
      [];
    const plug = (type: string, name: string, mac: number): string =>
      `<interface type='${type}'><mac address='52:54:00:00:77:0${mac}'/><source ${type}='${name}'/></interface>`;
    const xml = (adapters: string): string =>
      `<domain type='qemu'><name>plugged</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>${adapters}</devices></domain>`;
    await define('host/left', xml(plug('network', 'default', 1)));
    assert.deepEqual(await plugs(), ["<source network='default'"]);
    const shown = (await at('all', 'dumpxml', 'plugged')).out;
    assert.match(shown, /<interface type='network'>[^]*<source network='default@left'\/>/);
    assert.match((await at('host/left', 'dumpxml', 'plugged')).out, /<source network='default'\/>/);
    await define('all', shown.replace('</devices>', `${plug('bridge', 'br9', 2)}</devices>`));
    assert.deepEqual(await plugs(), ["<source network='default'", "<source bridge='br9'"]);
    const attached = await at(
      'all',
      'attach-interface',
      'plugged',
      'network',
      'default@left',
      '--config',
    );
    assert.equal(attached.code, 0, attached.err);
    assert.equal((await plugs()).length, 3);
    const nowhere = await at(
      'all',
      'attach-interface',
      'plugged',
      'network',
      'none@left',
      '--config',
    );
    assert.match(nowhere.err, /no network none/);
    assert.equal((await at('all', 'undefine', 'plugged')).code, 0);
  },
);
