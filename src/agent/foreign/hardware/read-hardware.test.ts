import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFault } from '#lib';
import { readHardware, type ReadHardware } from './read-hardware.ts';

const read = (xml: string, sizes: ReadonlyMap<string, number> = new Map()): ReadHardware =>
  readHardware(xml, { architecture: 'x86_64', sizes });

const domain = (devices: string, above = ''): string =>
  `<domain type="kvm" id="7"><name>a</name>${above}<devices>${devices}</devices></domain>`;

const full = domain(
  `<emulator>/usr/bin/qemu-system-x86_64</emulator>
  <disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="none" discard="unmap"/>
    <source file="/srv/web.qcow2"/><target dev="vda" bus="virtio"/><serial>web-1</serial><boot order="2"/></disk>
  <disk type="block" device="disk"><driver name="qemu" type="raw" cache="none"/><source dev="/dev/vg/data"/>
    <target dev="sdb" bus="scsi"/><shareable/>
    <address type="drive" controller="1" bus="0" target="0" unit="3"/></disk>
  <disk type="network" device="disk"><driver name="qemu" type="raw"/><source protocol="rbd" name="pool/image"/>
    <target dev="sdz" bus="sata"/></disk>
  <disk type="file" device="disk"><driver name="qemu" type="luks"/><source file="/srv/old.luks"/>
    <target dev="vdb" bus="virtio"/></disk>
  <disk type="file" device="cdrom"><source file="/srv/iso/debian.iso"/><target dev="hdc" bus="ide"/><readonly/>
    <boot order="1"/></disk>
  <disk type="file" device="cdrom"><target dev="hdd" bus="ide"/><readonly/></disk>
  <disk type="file" device="floppy"><source file="/srv/drivers.img"/><target dev="fda" bus="fdc"/></disk>
  <controller type="usb" model="qemu-xhci"/><controller type="scsi" model="lsilogic"/>
  <interface type="network"><mac address="52:54:00:AA:BB:01"/><source network="default"/><model type="virtio"/></interface>
  <interface type="bridge"><mac address="52:54:00:aa:bb:02"/><source bridge="br0"/><model type="vmxnet3"/>
    <link state="down"/></interface>
  <interface type="user"><mac address="52:54:00:aa:bb:03"/><model type="e1000"/></interface>
  <serial type="pty"><target port="0"/></serial><console type="pty"><target type="serial" port="0"/></console>
  <input type="tablet" bus="usb"/><graphics type="vnc" port="5900"/>
  <video><model type="cirrus" vram="16384"/></video><sound model="ich9"/><tpm model="tpm-crb"/>
  <hostdev mode="subsystem" type="pci"/><rng model="virtio"/>`,
  `<memory unit="GiB">2</memory><vcpu current="2">4</vcpu><clock offset="localtime"/>
  <cpu mode="custom"><model>Skylake-Server</model><topology sockets="2" dies="1" cores="2" threads="1"/></cpu>
  <features><kvm><hidden state="on"/></kvm></features>
  <os firmware="efi"><type arch="x86_64" machine="pc-q35-7.2">hvm</type><loader secure="yes"/></os>`,
);

void test('the hardware of a domain is read in the words of a definition', () => {
  const { hardware } = read(full, new Map([['vda', 1024 ** 3]]));
  assert.equal(hardware.machine, 'q35');
  assert.deepEqual(hardware.firmware, {
    type: 'uefi',
    secureBoot: true,
    bootOrder: ['cd', 'disk'],
    bootOnce: null,
  });
  assert.deepEqual(hardware.processor, {
    count: 2,
    maxCount: 4,
    coresPerSocket: 2,
    threadsPerCore: 1,
    model: 'Skylake-Server',
    hideHypervisor: true,
  });
  assert.equal(hardware.memory.sizeBytes, 2 * 1024 ** 3);
  assert.deepEqual(
    hardware.disks.map((disk) => [
      `${disk.bus}${disk.controller}:${disk.position}`,
      disk.file,
      disk.format,
      disk.sizeBytes,
      disk.cache,
      disk.shared,
    ]),
    [
      ['virtio0:0', '/srv/web.qcow2', 'qcow2', 1024 ** 3, 'none', false],
      ['scsi1:3', '/dev/vg/data', 'raw', 0, 'none', true],
    ],
  );
  assert.equal(hardware.disks[0]?.serial, 'web-1');
  assert.deepEqual(
    hardware.opticalDrives.map(({ controller, position, medium }) => [
      controller,
      position,
      medium,
    ]),
    [
      [1, 0, { kind: 'file', file: '/srv/iso/debian.iso' }],
      [1, 1, null],
    ],
  );
  assert.deepEqual(hardware.floppy?.medium, { kind: 'file', file: '/srv/drivers.img' });
  assert.deepEqual(
    hardware.adapters.map(({ mac, model, link, attachment }) => [
      mac,
      model,
      link,
      attachment.kind,
    ]),
    [
      ['52:54:00:aa:bb:01', 'virtio', 'up', 'foreign'],
      ['52:54:00:aa:bb:02', 'virtio', 'down', 'foreign'],
      ['52:54:00:aa:bb:03', 'e1000', 'up', 'user'],
    ],
  );
  assert.deepEqual(hardware.adapters[1]?.attachment, { kind: 'foreign', name: 'bridge br0' });
  assert.deepEqual(
    [hardware.serialPorts, hardware.graphics.adapter, hardware.sound, hardware.usb],
    [[{ kind: 'console' }], 'cirrus', 'hda', '3'],
  );
  assert.deepEqual(
    [hardware.tablet, hardware.tpm, hardware.clock.base, hardware.scsiController],
    [true, true, 'localtime', 'lsi53c895a'],
  );
});

void test('what has no word in a definition is told, not left out in silence', () => {
  assert.deepEqual(read(full).others, [
    'disk sdz sata raw rbd:pool/image',
    'disk vdb virtio luks /srv/old.luks',
    'interface 52:54:00:aa:bb:02 vmxnet3',
    'hostdev pci',
    'rng virtio',
  ]);
});

void test('a container without a board, disks or a serial port has what it has', () => {
  const { hardware, others } = read(
    `<domain type="lxc"><memory>65536</memory><vcpu>1</vcpu><os><type>exe</type></os><devices>
    <filesystem type="mount"><target dir="/"/></filesystem>
    <interface type="network"><mac address="52:54:00:00:00:01"/><source network="n"/></interface>
    <console type="pty"/></devices></domain>`,
  );
  assert.equal(hardware.memory.sizeBytes, 64 * 1024 ** 2);
  assert.deepEqual(hardware.serialPorts, [{ kind: 'console' }]);
  assert.deepEqual(others, ['interface 52:54:00:00:00:01', 'filesystem mount']);
  assert.deepEqual(hardware.firmware.bootOrder, []);
});

void test('places without an address are those that libvirt makes of a name', () => {
  const disk = (target: string): string =>
    domain(`<disk type="file"><source file="/${target}"/><target dev="${target}"/></disk>`);
  const placed = (target: string): readonly unknown[] =>
    read(disk(target)).hardware.disks.map(({ bus, controller, position }) => [
      bus,
      controller,
      position,
    ]);
  assert.deepEqual(placed('hdb'), [['ide', 0, 1]]);
  assert.deepEqual(placed('sda'), [['scsi', 0, 0]]);
  assert.deepEqual(placed('sdi'), [['scsi', 1, 1]]);
  assert.deepEqual(placed('vdx'), [['virtio', 0, 23]]);
  assert.deepEqual(placed('vdaa'), []);
  assert.deepEqual(placed('xvda'), []);
});

void test('a text of any hypervisor is read, or refused as none', () => {
  const words = fc.constantFrom(
    ...'constructor __proto__ -1 999999999999999 ../x  vda pty yes file block cdrom floppy raw 4 GiB'.split(
      ' ',
    ),
  );
  const element = (name: string, value: string): string =>
    `<${name} type="${value}" dev="${value}" device="${value}" bus="ide" order="${value}" unit="${value}" current="${value}" file="${value}" cores="${value}" vram="${value}">${value}</${name}>`;
  const names = fc.constantFrom('memory', 'vcpu', 'boot', 'clock', 'loader', 'cpu', 'os');
  const inner = fc.constantFrom('source', 'target', 'driver', 'address', 'model', 'mac', 'boot');
  const outer = fc.constantFrom('disk', 'interface', 'serial', 'video', 'input', 'parallel');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(names, words), { maxLength: 5 }),
      fc.array(fc.tuple(outer, words, fc.array(fc.tuple(inner, words), { maxLength: 4 }))),
      (above, devices) => {
        const text = domain(
          devices
            .map(([name, type, parts]) => {
              const content = parts.map(([part, value]) => element(part, value)).join('');
              return `<${name} type="${type}" device="${type}">${content}</${name}>`;
            })
            .join(''),
          above.map(([name, value]) => element(name, value)).join(''),
        );
        assert.ok(read(text).hardware.disks.length <= 64);
      },
    ),
    { numRuns: 300 },
  );
  for (const text of ['', 'no', '<domain>', '<!DOCTYPE a><domain/>'])
    assert.throws(
      () => read(text),
      (error) => isFault(error, 'invalid'),
      text,
    );
});

void test('shares and limits of processors are resources: of each or of all of them, and what has no word in them is told', () => {
  const of = (cputune: string, more = ''): readonly unknown[] => {
    const { resources, others } = read(
      `<domain type="kvm"><vcpu>4</vcpu>${more}<cputune>${cputune}</cputune></domain>`,
    );
    return [resources.cpuWeight, resources.cpuMaximumPercent, others.join()];
  };
  assert.deepEqual(of(''), [100, 100, '']);
  assert.deepEqual(of('<shares>777</shares><quota>25000</quota>'), [777, 25, '']);
  assert.deepEqual(of('<period>50000</period><quota>25000</quota>'), [100, 50, '']);
  assert.deepEqual(of('<quota>50000</quota><global_quota>100000</global_quota>'), [100, 25, '']);
  assert.deepEqual(of('<quota>-1</quota><global_quota>-1</global_quota>'), [100, 100, '']);
  assert.deepEqual(of('<shares>200000</shares>'), [100, 100, 'cputune shares 200000']);
  const memtune = '<memtune><hard_limit unit="KiB">1048576</hard_limit></memtune>';
  assert.deepEqual(of('<vcpupin vcpu="0" cpuset="1"/><vcpupin vcpu="1" cpuset="1"/>', memtune), [
    100,
    100,
    'cputune vcpupin,memtune hard_limit',
  ]);
});
