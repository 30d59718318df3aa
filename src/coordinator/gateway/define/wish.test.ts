/** Domain XML read: our own comes back as it was, others' as far as a vm can be that, and the rest is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hardwareSchema,
  plainPort,
  profiles,
  vmDefinitionSchema,
  type Hardware,
  type Vm,
} from '#api';
import { isFault, miB } from '#lib';
import { createInventory } from '../../inventory/memory-inventory.ts';
import { holdClock } from '../../inventory/testing/clock.ts';
import { hostData, idOf, vmData, Writer } from '../../inventory/testing/documents.ts';
import { applyMergePatch } from '../../app/merge-patch.ts';
import { blockDevicesOf } from '../../domain-xml/domain-devices.ts';
import { writeDomainXml } from '../../domain-xml/domain-xml.ts';
import { mergeDevices, newFiles } from './merge-wish.ts';
import type { Plugs } from './plugs.ts';
import { readDevice, readDomain } from './wish.ts';

function vmWith(hardware: Hardware): Vm {
  const inventory = createInventory({ clock: holdClock() });
  const writer = new Writer(inventory);
  const definition = vmDefinitionSchema.parse({
    id: idOf('web'),
    name: 'web',
    description: 'a <b>',
    hardware,
  });
  writer.put('host', idOf('h1'), hostData('h1'));
  writer.put('vm', idOf('web'), vmData('web', { definition }));
  const vm = inventory.vm(idOf('web'));
  assert.ok(vm);
  return vm;
}

const networkName = (id: string): string => `name of ${id}`;
/** Of a host with an agent, and of a hypervisor that others run. */
const plugs: Plugs = { networkName, theirName: undefined };
const theirPlugs: Plugs = { networkName, theirName: (shown: string) => shown.replace(/@h1$/, '') };
const found = new Map<string, never>();
const makeMac = (): string => '52:47:59:00:00:01';

/** What is left of the hardware when its XML is written, changed and read again. */
function through(
  vm: Vm,
  change: (xml: string) => string = (xml) => xml,
  on: Plugs = plugs,
): Hardware {
  const shown = blockDevicesOf(vm, () => '/images/cd.iso');
  const xml = writeDomainXml(vm, {
    name: vm.name,
    id: undefined,
    type: 'kvm',
    blockDevices: shown,
    networkName,
    theirNetworkName: (there) => `${there}@h1`,
    screenPort: null,
  });
  const wish = readDomain(change(xml));
  assert.deepEqual(newFiles(wish, shown), []);
  const { hardware: before } = vm.definition;
  const devices = mergeDevices(wish, { before, shown, found, plugs: on, makeMac });
  return hardwareSchema.parse(applyMergePatch(before, { ...wish.hardware, ...devices }));
}

const disk = {
  controller: 0,
  format: 'qcow2',
  sizeBytes: 64 * miB,
  readOnly: false,
  shared: false,
  discard: false,
  cache: 'none',
  serial: 'A-1',
} as const;
const full: Hardware = {
  ...profiles.modern.hardware,
  processor: { ...profiles.modern.hardware.processor, count: 2, maxCount: 4, model: 'Nehalem' },
  memory: { sizeBytes: 512 * miB, maxBytes: 1024 * miB },
  disks: [
    {
      ...disk,
      bus: 'virtio',
      position: 0,
      file: 'web.qcow2',
      limits: {
        bytes: { perSecond: 5_000_000, burstPerSecond: 9_000_000, burstSeconds: 4 },
        reads: { perSecond: 300 },
        operationSizeBytes: 4096,
      },
    },
    { ...disk, bus: 'scsi', controller: 1, position: 3, file: '/pool/data.qcow2', shared: true },
  ],
  opticalDrives: [
    { bus: 'sata', controller: 0, position: 2, medium: { kind: 'image', image: 'cd' } },
  ],
  floppy: { medium: null, readOnly: true },
  adapters: [
    {
      slot: 3,
      model: 'e1000',
      mac: '52:47:59:00:00:09',
      macMode: 'static',
      attachment: { kind: 'network', network: 'n1' },
      link: 'down',
      optional: true,
      ...plainPort,
      // No whole number of libvirt's kilobytes.
      bandwidth: { inboundBitsPerSecond: 1_000_001, outboundBitsPerSecond: null },
    },
  ],
  serialPorts: [{ kind: 'none' }, { kind: 'pty' }],
  sound: 'hda',
  tpm: true,
};

test('what is written for a vm and defined again changes nothing of it', () => {
  for (const { hardware } of Object.values(profiles)) {
    const vm = vmWith(hardware);
    assert.deepEqual(through(vm), vm.definition.hardware);
  }
  const vm = vmWith(full);
  assert.deepEqual(through(vm), vm.definition.hardware);
});

test('what adapters of a hypervisor that others run are plugged into stays, and is changed by its names', () => {
  const [adapter] = full.adapters;
  assert.ok(adapter);
  const plugged = (name: string): Vm =>
    vmWith({ ...full, adapters: [{ ...adapter, attachment: { kind: 'foreign', name } }] });
  for (const name of [
    'network default',
    'bridge br0',
    'direct interface eth0',
    'internal interface',
  ]) {
    const vm = plugged(name);
    assert.deepEqual(through(vm, undefined, theirPlugs), vm.definition.hardware);
  }
  const placed = (from: string, to: string, on = theirPlugs): unknown =>
    through(plugged('network default'), (xml) => xml.replace(from, to), on).adapters[0]?.attachment;
  const network = "<source network='default@h1'/>";
  assert.deepEqual(placed(network, "<source network='lab@h1'/>"), {
    kind: 'foreign',
    name: 'network lab',
  });
  assert.deepEqual(
    placed(`<interface type='network'>`, `<interface type='bridge'><source bridge='br1'/>`),
    { kind: 'foreign', name: 'bridge br1' },
  );
  assert.throws(
    () => placed(`<interface type='network'>`, `<interface type='vdpa'>`),
    /a vm has no interface type vdpa$/,
  );
  assert.throws(
    () =>
      through(vmWith(full), (xml) =>
        xml.replace("type='network'", "type='bridge'").replace('source network', 'source bridge'),
      ),
    /a vm has no interface type bridge$/,
  );
});

test('a device that is defined twice, as attached and once more, is one', () => {
  const vm = vmWith(full);
  const [adapter] = full.adapters;
  for (const again of [
    `<disk type='file' device='disk'><source file='/pool/data.qcow2'/><target dev='sda' bus='scsi'/></disk>`,
    `<disk type='file' device='disk'><source file='/vms/web/web.qcow2'/><target dev='vda' bus='virtio'/></disk>`,
    `<interface type='network'><mac address='${adapter?.mac}'/><source network='name of n1'/><link state='down'/></interface>`,
  ])
    assert.deepEqual(
      through(vm, (xml) => xml.replace('</devices>', `${again}</devices>`)),
      vm.definition.hardware,
    );
  const two = `<disk type='file' device='cdrom'><target dev='sdd' bus='sata'/></disk>`;
  const more = through(vm, (xml) => xml.replace('</devices>', `${two}</devices>`));
  assert.equal(more.opticalDrives.length, 2);
});

test('formats of other products have libvirt’s names, and a vm that has them is defined again as it was', () => {
  const names = {
    raw: 'raw',
    qcow2: 'qcow2',
    vhd: 'vpc',
    vhdx: 'vhdx',
    vmdk: 'vmdk',
    vdi: 'vdi',
    qed: 'qed',
    parallels: 'parallels',
    qcow1: 'qcow',
  } satisfies Record<Hardware['disks'][number]['format'], string>;
  const formats = Object.keys(names) as (keyof typeof names)[];
  const disks = formats.map((format, position) => {
    return { ...disk, bus: 'virtio', position, file: `d.${format}`, format } as const;
  });
  const vm = vmWith({ ...profiles.modern.hardware, disks });
  const written: string[] = [];
  const after = through(vm, (xml) => {
    for (const [, name] of xml.matchAll(/<driver name='qemu' type='(\w+)'[^>]*\/>/g))
      written.push(name ?? '');
    return xml;
  });
  assert.deepEqual(written.slice(0, formats.length), Object.values(names));
  assert.deepEqual(after, vm.definition.hardware);
});

test('limits of adapters are set, changed and taken away, and what an adapter has not is named', () => {
  const limits = (bandwidth: string): unknown =>
    through(vmWith(full), (xml) => xml.replace(/<bandwidth>.*<\/bandwidth>/s, bandwidth))
      .adapters[0]?.bandwidth;
  const both =
    "<bandwidth><inbound average='125'/><outbound average='1000' peak='1000'/></bandwidth>";
  assert.deepEqual(limits(both), {
    inboundBitsPerSecond: 1_000_001,
    outboundBitsPerSecond: 8_000_000,
  });
  const none = { inboundBitsPerSecond: null, outboundBitsPerSecond: null };
  assert.deepEqual(limits(''), none);
  assert.deepEqual(limits("<bandwidth><inbound average='0'/></bandwidth>"), none);
  for (const [inbound, says] of [
    ["average='100' peak='200'", /a vm has no bandwidth\/inbound\/peak$/],
    [
      "average='100' burst='2' floor='3'",
      /no bandwidth\/inbound\/burst, bandwidth\/inbound\/floor$/,
    ],
    ["average='12'", /12 kilobytes per second: an adapter has from 13 to 50000000/],
    ["average='fast'", /bandwidth\/inbound\/@average is no number/],
  ] as const)
    assert.throws(() => limits(`<bandwidth><inbound ${inbound}/></bandwidth>`), says);
});

test('what is changed in the XML is changed, and what is taken out goes', () => {
  const vm = vmWith({ ...full, adapters: [] });
  const changed = through(vm, (xml) =>
    xml
      .replace(/<memory .*<\/currentMemory>/s, "<memory unit='GiB'>2</memory>")
      .replace("<boot dev='hd'/>", '')
      .replace(/<disk type='file' device='disk'>.*?sdd?.*?<\/disk>/s, '')
      .replace("type='virtio' vram", "type='vga' vram")
      .replace('</devices>', "<interface type='user'/></devices>"),
  );
  assert.deepEqual(changed.memory, { sizeBytes: 2048 * miB, maxBytes: null });
  assert.deepEqual(changed.firmware.bootOrder, ['cd', 'network']);
  assert.equal(changed.graphics.adapter, 'std');
  assert.deepEqual(
    changed.adapters.map(({ slot, mac, model }) => [slot, mac, model]),
    [[0, '52:47:59:00:00:01', 'virtio']],
  );
  assert.ok(changed.disks.length < full.disks.length);
});

test('all that a vm cannot have is named at once', () => {
  const xml = `<domain type='kvm'><name>x</name><memory>65536</memory><iothreads>2</iothreads>
    <os><type machine='pc'>hvm</type><kernel>/boot/vmlinuz</kernel></os><devices>
    <hostdev mode='subsystem' type='usb'/><graphics type='spice'/>
    <disk type='network'><target dev='vda'/></disk><interface type='bridge'><source bridge='br0'/></interface>
    </devices></domain>`;
  assert.throws(
    () => readDomain(xml),
    (error) => {
      assert.ok(isFault(error, 'unsupported'));
      for (const word of [
        'iothreads',
        'os/kernel',
        'hostdev',
        'graphics spice',
        'disk type network',
      ])
        assert.ok(error.message.includes(word), `${word} is missing in: ${error.message}`);
      return true;
    },
  );
});

test('what a vm does anyway may be said, and what it cannot do otherwise is refused', () => {
  const about = (words: string, os = ''): string =>
    `<domain type='kvm'><name>x</name><os><type arch='x86_64' machine='pc'>hvm</type>${os}</os>${words}</domain>`;
  for (const words of [
    '<features/>',
    "<features><acpi/><apic/><pae/><vmport state='off'/><hyperv><relaxed state='on'/></hyperv></features>",
    '<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>',
  ])
    readDomain(about(words));
  readDomain(about('', "<bootmenu enable='no'/><smbios mode='emulate'/>"));
  const uefi =
    "<domain><name>x</name><os><type arch='aarch64'>hvm</type></os><features><pae/></features></domain>";
  assert.equal(readDomain(uefi).usualMachine, 'virt');
  assert.equal(readDomain(about('')).usualMachine, 'pc');
  for (const [xml, says] of [
    [about('<features><apic/></features>'), /a vm has no board without ACPI$/],
    [about('<features><acpi/><pmu/></features>'), /a vm has no features\/pmu$/],
    [
      about('<features><acpi/><kvm><poll-control/></kvm></features>'),
      /no features\/kvm\/poll-control$/,
    ],
    [about('<on_poweroff>restart</on_poweroff>'), /no on_poweroff restart$/],
    [about('<on_reboot>preserve</on_reboot>'), /no on_reboot preserve$/],
    [about('<on_crash>coredump-destroy</on_crash>'), /no on_crash coredump-destroy$/],
    [about('', "<bootmenu enable='yes'/>"), /a vm has no boot menu$/],
    [about('', "<bios useserial='yes'/>"), /no os\/bios\/useserial$/],
    [about('', "<smbios mode='host'/>"), /no smbios host$/],
  ] as const)
    assert.throws(() => readDomain(xml), says);
  const ends = readDomain(about('<on_reboot>destroy</on_reboot>'));
  assert.deepEqual([ends.onGuestReboot, ends.crashReaction], ['turn-off', undefined]);
  assert.equal(readDomain(about('<on_reboot>restart</on_reboot>')).onGuestReboot, 'restart');
  assert.equal(readDomain(about('')).onGuestReboot, undefined);
  assert.equal(readDomain(about('<on_crash>restart</on_crash>')).crashReaction, 'restart');
});

test('a guest from which it is hidden that it is one stays so, and comes to be so', () => {
  const vm = vmWith({ ...full, processor: { ...full.processor, hideHypervisor: true } });
  assert.equal(through(vm).processor.hideHypervisor, true);
  const hidden = "<features><acpi/><kvm><hidden state='on'/></kvm></features>";
  const hide = (xml: string): string => xml.replace(/<features>.*<\/features>/s, hidden);
  assert.equal(through(vmWith(full), hide).processor.hideHypervisor, true);
  const show = (xml: string): string => xml.replace(/<kvm>.*<\/kvm>/s, '');
  assert.equal(through(vm, show).processor.hideHypervisor, false);
});

test('what is no domain, and what is no XML, is refused', () => {
  for (const text of ['', '<domain>', '<network/>', '<domain/>', '<!DOCTYPE a><domain/>'])
    assert.throws(
      () => readDomain(text),
      (error) => isFault(error, 'invalid'),
      text,
    );
  const size = "<domain><name>x</name><memory unit='parsec'>1</memory></domain>";
  assert.throws(() => readDomain(size), /memory is no size/);
  assert.throws(() => readDevice('<network/>', 0), /<network> is not <disk>/);
  assert.throws(() => readDevice('<sound/>', 0), /a sound comes, goes and changes with the/);
});

test('a SCSI disk by the name of a SATA place gets the first SCSI place that is free', () => {
  const vm = vmWith({
    ...full,
    disks: [
      { ...disk, bus: 'scsi', position: 0, file: 'web.qcow2' },
      { ...disk, bus: 'scsi', position: 2, file: '/pool/data.qcow2' },
    ],
  });
  const renamed = through(vm, (xml) => xml.replace("dev='sdg' bus", "dev='sdb' bus"));
  assert.deepEqual(renamed.disks, vm.definition.hardware.disks);
  const moved = through(vm, (xml) => xml.replace("dev='sdi' bus", "dev='sda' bus"));
  assert.deepEqual(
    moved.disks.map(({ position }) => position),
    [0, 1],
  );
});

test('a title is one line, and a password of the screen is refused', () => {
  const domain = (inner: string): string =>
    `<domain><name>x</name><memory>65536</memory>${inner}</domain>`;
  assert.equal(readDomain(domain('<title> of the lab </title>')).title, 'of the lab');
  assert.equal(readDomain(domain('<title/>')).title, undefined);
  assert.throws(() => readDomain(domain('<title>a\nb</title>')), /can't contain newlines/);
  const guarded = "<devices><graphics type='vnc' passwd='x'/></devices>";
  assert.throws(() => readDomain(domain(guarded)), /a vm has no password of its graphics/);
});
