import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adapterSchema, diskSchema, withoutLimits, type Hardware } from '#api';
import { isFault, kiB, miB } from '#lib';
import { shareParams } from './edit-share.ts';
import { changeOfKept } from '../hardware/kept-for-others.ts';
import { readHardware } from '../hardware/read-hardware.ts';
import { editDomain } from './edit-domain.ts';

/** With much that no definition has a word for. */
const text = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web</name>
  <uuid>11111111-2222-4333-8444-555555555555</uuid>
  <metadata><app:x xmlns:app="urn:app" note='a &lt; b'/></metadata>
  <!-- by hand -->
  <memory unit='MiB'>512</memory>
  <currentMemory unit='MiB'>256</currentMemory>
  <vcpu placement='static' current='1'>4</vcpu>
  <cputune><shares>512</shares></cputune>
  <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/><bootmenu enable='yes'/></os>
  <cpu mode='host-passthrough'><topology sockets='4' dies='1' cores='1' threads='1'/></cpu>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' io='native' cache='none'/>
      <source file='/srv/web.qcow2'><seclabel model='dac' relabel='no'/></source>
      <target dev='vda' bus='virtio'/>
      <iotune><total_iops_sec>100</total_iops_sec></iotune>
    </disk>
    <disk type='file' device='cdrom'>
      <target dev='sda' bus='sata'/>
      <readonly/>
      <address type='drive' controller='0' bus='0' target='0' unit='0'/>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default' portgroup='blue'/>
      <model type='virtio'/>
      <driver queues='4'/>
    </interface>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
  <qemu:commandline><qemu:arg value='-no-hpet'/></qemu:commandline>
</domain>
`;

const context = { architecture: 'x86_64', sizes: new Map<string, number>() };
const { hardware: base, resources, kept: known } = readHardware(text, context);
const edit = (wanted: Hardware): string => editDomain(text, { base, wanted }, context);

/** What has become another, line by line. */
function changed(after: string): readonly (readonly string[])[] {
  const [old, now] = [text.split('\n'), after.split('\n')];
  return [old.filter((line) => !now.includes(line)), now.filter((line) => !old.includes(line))].map(
    (lines) => lines.map((line) => line.trim()),
  );
}

const [disk = assert.fail()] = base.disks;
const slower = { readBytes: { perSecond: 5000, burstPerSecond: 9000 } };
const [adapter = assert.fail()] = base.adapters;
const [drive = assert.fail()] = base.opticalDrives;

void test('a change of a definition changes that in the XML of a vm, and nothing else', () => {
  const { processor, memory, firmware } = base;
  const data = diskSchema.parse({
    ...withoutLimits(disk),
    position: 1,
    file: '/srv/a&b.raw',
    format: 'raw',
  });
  const second = adapterSchema.parse({
    slot: 3,
    model: 'e1000',
    mac: '52:54:00:00:00:02',
    attachment: { kind: 'foreign', name: 'bridge br0' },
  });
  const cases: readonly (readonly [Hardware, readonly string[], readonly string[]])[] = [
    [
      { ...base, processor: { ...processor, count: 2 } },
      ["<vcpu placement='static' current='1'>4</vcpu>"],
      ["<vcpu placement='static' current='2'>4</vcpu>"],
    ],
    [
      { ...base, processor: { ...processor, count: 8, maxCount: null, coresPerSocket: 2 } },
      [
        "<vcpu placement='static' current='1'>4</vcpu>",
        "<cpu mode='host-passthrough'><topology sockets='4' dies='1' cores='1' threads='1'/></cpu>",
      ],
      [
        "<vcpu placement='static'>8</vcpu>",
        "<cpu mode='host-passthrough'><topology sockets='4' dies='1' cores='2' threads='1'/></cpu>",
      ],
    ],
    [
      { ...base, memory: { ...memory, sizeBytes: 512 * miB, maxBytes: null } },
      ["<memory unit='MiB'>512</memory>", "<currentMemory unit='MiB'>256</currentMemory>"],
      ["<memory unit='KiB'>524288</memory>", "<currentMemory unit='KiB'>524288</currentMemory>"],
    ],
    [
      { ...base, firmware: { ...firmware, bootOrder: ['cd', 'disk'] } },
      [
        "<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/><bootmenu enable='yes'/></os>",
      ],
      [
        "<os><type arch='x86_64' machine='q35'>hvm</type><bootmenu enable='yes'/><boot dev='cdrom'/><boot dev='hd'/></os>",
      ],
    ],
    [
      { ...base, clock: { base: 'localtime', offsetSeconds: 0 } },
      ["<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>"],
      ["<clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/></clock>"],
    ],
    [
      { ...base, disks: [{ ...disk, cache: 'writeback', readOnly: true }] },
      ["<driver name='qemu' type='qcow2' io='native' cache='none'/>"],
      ["<driver name='qemu' type='qcow2' io='native' cache='writeback'/>"],
    ],
    [
      { ...base, disks: [disk, data] },
      [],
      [
        "<disk type='file' device='disk'><driver type='raw' cache='none'/><source file='/srv/a&amp;b.raw'/><target dev='vdb' bus='virtio'/></disk>",
      ],
    ],
    [
      { ...base, disks: [{ ...disk, limits: slower }] },
      ['<iotune><total_iops_sec>100</total_iops_sec></iotune>'],
      [
        '<iotune><read_bytes_sec>5000</read_bytes_sec><read_bytes_sec_max>9000</read_bytes_sec_max></iotune>',
      ],
    ],
    [
      { ...base, disks: [disk, { ...data, limits: slower }] },
      [],
      [
        "<disk type='file' device='disk'><driver type='raw' cache='none'/><source file='/srv/a&amp;b.raw'/><target dev='vdb' bus='virtio'/><iotune><read_bytes_sec>5000</read_bytes_sec><read_bytes_sec_max>9000</read_bytes_sec_max></iotune></disk>",
      ],
    ],
    [
      { ...base, opticalDrives: [{ ...drive, medium: { kind: 'file', file: '/srv/a.iso' } }] },
      [],
      ["<source file='/srv/a.iso'/>"],
    ],
    [{ ...base, adapters: [{ ...adapter, link: 'down' }] }, [], ["<link state='down'/>"]],
    [
      {
        ...base,
        adapters: [{ ...adapter, attachment: { kind: 'foreign', name: 'network lab' } }],
      },
      ["<source network='default' portgroup='blue'/>"],
      ["<source network='lab'/>"],
    ],
    [
      { ...base, adapters: [adapter, second] },
      [],
      [
        "<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/><model type='e1000'/></interface>",
      ],
    ],
  ];
  for (const [wanted, gone, made] of cases) assert.deepEqual(changed(edit(wanted)), [gone, made]);
  assert.equal(edit(base), text);
});

void test('what is taken out of a definition goes with all that it has, and the rest stays', () => {
  const bare = edit({ ...base, disks: [], opticalDrives: [], adapters: [] });
  assert.doesNotMatch(bare, /<disk|<interface|iotune/);
  for (const kept of ['qemu:arg', '<rng', 'by hand', 'urn:app', '<cputune>'])
    assert.ok(bare.includes(kept), kept);
});

void test('limits of a disk are its definition’s; those of a group of disks stay in it, and ones that no disk here can have are let be', () => {
  assert.deepEqual(disk.limits, { operations: { perSecond: 100 } });
  const group = '<group_name>all</group_name>';
  const grouped = text.replace('</iotune>', `${group}</iotune>`);
  const limited = { ...base, disks: [{ ...disk, limits: slower }] };
  const after = editDomain(grouped, { base, wanted: limited }, context);
  assert.match(after, /<read_bytes_sec_max>9000<.read_bytes_sec_max><group_name>all<.group_name></);
  const bare = withoutLimits(disk);
  const free = editDomain(grouped, { base, wanted: { ...base, disks: [bare] } }, context);
  assert.doesNotMatch(free, /iotune/);
  const odd = text.replaceAll('total_iops_sec', 'total_iops_sec_max');
  assert.deepEqual(readHardware(odd, context).hardware.disks, [bare]);
});

void test('how large a disk is told to be has not been changed by anybody', () => {
  const sizes = new Map([['vda', 5]]);
  const edited = editDomain(text, { base, wanted: { ...base, disks: [] } }, { ...context, sizes });
  assert.doesNotMatch(edited, /vda/);
});

void test('any change that libvirt has words for is read as it was wanted, and taken back it is as before', () => {
  const sizes = fc.integer({ min: 4, max: 4096 }).map((count) => count * miB);
  const wish = fc.record({
    count: fc.integer({ min: 1, max: 64 }),
    sizeBytes: sizes,
    bootOrder: fc.uniqueArray(fc.constantFrom('disk', 'cd', 'network', 'floppy'), { minLength: 1 }),
    serial: fc.stringMatching(/^[A-Za-z0-9_.-]{0,20}$/),
    file: fc.stringMatching(/^\/[a-z<&>'"é ]{1,20}$/),
    cache: fc.constantFrom('writeback', 'none', 'writethrough', 'unsafe'),
    limits: fc.constantFrom(slower, { operations: { perSecond: 100 } }),
    link: fc.constantFrom('up', 'down'),
  });
  fc.assert(
    fc.property(wish, ({ count, sizeBytes, bootOrder, link, ...rest }) => {
      const wanted: Hardware = {
        ...base,
        processor: { ...base.processor, count, maxCount: null },
        memory: { sizeBytes, maxBytes: null },
        firmware: { ...base.firmware, bootOrder },
        disks: [{ ...disk, ...rest }],
        adapters: [{ ...adapter, link }],
      };
      const edited = edit(wanted);
      assert.deepEqual(readHardware(edited, context).hardware, wanted);
      const back = editDomain(edited, { base: wanted, wanted: base }, context);
      assert.deepEqual(readHardware(back, context).hardware, base);
      for (const kept of ['<iotune>', "queues='4'", '<!-- by hand -->', 'qemu:arg', "io='native'"])
        assert.ok(back.includes(kept), kept);
    }),
  );
});

void test('devices that have numbers for booting keep them in the new order', () => {
  const numbered = text
    .replace("<boot dev='hd'/>", '')
    .replace(
      "<target dev='vda' bus='virtio'/>",
      "<target dev='vda' bus='virtio'/><boot order='1'/>",
    )
    .replace('<model type=', "<boot order='2'/><model type=");
  const seen = readHardware(numbered, context).hardware;
  assert.deepEqual(seen.firmware.bootOrder, ['disk', 'network']);
  const firmware = { ...seen.firmware, bootOrder: ['cd', 'network'] as const };
  const wanted = { ...seen, firmware: { ...firmware, bootOrder: [...firmware.bootOrder] } };
  const edited = editDomain(numbered, { base: seen, wanted }, context);
  assert.deepEqual(readHardware(edited, context).hardware.firmware.bootOrder, ['cd', 'network']);
  assert.doesNotMatch(edited, /<boot dev/);
});

void test('that a guest ends its vm when it restarts itself is written as the one word for it, and nothing where it is so', () => {
  const still = { base, wanted: base };
  const ending = editDomain(text, { ...still, onGuestReboot: 'turn-off' }, context);
  assert.equal(ending.match(/<on_reboot>.*<\/on_reboot>/)?.[0], '<on_reboot>destroy</on_reboot>');
  assert.equal(readHardware(ending, context).onGuestReboot, 'turn-off');
  for (const onGuestReboot of ['turn-off', undefined] as const)
    assert.equal(editDomain(ending, { ...still, onGuestReboot }, context), ending);
  const restarting = editDomain(ending, { ...still, onGuestReboot: 'restart' }, context);
  assert.equal(restarting, ending.replace('>destroy</on_reboot>', '>restart</on_reboot>'));
  assert.equal(readHardware(text, context).onGuestReboot, 'restart');
});

void test('a limit of an adapter is the most that there is, and what is guaranteed stays', () => {
  const rate =
    "<bandwidth><inbound average='125' peak='999' floor='50'/><outbound average='250' burst='9'/></bandwidth>";
  const limitedText = text.replace("<driver queues='4'/>", rate);
  const { hardware: there } = readHardware(limitedText, context);
  const [one = assert.fail()] = there.adapters;
  assert.deepEqual(one.bandwidth, {
    inboundBitsPerSecond: 1_000_000,
    outboundBitsPerSecond: 2_000_000,
  });
  const edited = (change: Partial<Hardware['adapters'][number]['bandwidth']>): string => {
    const wanted = { ...there, adapters: [{ ...one, bandwidth: { ...one.bandwidth, ...change } }] };
    const after = editDomain(limitedText, { base: there, wanted }, context);
    assert.deepEqual(readHardware(after, context).hardware, wanted);
    return after;
  };
  const outbound = "<outbound average='250' burst='9'/>";
  assert.ok(
    edited({ inboundBitsPerSecond: 8_000_000 }).includes(
      `<bandwidth><inbound average='1000' floor='50'/>${outbound}</bandwidth>`,
    ),
  );
  assert.ok(
    edited({ inboundBitsPerSecond: null }).includes(`<inbound floor='50'/>${outbound}</bandwidth>`),
  );
  assert.ok(edited({ outboundBitsPerSecond: null }).includes("floor='50'/></bandwidth>"));
  const limited = { ...adapter, bandwidth: one.bandwidth };
  const made = edit({ ...base, adapters: [limited] });
  assert.ok(
    made.includes("<bandwidth><inbound average='125'/><outbound average='250'/></bandwidth>"),
  );
  const freed = { base: { ...base, adapters: [limited] }, wanted: base };
  assert.doesNotMatch(editDomain(made, freed, context), /bandwidth/);
});

void test('what libvirt has no word for, and what somebody else has changed, is refused by name', () => {
  const refuses = (wanted: Hardware, code: 'unsupported' | 'stale', pattern: RegExp): void =>
    assert.throws(
      () => edit(wanted),
      (error) => isFault(error, code) && pattern.test(error.message),
    );
  refuses({ ...base, tpm: true }, 'unsupported', /hardware\/tpm cannot be changed/);
  const firmware = { ...base.firmware, type: 'uefi' as const };
  refuses({ ...base, firmware }, 'unsupported', /firmware\/type/);
  const odd = {
    ...adapter,
    bandwidth: { ...adapter.bandwidth, outboundBitsPerSecond: 1_000_001 },
  };
  refuses({ ...base, adapters: [odd] }, 'unsupported', /adapters\/0\/bandwidth/);
  const grown = { ...disk, sizeBytes: 1024 * kiB };
  refuses({ ...base, disks: [grown] }, 'unsupported', /size_bytes/);
  const other = text.replace(/current='1'/, "current='3'");
  const wanted = { ...base, processor: { ...base.processor, count: 2 } };
  assert.throws(
    () => editDomain(other, { base, wanted }, context),
    (error) => isFault(error, 'stale') && /processor\/count/.test(error.message),
  );
  // What they have made of something else stays.
  const theirs = text.replace("<memory unit='MiB'>512", "<memory unit='MiB'>1024");
  assert.match(editDomain(theirs, { base, wanted }, context), /'MiB'>1024<[^]*current='2'/);
});

test('what is kept for other programs is changed by its namespace, and nothing beside it', () => {
  const app = `<app:x xmlns:app="urn:app" note='a &lt; b'/>`;
  assert.deepEqual(known, { 'libvirt-metadata': { 'urn:app': app } });
  const change = (wanted: Readonly<Record<string, unknown>>): string =>
    editDomain(text, { base, wanted: base, kept: changeOfKept(known, wanted) }, context);
  assert.equal(change({ ...known, 'another product': 'x' }), text);
  const rack = '<rack xmlns="urn:rack">7</rack>';
  const both = { 'urn:app': app, 'urn:rack': rack };
  const grown = change({ 'libvirt-title': 'a & b', 'libvirt-metadata': both });
  assert.deepEqual(changed(grown), [
    [`<metadata>${app}</metadata>`],
    [`<metadata>${app}${rack}</metadata>`, '<title>a &amp; b</title>'],
  ]);
  const { kept } = readHardware(grown, context);
  assert.deepEqual(kept, { 'libvirt-title': 'a & b', 'libvirt-metadata': both });
  const back = { base, wanted: base, kept: changeOfKept(kept, known) };
  assert.equal(editDomain(grown, back, context), text);
  assert.deepEqual(changed(change({})), [
    [`<metadata>${app}</metadata>`],
    ['<metadata></metadata>'],
  ]);
});

test('what is said to be metadata and is more than one element is none', () => {
  for (const element of [
    '<x xmlns="urn:x"/></metadata><devices/><metadata>',
    '<x xmlns="urn:x"/><y xmlns="urn:x"/>',
    '<x xmlns="urn:other"/>',
    '<free:x/>',
  ]) {
    const wanted = { ...known, 'libvirt-metadata': { 'urn:x': element } };
    assert.deepEqual([...changeOfKept({}, wanted).metadata], [], element);
  }
});

test('weight and maximum of its processors are written into what it has of them, and what is usual is not said', () => {
  assert.equal(resources.cpuWeight, 512);
  const share = (wanted: Partial<typeof resources>, from = text): string => {
    const { resources: there } = readHardware(from, context);
    return editDomain(
      from,
      { base, wanted: base, share: { base: there, wanted: { ...there, ...wanted } } },
      context,
    );
  };
  assert.equal(share({}), text);
  const half = share({ cpuWeight: 30, cpuMaximumPercent: 33.333 });
  assert.deepEqual(changed(half), [
    ['<cputune><shares>512</shares></cputune>'],
    ['<cputune><shares>30</shares><period>100000</period><quota>33333</quota></cputune>'],
  ]);
  assert.deepEqual(readHardware(half, context).resources, {
    cpuWeight: 30,
    cpuReservePercent: 0,
    cpuMaximumPercent: 33.333,
  });
  const usual = { cpuWeight: 100, cpuMaximumPercent: 100 };
  assert.deepEqual(changed(share(usual, half)), [['<cputune><shares>512</shares></cputune>'], []]);
  const pinned = text.replace('<shares>512', "<vcpupin vcpu='0' cpuset='1'/><shares>512");
  assert.match(share(usual, pinned), /<cputune><vcpupin vcpu='0' cpuset='1'\/><\/cputune>/);
  const other = { ...resources, cpuWeight: 7 };
  const stale = { base: other, wanted: { ...other, cpuWeight: 8 } };
  assert.throws(
    () => editDomain(text, { base, wanted: base, share: stale }, context),
    (error) => isFault(error, 'stale'),
  );
  const live = { base: resources, wanted: { ...resources, cpuMaximumPercent: 50 } };
  assert.deepEqual(
    shareParams(live).map(({ field, value }) => `${field} ${value}`),
    ['vcpu_period 100000', 'vcpu_quota 50000', 'global_quota -1'],
  );
});
