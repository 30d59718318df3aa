/**
 * vms made and changed by unmodified virsh and virt-install, on a coordinator with a simulated host.
 *
 * The tests use one fleet; each makes its own vms.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditEntry, Hardware, Page } from '#api';
import { describeFault, miB } from '#lib';
import { connectLibvirt } from '#libvirt';
import { Stage } from '../../../src/coordinator/testing/stage.ts';
import { run, virsh, whyNot } from './tools.ts';

const skip = await whyNot('virsh');

let opened: Stage | undefined;
before(async () => {
  opened = await Stage.open();
  await opened.addHost('h1', 0);
});
after(() => opened?.[Symbol.asyncDispose]());

function stage(): Stage {
  assert.ok(opened);
  return opened;
}

function address(path = 'all'): string {
  return `gantry+unix:///${path}?socket=${join(stage().folder, 'run/libvirt-sock')}`;
}

async function say(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await virsh(address(), ...words);
  assert.equal(code, 0, err);
  return out;
}

async function complain(...words: readonly string[]): Promise<string> {
  const { code, err } = await virsh(address(), ...words);
  assert.equal(code, 1, `${words.join(' ')} was done`);
  return err;
}

function hardware(name: string): Hardware {
  const found = stage().vm(name)?.definition.hardware;
  assert.ok(found, `there is no vm ${name}`);
  return found;
}

async function keep(xml: string): Promise<string> {
  const file = join(stage().folder, 'x.xml');
  await writeFile(file, xml);
  return file;
}

const plain = `<domain type='qemu'><name>made</name><uuid>5f2ab7f0-0000-4000-8000-0000000000aa</uuid>
<description>by virsh</description><memory unit='MiB'>256</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='cdrom'/><boot dev='hd'/></os>
<features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='user'><mac address='52:54:00:aa:bb:cc'/><model type='virtio'/></interface>
<serial type='pty'/><console type='pty'/><graphics type='vnc' port='-1'/>
<video><model type='virtio'/></video><memballoon model='virtio'/></devices></domain>`;

void test(
  'virsh defines a vm, edits it and takes it out again, and each is an operation',
  { skip },
  async () => {
    await say('define', await keep(plain));
    const made = stage().vm('made');
    assert.equal(made?.id, '5f2ab7f0-0000-4000-8000-0000000000aa');
    assert.equal(made.definition.description, 'by virsh');
    const { memory, processor, firmware, adapters } = made.definition.hardware;
    assert.deepEqual([memory.sizeBytes, processor.count], [256 * miB, 2]);
    assert.deepEqual(firmware.bootOrder, ['cd', 'disk']);
    assert.deepEqual(
      adapters.map(({ mac, macMode }) => [mac, macMode]),
      [['52:54:00:aa:bb:cc', 'static']],
    );
    const editor = { EDITOR: 'sed -i s/262144/524288/' };
    const edited = await run('virsh', ['-q', '-c', address(), 'edit', 'made'], editor);
    assert.equal(edited.code, 0, edited.err);
    assert.deepEqual(hardware('made'), {
      ...made.definition.hardware,
      memory: { sizeBytes: 512 * miB, maxBytes: null },
    });
    assert.match(
      await complain('define', await keep(plain.replace('0000aa', '0000bb'))),
      /already exists with uuid 5f2ab7f0/,
    );
    await say('start', 'made');
    await say('managedsave', 'made');
    const noting = { EDITOR: "sed -i 's/by virsh/as it is saved/'" };
    const noted = await run('virsh', ['-q', '-c', address(), 'managedsave-edit', 'made'], noting);
    assert.equal(noted.code, 0, noted.err);
    const saved = stage().vm('made')?.definition;
    assert.equal(saved?.description, 'as it is saved');
    // virsh itself asks whether to edit again, and says no more.
    await using client = await connectLibvirt(address());
    const { dom } = await client.call('DOMAIN_LOOKUP_BY_NAME', { name: 'made' });
    const { xml } = await client.call('DOMAIN_MANAGED_SAVE_GET_XML_DESC', { dom, flags: 0 });
    for (const [from, to, why] of [
      [/524288/g, '262144', /made is saved/],
      [/0000aa/g, '0000bb', /already exists|no other vm/],
    ] as const) {
      const asked = { dom, dxml: xml.replaceAll(from, to), flags: 0 };
      await assert.rejects(client.call('DOMAIN_MANAGED_SAVE_DEFINE_XML', asked), (error) =>
        why.test(describeFault(error)),
      );
    }
    assert.deepEqual(stage().vm('made')?.definition, saved);
    assert.equal(stage().vm('made')?.state, 'saved');
    await say('managedsave-remove', 'made');
    assert.match(await complain('managedsave-edit', 'made'), /does not have managed save image/);
    await say('undefine', 'made');
    assert.equal(stage().vm('made'), undefined);
    const { json } = await stage().send('GET', '/audit?limit=50');
    const routes = (json as Page<AuditEntry>).items.map(({ route }) => route);
    for (const route of ['vm.create', 'vm.update', 'vm.remove'] as const)
      assert.ok(routes.includes(route), route);
  },
);

void test(
  'what a vm of Gantry cannot have is refused by its name, and nothing is made',
  { skip },
  async () => {
    const other = plain
      .replace('<name>made', '<name>odd')
      .replace('<memballoon', "<hostdev mode='subsystem' type='pci'/><memballoon")
      .replace("type='vnc'", "type='spice'");
    const err = await complain('define', await keep(other));
    assert.match(err, /unsupported configuration: a vm has no hostdev, graphics spice/);
    assert.equal(stage().vm('odd'), undefined);
    assert.match(await complain('define', await keep('<domain><name>')), /XML error/);
  },
);

void test(
  'a vm whose definition names no machine has the one that libvirt gives',
  { skip },
  async () => {
    const board = (words: string): string =>
      `<domain type='kvm'><name>bare</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os>${words}</os></domain>`;
    for (const [words, machine] of [
      ['<type>hvm</type>', 'pc'],
      ["<type machine='pc-q35-7.2'>hvm</type>", 'q35'],
    ] as const) {
      await say('define', await keep(board(words)));
      assert.equal(hardware('bare').machine, machine);
      await say('undefine', 'bare');
    }
  },
);

void test('memory, processors, description and name are changed one by one', { skip }, async () => {
  await say('define', await keep(plain));
  await say('setmaxmem', 'made', '1G', '--config');
  await say('setmem', 'made', '512M', '--config');
  assert.deepEqual(hardware('made').memory, { sizeBytes: 512 * miB, maxBytes: 1024 * miB });
  assert.match(
    await complain('setmem', 'made', '2G', '--config'),
    /cannot set memory higher than max memory/,
  );
  await say('setvcpus', 'made', '4', '--maximum', '--config');
  await say('setvcpus', 'made', '3', '--config');
  assert.match(await say('vcpucount', 'made', '--maximum', '--config'), /^4/);
  const { count, maxCount } = hardware('made').processor;
  assert.deepEqual([count, maxCount], [3, 4]);
  await say('desc', 'made', '--config', '--new-desc', 'of the lab');
  assert.match(await say('desc', 'made'), /of the lab/);
  await say('domrename', 'made', 'renamed');
  assert.equal(stage().vm('renamed')?.definition.description, 'of the lab');
  await say('undefine', 'renamed');
});

void test(
  'what other programs keep with a vm is set, shown and defined, and told to who listens',
  { skip },
  async () => {
    const [uri, inner] = ['http://Example.org/app/1.0', '<app><rack a="7">x</rack></app>'];
    const os = '<o:os xmlns:o="urn:os"><o:id>debian12</o:id></o:os>';
    const metadata = `<metadata><bare/>${os}</metadata>`;
    await say('define', await keep(plain.replace('<memory', `${metadata}<memory`)));
    const kept = (): unknown => stage().vm('made')?.definition.extensions['libvirt-metadata'];
    assert.deepEqual(kept(), { 'urn:os': os });
    await using client = await connectLibvirt(address());
    const events = await client.subscribe('DOMAIN_EVENT_CALLBACK_METADATA_CHANGE');
    await say('metadata', 'made', uri, '--config', '--key', 'app', '--set', inner);
    const { value: told } = await events[Symbol.asyncIterator]().next();
    assert.deepEqual([told?.dom.name, told?.type, told?.nsuri], ['made', 2, uri]);
    assert.equal((await say('metadata', 'made', uri)).trim(), inner);
    assert.equal((await say('metadata', 'made', 'urn:os')).trim(), '<os><id>debian12</id></os>');
    assert.match(await say('metadata', 'made', 'urn:gantry:libvirt:vm:1'), />h1<\/host>/);
    const before = kept();
    const shown = await say('dumpxml', 'made');
    assert.ok(shown.includes(os), shown);
    await say('define', await keep(shown));
    assert.deepEqual(kept(), before);
    const reading = ['-r', '-q', '-c', address(), 'metadata', 'made', 'urn:os'];
    assert.equal((await run('virsh', reading)).code, 0);
    const { err } = await run('virsh', [...reading, '--remove']);
    assert.match(err, /read.only/i);
    assert.match(
      await complain('metadata', 'made', 'urn:a', '--key', 'a', '--set', '<x'),
      /XML error/,
    );
    assert.match(await complain('metadata', 'made', uri, '--live'), /domain is not running/);
    await say('metadata', 'made', uri, '--config', '--remove');
    assert.match(await complain('metadata', 'made', uri), /element is not present/);
    await say('define', await keep(plain));
    assert.equal(kept(), undefined);
    await say('undefine', 'made');
  },
);

void test(
  'shares and limits of processors are those of the vm, by schedinfo and by its XML',
  { skip },
  async () => {
    await say('define', await keep(plain));
    const resources = (): unknown => stage().vm('made')?.definition.resources;
    const usual = { cpuWeight: 100, cpuReservePercent: 0, cpuMaximumPercent: 100 };
    assert.match(
      await say('schedinfo', 'made'),
      /Scheduler +: posix\ncpu_shares +: 100\nvcpu_period +: 100000\nvcpu_quota +: -1\n/,
    );
    const set = ['schedinfo', 'made', '--config', '--set'];
    const told = await say(...set, 'cpu_shares=2000', 'vcpu_quota=25000');
    assert.match(told, /cpu_shares +: 2000\n[^]*vcpu_quota +: 25000\n/);
    // Of both of its processors together.
    assert.match(told, /global_quota +: 50000\n/);
    assert.deepEqual(resources(), { ...usual, cpuWeight: 2000, cpuMaximumPercent: 25 });
    const xml = await say('dumpxml', 'made');
    assert.match(
      xml,
      /<cputune>\s*<shares>2000<\/shares>\s*<period>100000<\/period>\s*<quota>25000<\/quota>/,
    );
    await say('define', await keep(xml));
    assert.deepEqual(resources(), { ...usual, cpuWeight: 2000, cpuMaximumPercent: 25 });
    await say(...set, 'global_period=50000', 'global_quota=40000');
    assert.deepEqual(resources(), { ...usual, cpuWeight: 2000, cpuMaximumPercent: 40 });
    await say('start', 'made');
    await say('schedinfo', 'made', '--live', '--set', 'cpu_shares=300', 'vcpu_quota=-1');
    assert.deepEqual(resources(), { ...usual, cpuWeight: 300 });
    await say('destroy', 'made');
    for (const [words, says] of [
      ['cpu_shares=20000', /shares 20000: weights of vms are from 1 to 10000/],
      ['vcpu_quota=500', /a quota of 500 us is less than 1 %/],
      ['vcpu_period=50000', /vcpu_period is not kept: it is that of a quota/],
      ['emulator_quota=50000', /emulator_quota is not kept/],
    ] as const)
      assert.match(await complain(...set, words), says);
    assert.match(await complain('schedinfo', 'made', '--live'), /domain is not running/);
    assert.deepEqual(resources(), { ...usual, cpuWeight: 300 });
    await say('define', await keep(plain));
    assert.deepEqual(resources(), usual);
    await say('undefine', 'made');
  },
);

void test(
  'limits of a disk are set, told and taken away, also while its vm runs, and come with a definition and a plug',
  { skip },
  async () => {
    await say('define', await keep(plain));
    const reads = { perSecond: 1_000_000, burstPerSecond: 4_000_000, burstSeconds: 3 };
    const operations = { perSecond: 200 };
    for (const more of [{ limits: { readBytes: reads, operations } }, {}]) {
      const body = { kind: 'new', sizeBytes: miB, bus: 'virtio', ...more };
      await stage().act('POST', '/vms/made/disks', body);
    }
    const limits = (at = 0): unknown => hardware('made').disks[at]?.limits;
    assert.deepEqual(limits(), { readBytes: reads, operations });
    const tune = ['blkdeviotune', 'made', 'vda'];
    const told = async (): Promise<string[]> =>
      [...(await say(...tune)).matchAll(/^(\S+) *: *([1-9]\d*)$/gm)].map(
        ([, word, number]) => `${word} ${number}`,
      );
    assert.deepEqual(await told(), [
      'read_bytes_sec 1000000',
      'total_iops_sec 200',
      'read_bytes_sec_max 4000000',
      'read_bytes_sec_max_length 3',
    ]);
    assert.match(
      await complain(...tune, '--write-bytes-sec', '5000'),
      /read_bytes_sec_max is of a burst above read_bytes_sec, which is not set/,
    );
    assert.match(await complain(...tune, '--live', '--total-iops-sec', '9'), /not running/);
    await say('start', 'made');
    await say(...tune, '--live', '--read-iops-sec', '70', '--size-iops-sec', '4096');
    const counted = { reads: { perSecond: 70 }, operationSizeBytes: 4096 };
    assert.deepEqual(limits(), { readBytes: reads, ...counted });
    await say(...tune, '--write-bytes-sec', '5000', '--read-bytes-sec-max', '0');
    assert.deepEqual(limits(), { writtenBytes: { perSecond: 5000 }, ...counted });
    for (const [words, why] of [
      [['--group-name', 'shared'], /group_name is not kept: every disk has limits of its own/],
      [['--total-bytes-sec', '5', '--write-bytes-sec', '5'], /bytes limits both ways together/],
      [['--write-bytes-sec', '9', '--write-bytes-sec-max', '8'], /is below the limit above which/],
    ] as const)
      assert.match(await complain(...tune, ...words), why);
    assert.match(
      await complain('blkdeviotune', 'made', 'sda', '--read-bytes-sec', '5'),
      /sda is a drive: disks have limits/,
    );
    const [bare = assert.fail()] =
      /<disk .(?:(?!<disk).)*'vdb'.*?<.disk>/s.exec(await say('dumpxml', 'made')) ?? [];
    await say('detach-disk', 'made', 'vdb', '--live');
    const iotune = '<iotune><total_iops_sec>200</total_iops_sec></iotune></disk>';
    await say('attach-device', 'made', await keep(bare.replace('</disk>', iotune)), '--live');
    assert.deepEqual(limits(1), { operations });
    const update = async (disk: string, ...flags: string[]): Promise<string> =>
      await say('update-device', 'made', await keep(disk), ...flags);
    const faster = bare.replace('</disk>', iotune.replace('200', '300'));
    await update(faster, '--live');
    assert.deepEqual(limits(1), { operations: { perSecond: 300 } });
    await update(bare);
    assert.equal(limits(1), undefined);
    const named = await keep(faster.replace('</disk>', '<serial>another</serial></disk>'));
    assert.match(
      await complain('update-device', 'made', named),
      /nothing but its iotune is changed, and serial of vdb is another one/,
    );
    assert.equal(limits(1), undefined);
    const xml = await say('dumpxml', 'made');
    assert.match(xml, /<iotune>\s*<write_bytes_sec>5000<\/write_bytes_sec>\s*<read_iops_sec>70</);
    await say('destroy', 'made');
    assert.match(
      await complain('update-device', 'made', await keep(faster), '--live'),
      /not running/,
    );
    await update(faster, '--config');
    assert.deepEqual(limits(1), { operations: { perSecond: 300 } });
    await say('define', await keep(xml));
    assert.deepEqual(limits(), { writtenBytes: { perSecond: 5000 }, ...counted });
    const group = xml.replace('<iotune>', '<iotune><group_name>all</group_name>');
    assert.match(
      await complain('define', await keep(group)),
      /a vm has no disk iotune\/group_name/,
    );
    await say('define', await keep(xml.replaceAll(/<iotune>.*?<\/iotune>/gs, '')));
    assert.deepEqual([limits(), limits(1)], [undefined, undefined]);
    await say('undefine', 'made');
  },
);

void test(
  'adapters come and go, their cable is pulled, and a medium is put in and out',
  { skip },
  async () => {
    await say('define', await keep(plain));
    const { status, text } = await stage().send('POST', '/networks', {
      body: { name: 'lan', type: 'internal' },
    });
    assert.equal(status, 200, text);
    await say('attach-interface', 'made', 'network', 'lan', '--model', 'e1000', '--config');
    assert.match(await say('domiflist', 'made'), /net1 +network +lan +e1000/);
    const mac = hardware('made').adapters[1]?.mac ?? '';
    const limits = (): unknown => hardware('made').adapters[1]?.bandwidth;
    const tune = ['domiftune', 'made', mac, '--config'];
    assert.match(await say(...tune), /inbound\.average: 0\n[^]*outbound\.average: 0\n/);
    await say(...tune, '--inbound', '1000,1000', '--outbound', '500');
    assert.match(await say(...tune), /inbound\.average: 1000\n[^]*outbound\.average: 500\n/);
    const both = { inboundBitsPerSecond: 8_000_000, outboundBitsPerSecond: 4_000_000 };
    assert.deepEqual(limits(), both);
    const xml = await say('dumpxml', 'made');
    assert.match(xml, /<bandwidth>\s*<inbound average='1000'\/>\s*<outbound average='500'\/>/);
    await say('domif-setlink', 'made', mac, 'down', '--config');
    assert.equal(hardware('made').adapters[1]?.link, 'down');
    await say('define', await keep(xml));
    assert.equal(hardware('made').adapters[1]?.link, 'up');
    assert.deepEqual(limits(), both);
    assert.match(
      await complain(...tune, '--inbound', '1000,2000'),
      /inbound\.peak is not kept: an adapter has one rate in each direction/,
    );
    await say('start', 'made');
    await say('domiftune', 'made', 'net1', '--live', '--outbound', '0');
    assert.deepEqual(limits(), { ...both, outboundBitsPerSecond: null });
    assert.match(
      await complain('domiftune', 'made', 'net0', '--live', '--inbound', '100'),
      /is kept by a network, not by a user-mode network/,
    );
    await say('destroy', 'made');
    assert.match(await complain('domiftune', 'made', 'net1', '--live'), /domain is not running/);
    const more = ['--model', 'virtio', '--inbound', '64', '--config'];
    await say('attach-interface', 'made', 'network', 'lan', ...more);
    assert.equal(hardware('made').adapters[2]?.bandwidth.inboundBitsPerSecond, 512_000);
    await say('detach-interface', 'made', 'network', '--mac', mac, '--config');
    assert.equal(hardware('made').adapters.length, 2);
    assert.match(await complain('change-media', 'made', 'sdb', '--eject', '--config'), /sdb/);
    await say('undefine', 'made');
  },
);

void test(
  'virt-install makes a vm and starts it, and its own XML is defined again',
  { skip: await whyNot('virt-install') },
  async () => {
    const words =
      '--name fresh --memory 256 --vcpus 2 --disk none --pxe --osinfo generic --graphics vnc --network user --noautoconsole';
    const { code, err } = await run(
      'virt-install',
      `--connect ${address('host/h1')} ${words}`.split(' '),
    );
    assert.equal(code, 0, err);
    assert.equal(stage().vm('fresh')?.state, 'running');
    assert.equal(hardware('fresh').processor.count, 2);
    await say('destroy', 'fresh');
    const file = join(stage().folder, 'fresh.xml');
    const before = hardware('fresh');
    await writeFile(file, await say('dumpxml', 'fresh'));
    await say('define', file);
    assert.deepEqual(hardware('fresh'), before, await readFile(file, 'utf8'));
  },
);
