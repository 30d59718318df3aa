/** Virtual hardware as the guest in it sees it. Each start is a test, and those after it look at the same machine. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { diskSchema, profiles } from '#api';
import { miB } from '#lib';
import { LoopDrive, withoutLoopDrives } from './testing/loop-drive.ts';
import { byTester, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { macOf, SeenGuest, systemDisk, unpluggedAdapters } from './testing/seen-guest.ts';

const floppyBytes = 1_474_560;
/** A vm has no more processors than its host. */
const processors = Math.min(4, cpus().length);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Asia/Kolkata, all year. */
const zoneMs = 5.5 * hourMs;

const places = (controllers: number, positions: number): (readonly [number, number])[] =>
  Array.from({ length: controllers * positions }, (_, at) => [
    Math.floor(at / positions),
    at % positions,
  ]);

/** How often each value is there. */
function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Without loop devices and RAM disks: four IDE drives, ten on SCSI, the floppy. */
const classicDrives = 15;

/** The targets with a disk on the bus of each controller of this kind, in the order of the controllers. */
async function scsiBuses(one: SeenGuest, kind: string, drives: number): Promise<string[]> {
  const controllers = [...(await one.pciDevices())].filter(([, id]) => id === kind);
  const all = await one.untilBlockDevices(drives);
  return controllers.map(([at]) =>
    all
      .flatMap(
        ({ path }) =>
          (path.includes(`/${at}/host`) ? /target\d+:0:(\d+)/.exec(path)?.[1] : []) ?? [],
      )
      .toSorted()
      .join(''),
  );
}

/** What the disks of a guest may say of themselves, and nothing else: names of QEMU, and sectors as they always were. */
const plainSigns: Readonly<Record<string, RegExp>> = {
  vendor: /^(ATA|QEMU|0x1af4)$/,
  model: /^QEMU (HARDDISK|DVD-ROM|CD-ROM)$/,
  rev: /^\d+\.\d+\+?$/,
  wwid: /^(t10\.(ATA +)?QEMU .*)?$/,
  serial: /^$/,
  physical_block_size: /^512$/,
};

/** Errors: an assertion, where a disk says more than that it is QEMU's. */
async function assertPlainDisks(one: SeenGuest, drives: number): Promise<void> {
  await one.untilBlockDevices(drives);
  const signs = ['device/vendor', 'device/model', 'device/rev', 'device/wwid', 'serial'];
  const files = [...signs, 'queue/physical_block_size'].map((sign) => `/sys/block/[hsv]d*/${sign}`);
  const text = await one.see(`grep -s '' ${files.join(' ')}`);
  const said = [...text.matchAll(/^\/sys\/block\/\w+\/[\w/]*?(\w+):(.*?) *\r?$/gm)];
  assert.ok(said.length >= 2 * drives, text);
  for (const [, sign = '', value = ''] of said)
    assert.match(value, plainSigns[sign] ?? /nothing/, sign);
}

/** How many requests each disk of the guest may have under way at once, by what it hangs on. */
async function depthsOf(one: SeenGuest, drives: number): Promise<Record<string, number[]>> {
  await one.untilBlockDevices(drives);
  const tell = 'echo $(readlink -f $b/device) $(cat $b/device/queue_depth $b/mq/0/nr_tags 2>&-)';
  const text = await one.see(`for b in /sys/block/[sv]d*; do ${tell}; done`);
  const depths: Record<string, number[]> = {};
  for (const [, path = '', depth] of text.matchAll(/^(\/sys\S+) (\d+)/gm)) {
    const bus = /ata\d/.test(path) ? 'ide' : /host\d/.test(path) ? 'scsi' : 'virtio';
    (depths[bus] ??= []).push(Number(depth));
  }
  return depths;
}

/** A machine of old in which each device was chosen, on the host of this guest. */
function changedHardware(one: SeenGuest, loop: LoopDrive | undefined): object {
  const { hardware } = profiles.classic;
  const iso = { kind: 'file', file: one.makeFile('cd.iso', miB, 'on the CD') } as const;
  const floppy = loop === undefined ? null : { kind: 'device', device: loop.device };
  return {
    ...hardware,
    memory: { sizeBytes: 256 * miB },
    processor: { ...hardware.processor, count: 2, model: 'Nehalem' },
    firmware: { ...hardware.firmware, bootOrder: ['disk'] },
    scsiController: 'am53c974',
    disks: [{ ...systemDisk, bus: 'ide', controller: 0, position: 0 }, one.rawDisk('scsi', 1, 0)],
    opticalDrives: [
      { bus: 'ide', controller: 0, position: 1, medium: null },
      { bus: 'ide', controller: 1, position: 0, medium: iso },
      { bus: 'ide', controller: 1, position: 1, medium: null },
    ],
    floppy: { medium: floppy, readOnly: true },
    adapters: unpluggedAdapters(['e1000', 'virtio', 'pcnet']),
    graphics: { ...hardware.graphics, adapter: 'std' },
    usb: '1.1',
  };
}

describe('hardware as the guest sees it', { skip: withoutQemu }, () => {
  let guest: SeenGuest;
  /** The same vm on another host, and another one there. */
  let moved: SeenGuest;
  let full: SeenGuest;
  /** A drive of the host. */
  let loop: LoopDrive | undefined;

  before(async () => {
    // A zone that no machine of tests is in: half an hour apart from all whole ones.
    process.env['TZ'] = 'Asia/Kolkata';
    guest = new SeenGuest(await QemuAgent.start('--name', 'carrier'));
  });

  after(async () => {
    await guest?.[Symbol.asyncDispose]();
    await moved?.[Symbol.asyncDispose]();
    full?.close();
    if (loop === undefined) return;
    chmodSync(loop.device, 0o600);
    loop[Symbol.dispose]();
  });

  test('HW-01 HW-03 the classic profile is a 440FX with PIIX, its buses, timers and controllers', async () => {
    const { hardware } = profiles.classic;
    const cd = guest.makeFile('cd.iso', miB, 'on the CD');
    const floppy = guest.makeFile('floppy.img', floppyBytes, 'on the floppy');
    await guest.start({
      ...hardware,
      memory: { sizeBytes: 256 * miB },
      processor: { ...hardware.processor, hideHypervisor: true },
      disks: [
        { ...systemDisk, bus: 'ide', controller: 0, position: 0 },
        guest.rawDisk('ide', 0, 1),
        guest.rawDisk('ide', 1, 1),
        ...places(1, 7).map(([controller, at]) => guest.rawDisk('scsi', controller, at)),
        ...[1, 2, 3].map((controller) => guest.rawDisk('scsi', controller, 6)),
      ],
      opticalDrives: [
        { bus: 'ide', controller: 1, position: 0, medium: { kind: 'file', file: cd } },
      ],
      floppy: { medium: { kind: 'file', file: floppy } },
      adapters: unpluggedAdapters(['tulip', 'pcnet', 'rtl8139', 'tulip']),
      serialPorts: [{ kind: 'console' }, { kind: 'file', file: 'com2.txt' }],
      parallelPort: { kind: 'file', file: 'lpt1.txt' },
    });
    const pci = await guest.pciDevices();
    const board = ['00.0', '01.0', '01.1', '01.3', '02.0'].map((at) => pci.get(`0000:00:${at}`));
    // The host bridge of 440FX; ISA bus and IDE of PIIX3; power management and SM bus of PIIX4; Cirrus.
    assert.deepEqual(board, ['8086:1237', '8086:7000', '8086:7010', '8086:7113', '1013:00b8']);
    const virtio = [...pci.values()].filter((one) => one.startsWith('1af4:'));
    assert.deepEqual(virtio, ['1af4:1003'], 'the channel of the additions');
    const ports = await guest.see('cat /proc/ioports', /rtc0/);
    for (const part of ['dma1', 'pic1', 'timer0', 'keyboard', 'rtc0', 'pic2', 'dma2', 'vga+'])
      assert.ok(ports.includes(` : ${part}\n`), part);
    for (const part of [/timer/, /i8042/, /rtc0/, /acpi/])
      assert.match(await guest.see('cat /proc/interrupts'), part);
    // RAM, and the video memory behind the screen's address.
    assert.match(await guest.see('cat /proc/iomem'), /System RAM[^]* : 0000:00:02\.0$/m);
    await guest.see('dmesg | grep rtc_cmos', /\d+ bytes nvram/);
  });

  test('HW-09 IDE has four drives, disks and CD drives mixed, at two positions of two channels', async () => {
    const all = await guest.untilBlockDevices(classicDrives);
    const ide = all
      .map(({ device, path }) => [device, /ata(\d)\/.*:0:(\d):0$/.exec(path)] as const)
      .filter(([, found]) => found !== null)
      .map(([device, found]) => `${found?.[1]}:${found?.[2]} ${device.slice(0, 2)}`);
    assert.deepEqual(ide.toSorted(), ['1:0 sd', '1:1 sd', '2:0 sr', '2:1 sd']);
  });

  test('DISK-60 disks on IDE and SCSI tell nothing of the drive of the host below them', () =>
    assertPlainDisks(guest, classicDrives));

  test('DISK-01 each virtual disk is one file on the host and one disk in the guest', async () => {
    const { disks } = guest.hardware;
    const files = disks.map(({ file }) => lstatSync(resolve(guest.agent.folder(guest.id), file)));
    assert.ok(files.every((file) => file.isFile()));
    assert.equal(new Set(files.map(({ ino }) => ino)).size, disks.length);
    const seen = await guest.untilBlockDevices(classicDrives);
    assert.deepEqual(
      tally(seen.filter(({ device }) => device.startsWith('sd')).map((one) => `${one.sizeBytes}`)),
      tally(disks.map(({ sizeBytes }) => `${sizeBytes}`)),
    );
  });

  test('DISK-59 on SCSI several requests are under way at once, on IDE one, which the setting explains', async () => {
    const { ide = [], scsi = [] } = await depthsOf(guest, classicDrives);
    assert.deepEqual(ide, [1, 1, 1]);
    assert.equal(scsi.length, 10);
    assert.ok(Math.min(...scsi) > 1, scsi.join());
    assert.match(diskSchema.shape.bus.description ?? '', /IDE one on each channel/);
  });

  test('HW-11 classic SCSI is one LSI 53C895A for each of its buses', async () => {
    const buses = await scsiBuses(guest, '1000:0012', classicDrives);
    assert.deepEqual(buses, ['0123456', '6', '6', '6']);
  });

  test('HW-18 HW-19 four classic adapters, of the families DEC 21140 and AMD PCnet', async () => {
    const pci = await guest.pciDevices();
    const { '1011:0019': dec, '1022:2000': pcnet, '10ec:8139': realtek } = tally(pci.values());
    assert.deepEqual([dec, pcnet, realtek], [2, 1, 1]);
    const drivers = await guest.untilAdapters(4);
    assert.deepEqual(
      [0, 1, 2, 3].map((slot) => drivers.get(macOf(slot))),
      ['tulip', 'pcnet32', '8139cp', 'tulip'],
    );
  });

  test('HW-15 HW-16 what the guest writes to COM2 and to its printer port is in the files of the host', async () => {
    await guest.see('modprobe lp; ls /dev/lp0 && echo to-com2 > /dev/ttyS1', /^\/dev\/lp0/m);
    await guest.see('echo to-lpt1 > /dev/lp0; ls /sys/class/printer', /^lp0\s*$/m);
    const folder = guest.agent.folder(guest.id);
    assert.match(readFileSync(join(folder, 'com2.txt'), 'latin1'), /to-com2/);
    assert.equal(readFileSync(join(folder, 'lpt1.txt'), 'latin1').trim(), 'to-lpt1');
  });

  test('HW-12 the floppy drive has 1.44 MB with an image in it, and is empty without one', async () => {
    const read = 'head -c 13 /dev/fd0 2>&1; echo; cat /sys/block/fd0/size';
    await guest.see(read, new RegExp(`^on the floppy\\s[^]*^${floppyBytes / 512}\\s`, 'm'));
    await guest.agent.host.call('machine.medium', {
      id: guest.id,
      generation: guest.agent.generation(guest.id),
      cause: byTester,
      place: 'floppy',
      medium: null,
      tray: 'ask',
      path: null,
    });
    await guest.see(read, /No such device|I\/O error/);
  });

  test('HW-04 HW-05 HW-37 one processor of the kind of the host, without a sign of a hypervisor', async () => {
    const text = await guest.see('cat /proc/cpuinfo', /^flags/m);
    assert.equal(text.match(/^processor\b/gm)?.length, 1);
    assert.doesNotMatch(text, /^flags.*\bhypervisor\b/m);
  });

  test('GA-32 host and additions speak without a network, over a socket that nobody but the vm’s account and the agent reach', async (t) => {
    const { agent, id } = guest;
    await agent.untilSample(id, 'a heartbeat', ({ heartbeat }) => heartbeat.state === 'good');
    await guest.see('wc -l < /proc/net/route; ip -4 addr show scope global', /^1\s+root@/m);
    const pid = agent.pid(id) ?? 0;
    const sockets = readdirSync(`/proc/${pid}/fd`)
      .map((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1])
      .filter((inode) => inode !== undefined);
    assert.ok(sockets.length > 0);
    for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'packet']) {
      const text = readFileSync(`/proc/${pid}/net/${table}`, 'utf8');
      for (const inode of sockets) assert.doesNotMatch(text, new RegExp(`\\s${inode}\\s`), table);
    }
    if (process.getuid?.() !== 0) {
      t.diagnostic('all run under one account');
      return;
    }
    const channel = join(agent.process.folder, 'run', id.replaceAll('-', ''), 'channel');
    assert.ok(lstatSync(channel).isSocket());
    const account = (uid: string): number | null =>
      spawnSync('setpriv', [
        '--reuid',
        uid,
        '--regid',
        uid,
        '--clear-groups',
        'test',
        '-e',
        channel,
      ]).status;
    const own = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    const others = ['65534', String(Number(own) + 1)];
    assert.deepEqual([own, ...others].map(account), [0, 1, 1]);
  });

  test('GA-24 the guest learns of its host only while its setting allows it', async () => {
    const known = /^host: unknown\s+product: unknown\s/m;
    await guest.see('gantry-guest', known);
    const places = '/sys/class/dmi/id/* /sys/firmware/qemu_fw_cfg/by_name/*/*/*/raw /run/gantry';
    await guest.see(
      `grep -rl carrier ${places} 2> /dev/null; dmesg | grep carrier; echo end`,
      /^end/,
    );
    await guest.set({ guestInformation: { shareHostFacts: true } });
    await guest.see('gantry-guest', /^host: carrier\s+product: \d/m);
    await guest.set({ guestInformation: { shareHostFacts: false } });
    await guest.see('gantry-guest', known);
  });

  test('HW-49 in local time the clock is that of the zone of its host, and what the guest sets is kept over a power cycle', async () => {
    const ahead = (await guest.readClock()) - Date.now();
    assert.ok(Math.abs(ahead - zoneMs) < minuteMs, `${ahead} ms`);
    await guest.see('date -u -s @$(( $(date +%s) + 7200 )) && hwclock -u -w', /20\d\d/);
    await guest.agent.host.until('a clock that was set', () => {
      return guest.agent.events(guest.id).length > 0;
    });
  });

  test('HW-01 HW-11 HW-19 every device is chosen by itself: AMD 53C974, e1000 and virtio in a machine of old', async () => {
    if (withoutLoopDrives === false) {
      loop = new LoopDrive(guest.makeFile('drive.raw', floppyBytes, 'on the drive'));
      // That of a real drive belongs to a group which the vm's account is given; this is root's alone.
      chmodSync(loop.device, 0o666);
    }
    await guest.start(changedHardware(guest, loop));
    const {
      '1022:2020': amd,
      '8086:100e': e1000,
      ...rest
    } = tally((await guest.pciDevices()).values());
    assert.deepEqual(
      [amd, e1000, rest['1af4:1000'], rest['1022:2000'], rest['1234:1111']],
      [1, 1, 1, 1, 1],
    );
    assert.equal(rest['8086:7020'], 1, 'the USB controller of PIIX3');
    const drivers = await guest.untilAdapters(3);
    assert.deepEqual(
      [0, 1, 2].map((slot) => drivers.get(macOf(slot))),
      ['e1000', 'virtio_net', 'pcnet32'],
    );
  });

  test('HW-49 the clock is as far ahead after the power cycle as it was set', async () => {
    const ahead = (await guest.readClock()) - Date.now();
    assert.ok(Math.abs(ahead - zoneMs - 2 * hourMs) < minuteMs, `${ahead} ms`);
  });

  test('HW-14 a CD drive has an image in it, or nothing', async () => {
    await guest.untilBlockDevices(6);
    const read = 'for d in /dev/sr?; do echo "$(head -c 9 $d 2> /dev/null) in $d"; done';
    const text = await guest.see(read, /in \/dev\/sr2/);
    const contents = [...text.matchAll(/^(.*) in \/dev\/sr\d/gm)].map(([, one]) => one);
    assert.deepEqual(contents, ['', 'on the CD', '']);
  });

  test(
    'HW-12 the floppy drive shows the drive of the host',
    { skip: withoutLoopDrives },
    async () => {
      const read = 'head -c 12 /dev/fd0; echo; cat /sys/block/fd0/size';
      await guest.see(read, new RegExp(`^on the drive\\s[^]*^${floppyBytes / 512}\\s`, 'm'));
    },
  );

  test('HW-04 HW-05 HW-37 two processors of a named model, in a machine that tells what it is', async () => {
    const text = await guest.see('cat /proc/cpuinfo', /^flags/m);
    assert.equal(text.match(/^model name.*Intel Core i7 9xx \(Nehalem/gm)?.length, 2);
    assert.match(text, /^flags.*\bhypervisor\b/m);
  });

  test('HW-02 on another host the guest sees the same devices at the same places', async () => {
    const listing = async (one: SeenGuest): Promise<string[]> => {
      await one.untilBlockDevices(6);
      await one.untilAdapters(3);
      const texts = [
        [...(await one.pciDevices())].join('\n'),
        await one.see('cat /sys/bus/pci/devices/*/subsystem_* /sys/bus/pci/devices/*/resource'),
        await one.see('cat /proc/bus/input/devices /proc/scsi/scsi /sys/class/net/eth*/address'),
        await one.see(
          'grep -v "MHz\\|bogomips" /proc/cpuinfo; cat /sys/class/dmi/id/* 2> /dev/null',
        ),
      ];
      return texts.flatMap((text) => text.split('\n')).toSorted();
    };
    const here = await listing(guest);
    await guest.agent.act(guest.id, 'turn-off');
    moved = new SeenGuest(await QemuAgent.start('--name', 'lighter'), guest.id);
    await moved.start(changedHardware(moved, loop));
    const there = await listing(moved);
    await moved.agent.act(guest.id, 'turn-off');
    assert.deepEqual(there, here);
    assert.ok(here.length > 150, `${here.length} lines`);
  });

  test('HW-01 HW-08 HW-11 the modern profile by UEFI: Q35, virtio, and more than seven disks of a SCSI bus', async () => {
    const { hardware } = profiles.modern;
    const modern = guest.start({
      ...hardware,
      firmware: { ...hardware.firmware, type: 'uefi', bootOrder: ['disk'] },
      memory: { sizeBytes: 384 * miB },
      processor: { ...hardware.processor, count: processors },
      disks: [
        { ...systemDisk, bus: 'virtio', controller: 0, position: 0 },
        ...places(1, 24).map(([controller, at]) => guest.rawDisk('scsi', controller, at)),
      ],
      opticalDrives: [
        ...places(1, 6).map(([controller, position]) => ({ bus: 'sata', controller, position })),
        ...places(1, 6).map(([, position]) => ({ bus: 'scsi', controller: 3, position })),
      ],
      adapters: unpluggedAdapters(['virtio', 'virtio', 'virtio', 'virtio', 'virtio', 'e1000e']),
    });
    const byUefi = { ...profiles.classic.hardware.firmware, type: 'uefi', bootOrder: ['disk'] };
    full = new SeenGuest(moved.agent);
    const classic = full.start({
      ...profiles.classic.hardware,
      firmware: byUefi,
      memory: { sizeBytes: 512 * miB },
      disks: [
        { ...systemDisk, bus: 'ide', controller: 0, position: 0 },
        ...places(4, 7).map(([controller, at]) => full.rawDisk('scsi', controller, at)),
      ],
      opticalDrives: [],
      floppy: null,
    });
    await Promise.all([modern, classic]);
    await guest.see('ls /sys/firmware/efi', /systab|efivars|runtime/);
    const found = tally((await guest.pciDevices()).values());
    assert.equal(found['8086:29c0'], 1, 'the host bridge of Q35');
    assert.equal(found['8086:2918'], 1, 'the LPC bridge of ICH9');
    const all = await guest.untilBlockDevices(25 + 12);
    const disks = all.filter(({ device }) => device.startsWith('sd'));
    assert.equal(disks.filter(({ path }) => /virtio\d+\/host\d+\/target/.test(path)).length, 24);
  });

  test('DISK-60 disks on virtio tell nothing of the drive of the host below them', () =>
    assertPlainDisks(guest, 25 + 12));

  test('DISK-59 on virtio several requests are under way at once', async () => {
    const { virtio = [], scsi = [] } = await depthsOf(guest, 25 + 12);
    assert.deepEqual([virtio.length, scsi.length], [1, 24]);
    assert.ok(Math.min(...virtio, ...scsi) > 1, [...virtio, ...scsi].join());
  });

  test('HW-14 there are as many CD drives as SATA and a bus of SCSI have places for', async () => {
    const all = await guest.untilBlockDevices(25 + 12);
    const drives = all.filter(({ device }) => device.startsWith('sr'));
    assert.equal(drives.filter(({ path }) => path.includes('/ata')).length, 6);
    assert.equal(drives.filter(({ path }) => path.includes('/virtio')).length, 6);
  });

  test('HW-10 SCSI of old has four buses, each a controller of its own with seven disks', async () => {
    const buses = await scsiBuses(full, '1000:0012', 29);
    assert.deepEqual(
      buses,
      Array.from({ length: 4 }, () => '0123456'),
    );
  });

  test('HW-18 HW-19 six adapters, where four were the limit', async () => {
    const drivers = await guest.untilAdapters(6);
    assert.deepEqual(tally(drivers.values()), { virtio_net: 5, e1000e: 1 });
  });

  test('HW-04 HW-12 four processors where the host has them, and no floppy drive where there is none', async () => {
    await guest.see('grep -c ^processor /proc/cpuinfo', new RegExp(`^${processors}\\s*$`, 'm'));
    await guest.see('ls /sys/block/fd0 2>&1', /No such file/);
  });

  test('HW-49 changed to universal time, the clock is set anew and has no zone', async () => {
    const ahead = (await guest.readClock()) - Date.now();
    assert.ok(Math.abs(ahead) < minuteMs, `${ahead} ms`);
  });
});
