/**
 * A guest on disks that QEMU does not open itself: a differencing VHD, which is served to it (docs/rfd/0027), and a drive of
 * the host, which it inherits. One guest, test by test.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants, existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, mkdir, open, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkDisk, claimDisk, hostStore, makeDisk, openDisk } from '#disk';
import type { Disk } from '#api';
import { giB, isFault, miB } from '#lib';
import { journalPath } from './drivers/qemu/served/journals.ts';
import { LoopDrive, withoutLoopDrives } from './testing/loop-drive.ts';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { ServedGuest, serverOf } from './testing/served-guest.ts';

/** Its control groups among those of vms, as `5:memory:/gantry/…`. */
function groupsOf(pid: number | undefined): string[] {
  const lines = readFileSync(`/proc/${pid ?? 0}/cgroup`, 'utf8').split('\n');
  return lines.filter((line) => /\/[0-9a-f-]{36}$/.test(line)).sort();
}

/** Of version 1, where each controller has a folder by its name. */
function groupFolders(pid: number | undefined): string[] {
  return groupsOf(pid).map((line) => {
    const [, controller = '', path = ''] = line.split(':');
    return join('/sys/fs/cgroup', controller, path);
  });
}

/** Beside its own, as `/dev/vdc` and so on; the drive of the host comes after them. */
const others = {
  vdc: { file: 'fixed.vhd', format: 'vhd', variant: 'fixed', sizeBytes: 2040 * giB },
  vdd: { file: 'dynamic.vhd', format: 'vhd', variant: 'dynamic', sizeBytes: giB },
  vde: { file: 'flat.raw', format: 'raw', sizeBytes: 64 * miB },
} as const;

describe('disks that are served to QEMU', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let guest: ServedGuest;
  let baseBefore = '';
  let drive: LoopDrive | undefined;
  let ownerBefore = 0;
  const startBytes = new Map<string, number>();

  before(async () => {
    agent = await QemuAgent.start();
    guest = new ServedGuest(agent, 'vhd');
    await guest.make(Object.values(others));
    for (const { file, sizeBytes } of Object.values(others)) {
      startBytes.set(file, statSync(join(agent.folder(guest.id), file)).blocks * 512);
      await guest.put(file, 0, 7);
      await guest.put(file, sizeBytes / miB - 1, 8);
    }
    baseBefore = await guest.checksum('base');
    if (withoutLoopDrives !== false) return;
    const image = join(agent.shelf, 'drive.img');
    await writeFile(image, Buffer.alloc(512, 7));
    await truncate(image, 8 * miB);
    drive = new LoopDrive(image);
    ownerBefore = statSync(drive.device).uid;
    await guest.call('machine.disk.attach', { disk: rawDevice(5) });
  });
  after(async () => {
    guest?.close();
    drive?.[Symbol.dispose]();
    await agent?.[Symbol.asyncDispose]();
  });

  test('DISK-19 a guest boots from a differencing VHD and writes to another disk', async () => {
    await guest.boot();
    await guest.write(0, 1);
    assert.equal(await guest.byteOf(0), 1, 'what was synced is in the file');
    assert.deepEqual((await guest.read()).slice(0, 2), [1, 0]);
  });

  const rawDevice = (position: number): Disk => ({
    ...testDisk(drive?.device ?? ''),
    position,
    kind: 'device',
    format: 'raw',
    sizeBytes: 8 * miB,
    cache: 'none',
  });

  test(
    'DISK-15 a guest reads and writes a drive of the host as a raw device; with a linked disk no vm starts',
    { skip: withoutLoopDrives },
    async () => {
      const device = drive?.device ?? '';
      const claim = async (): Promise<void> =>
        (await open(device, constants.O_RDONLY | constants.O_EXCL)).close();
      const said = async (id: string): Promise<string[]> => {
        const params = { id, action: 'turn-on', request: {} } as const;
        return (await agent.host.call('machine.check', params)).reasons.map(
          ({ code, text }) => `${code}: ${text}`,
        );
      };
      const create = (disk: Disk): Promise<string> =>
        agent.create(bareDefinition({ disks: [disk] }, { settings: { acceleration: 'tcg' } }));
      await guest.run('dd if=/dev/vdf of=/dev/vdf bs=512 count=1 seek=2048 conv=fsync 2>/dev/null');
      const image = readFileSync(join(agent.shelf, 'drive.img'));
      assert.equal(image[miB], 7, 'the byte that was on the drive was read and written');
      assert.equal(statSync(device).uid, ownerBefore, 'nobody was given a right to the device');
      await assert.rejects(claim(), { code: 'EBUSY' }, 'nor does the host mount it meanwhile');
      const other = await create(rawDevice(0));
      const busy = `device-in-use: the raw device virtio0:0 (${device}) is in use by ${guest.report().name}`;
      assert.deepEqual(await said(other), [busy]);
      assert.deepEqual(await said(await create({ ...rawDevice(0), kind: 'linked' })), [
        'linked-disk: the linked disk at virtio0:0 serves only for conversion',
      ]);
      const detached = await guest.call('machine.disk.detach', { disk: rawDevice(5) });
      assert.deepEqual(detached, { live: true });
      await claim();
      assert.equal((await agent.act(other, 'turn-on')).state, 'running', 'another may have it now');
      assert.equal((await agent.act(other, 'turn-off')).state, 'off');
      assert.deepEqual(await said(other), [], 'and after that anybody');
      const again = await guest.call('machine.disk.attach', { disk: rawDevice(5) });
      assert.deepEqual(again, { live: true }, 'it is plugged into a guest that runs');
      await assert.rejects(claim(), { code: 'EBUSY' });
      assert.deepEqual(await said(other), [busy]);
      await assert.rejects(
        guest.call('machine.disk.attach', { disk: rawDevice(6) }),
        (error) => isFault(error, 'refused') && error.message.includes(device),
        'and not a second time',
      );
      const copy = 'dd if=/dev/vdf of=/dev/vdf bs=512 count=1 seek=4096 conv=fsync 2>/dev/null';
      await guest.run(`until [ -b /dev/vdf ]; do sleep 0.1; done; ${copy}`);
      assert.equal(readFileSync(join(agent.shelf, 'drive.img'))[2 * miB], 7);
      assert.equal(statSync(device).uid, 0, 'nor was anybody given a right to the device now');
      assert.deepEqual(await guest.call('machine.disk.detach', { disk: rawDevice(5) }), {
        live: true,
      });
      await claim();
    },
  );

  /** The guest reads what was written past it, at the disk's begin and end, and what it writes is in the file. */
  async function inUse(device: keyof typeof others): Promise<void> {
    const { file, sizeBytes } = others[device];
    const last = sizeBytes / miB - 1;
    const look = (region: number): string =>
      `dd if=/dev/${device} bs=1M skip=${region} count=1 2>/dev/null | od -An -tu1 -N1`;
    assert.deepEqual((await guest.run(`${look(0)}; ${look(last)}`)).match(/\d+/g), ['7', '8']);
    for (const [region, byte] of [
      [0, 5],
      [last, 6],
    ] as const) {
      const fill = `head -c 1048576 /dev/zero | tr '\\0' '\\00${byte}'`;
      const to = `of=/dev/${device} bs=1M seek=${region} conv=notrunc,fsync`;
      await guest.run(`${fill} | dd ${to} 2>/dev/null`);
      assert.equal(await guest.get(file, region), byte);
    }
  }

  test('FMT-09 a fixed VHD of 2040 GB, and no larger one, is created, written, run and read', async () => {
    await inUse('vdc');
    const { sizeBytes } = others.vdc;
    await using disk = await openDisk({ path: guest.path('fixed'), store: hostStore() });
    assert.deepEqual([disk.layer.describe().variant, disk.sizeBytes], ['fixed', sizeBytes]);
    const path = guest.path('larger');
    const larger = { path, format: 'vhd', variant: 'fixed', sizeBytes: sizeBytes + miB } as const;
    await assert.rejects(makeDisk(larger, hostStore()), (error) => isFault(error, 'too-large'));
  });

  test('FMT-10 a dynamic VHD of 1 GB is created with no more than 3 MB, written, run and read, and never holds more than its size', async () => {
    assert.ok((startBytes.get('dynamic.vhd') ?? Infinity) <= 3_000_000);
    await inUse('vdd');
    assert.ok(
      statSync(guest.path('dynamic')).size < 8 * miB,
      'what was not written takes no space',
    );
    const path = guest.path('full');
    const sizeBytes = 24 * miB;
    await makeDisk({ path, format: 'vhd', variant: 'dynamic', sizeBytes }, hostStore());
    await using disk = await openDisk({ path, store: hostStore(), access: 'write' });
    for (let at = 0; at < sizeBytes; at += miB) await disk.write(Buffer.alloc(miB, 3), at);
    await assert.rejects(disk.write(Buffer.alloc(512, 3), sizeBytes));
    await disk.flush();
    // Blocks of 2 MiB, each after a page with its bitmap; footers, header and table.
    const { size } = statSync(path);
    assert.ok(size <= sizeBytes + (sizeBytes / miB / 2) * 4096 + 4096, `${size} bytes`);
  });

  test('FMT-41 a raw image is read, written and run', async () => {
    await inUse('vde');
    assert.equal(statSync(join(agent.folder(guest.id), 'flat.raw')).size, others.vde.sizeBytes);
  });

  test('they are served with the rights of the vm and no way to gain others, where no network is', () => {
    const status = (pid: number | undefined): string =>
      readFileSync(`/proc/${pid ?? 0}/status`, 'utf8');
    const line = (text: string, name: string): string | undefined =>
      new RegExp(`^${name}:.*$`, 'm').exec(text)?.[0];
    const server = status(guest.server());
    for (const name of ['Uid', 'Gid'])
      assert.equal(line(server, name), line(status(agent.pid(guest.id)), name));
    if (process.getuid?.() !== 0) return;
    assert.match(line(server, 'CapEff') ?? '', /\t0+$/);
    assert.match(line(server, 'CapBnd') ?? '', /\t0*c[04]$/, 'setuid, setgid, dac_read_search');
    assert.match(line(server, 'NoNewPrivs') ?? '', /1$/);
    if (spawnSync('unshare', ['--net', '--ipc', 'true']).status !== 0) return;
    const network = readFileSync(`/proc/${guest.server() ?? 0}/net/dev`, 'utf8');
    assert.deepEqual(
      network.match(/\w+(?=:)/g),
      ['lo'],
      'no adapter but the loopback, which is down',
    );
    const namespace = (pid: number | undefined): string => readlinkSync(`/proc/${pid ?? 0}/ns/ipc`);
    assert.notEqual(namespace(guest.server()), namespace(process.pid));
  });

  test('what serves them takes its memory and its processor time from what the vm may have', (t) => {
    const groups = groupsOf(agent.pid(guest.id));
    assert.deepEqual(groupsOf(guest.server()), groups);
    if (groups.length === 0) t.skip('no control groups are enforced here');
  });

  /** The first byte of a MiB of the data disk as its layers show it, read past the vm. */
  async function seenIn(layer: string, region: number): Promise<number> {
    const folder = agent.folder(guest.id);
    const store = hostStore([folder]);
    await using disk = await openDisk({ path: join(folder, layer), format: 'qcow2', store });
    const sector = Buffer.alloc(512);
    await disk.read(sector, region * miB);
    return sector[0] ?? 0;
  }

  test('a snapshot of a running guest keeps what its disks of other products hold, and they hold all when it is deleted', async () => {
    await guest.write(2, 20);
    const first = await guest.take();
    const sum = await guest.checksum('data');
    await guest.write(2, 21);
    await guest.write(3, 30);
    assert.deepEqual((await guest.read()).slice(0, 4), [1, 0, 21, 30]);
    assert.equal(await seenIn('data.layer.qcow2', 3), 30);
    assert.equal(statSync(guest.path('data')).mode & 0o222, 0, 'write-protected');
    const second = await guest.take();
    await guest.write(4, 40);
    await guest.remove(first);
    assert.equal(await guest.checksum('data'), sum, 'nothing was written into it');
    await guest.remove(second);
    await guest.see('one file', () => guest.layerFiles().length === 0);
    assert.deepEqual((await guest.read()).slice(0, 5), [1, 0, 21, 30, 40]);
    await guest.write(5, 50);
    const inFile = await Promise.all([2, 3, 4, 5].map((region) => guest.byteOf(region)));
    assert.deepEqual(inFile, [21, 30, 40, 50]);
    const gone = (region: number): Promise<void> => guest.write(region, 0);
    for (const region of [2, 3, 4, 5]) await gone(region);
  });

  /** Of what the guest found last. */
  const hot = { file: 'hot.vhd', device: '/dev/vdf', sizeBytes: 8 * miB };
  const hotDisk: Disk = {
    ...testDisk(hot.file),
    position: 6,
    format: 'vhd',
    sizeBytes: hot.sizeBytes,
  };
  const hotByte = async (region: number): Promise<number> =>
    Number(
      await guest.run(
        `dd if=${hot.device} bs=1M skip=${region} count=1 2>/dev/null | od -An -tu1 -N1`,
      ),
    );

  test('a disk that is served comes while the guest runs, which reads and writes it', async () => {
    const path = join(agent.folder(guest.id), hot.file);
    await makeDisk({ path, format: 'vhd', sizeBytes: hot.sizeBytes }, hostStore());
    await guest.put(hot.file, 1, 7);
    const before = guest.server();
    assert.deepEqual(await guest.call('machine.disk.attach', { disk: hotDisk }), { live: true });
    assert.equal(guest.server(), before, 'the others go on');
    await guest.see('its device', async () => (await guest.run(`ls ${hot.device}`)) === hot.device);
    assert.equal(await hotByte(1), 7);
    await guest.run(
      `dd if=${hot.device} of=${hot.device} bs=1M skip=1 seek=2 count=1 conv=notrunc,fsync 2>/dev/null`,
    );
    assert.equal(await guest.get(hot.file, 2), 7, 'what was synced is in the file');
  });

  test('what serves a disk that comes first is started with it, and ends with its vm', async () => {
    const id = await agent.create(bareDefinition());
    const name = 'first.vhdx';
    const disk: Disk = { ...testDisk(name), format: 'vhdx', sizeBytes: 8 * miB };
    await makeDisk(
      { path: join(agent.folder(id), name), format: 'vhdx', sizeBytes: 8 * miB },
      hostStore(),
    );
    const call = (method: 'machine.disk.attach' | 'machine.disk.detach'): Promise<unknown> =>
      agent.host.call(method, { id, generation: agent.generation(id), cause: byTester, disk });
    await agent.act(id, 'turn-on');
    assert.equal(serverOf(id), undefined);
    assert.deepEqual(await call('machine.disk.attach'), { live: true });
    assert.notEqual(serverOf(id), undefined);
    const [, , socket = ''] = readFileSync(`/proc/${serverOf(id) ?? 0}/cmdline`, 'utf8').split(
      '\0',
    );
    // A guest that looks at no device does not let go of one either: it goes with its vm.
    await agent.act(id, 'turn-off');
    await guest.see('no server', () => serverOf(id) === undefined);
    const path = join(agent.folder(id), name);
    const run = dirname(socket);
    await guest.see('no run folder', () => !existsSync(run));
    // As one that was cut off with its guest has left it.
    await mkdir(run, { mode: 0o777 });
    const journal = journalPath(socket, 'disk-virtio0-0');
    const cut = await openDisk({ path, store: hostStore(), access: 'write', journal });
    await cut.write(Buffer.alloc(miB, 7), 0);
    await cut.abandon();
    await chmod(journal, 0o644);
    await agent.act(id, 'turn-on');
    assert.notEqual(serverOf(id), undefined, 'it is the vm’s');
    await agent.act(id, 'turn-off');
    await guest.see('no server', () => serverOf(id) === undefined);
    await using after = await openDisk({ path, store: hostStore() });
    const sector = Buffer.alloc(512);
    await after.read(sector, 0);
    assert.equal(sector[0], 0, 'nothing that an earlier run has left is written in a later one');
  });

  test('when the process that serves them is killed, the guest waits until it is there again, and no write that was answered is lost', async () => {
    const first = guest.server() ?? 0;
    const groups = groupsOf(first);
    const direct = 'bs=1M seek=40 oflag=direct conv=notrunc 2>/dev/null';
    const fill = "head -c 1048576 /dev/zero | tr '\\0' '\\003' > /tmp/piece";
    await guest.run(`${fill}; dd if=/tmp/piece of=/dev/vdb ${direct}`);
    assert.equal(await guest.byteOf(40), 0, 'it was not flushed: the file does not say it yet');
    process.kill(first, 'SIGKILL');
    await guest.write(1, 2);
    const same = 'dd if=/dev/vdb bs=1M skip=40 count=1 2>/dev/null | cmp - /tmp/piece && echo same';
    assert.equal(await guest.run(`sync; echo 3 > /proc/sys/vm/drop_caches; ${same}`), 'same');
    assert.equal(await guest.byteOf(40), 3, 'what was answered, and then flushed, is in the file');
    assert.notEqual(guest.server(), first);
    assert.deepEqual(groupsOf(guest.server()), groups);
    assert.deepEqual((await guest.read()).slice(0, 2), [1, 2]);
    assert.equal(guest.report().state, 'running');
  });

  test('an agent that is killed takes no disk from a guest, which goes on writing; the next agent keeps both', async () => {
    const count = 'i=0; while :; do i=$((i%200+1)); printf "\\\\$(printf %o $i)"';
    await guest.run(
      `(${count} | dd of=/dev/vdb bs=1M seek=4 conv=notrunc,fsync 2>/dev/null; done) & true`,
    );
    const server = guest.server();
    await agent.process.stop('SIGKILL');
    const before = await guest.byteOf(4);
    await guest.see('another byte', async () => (await guest.byteOf(4)) !== before);
    await agent.comeBack();
    await agent.until(guest.id, 'running');
    assert.equal(guest.server(), server);
  });

  test('a disk that came while the guest runs goes again, and its file is nobody’s then', async () => {
    await guest.attend();
    assert.equal(await hotByte(2), 7, 'also after its server and the agent were killed');
    assert.deepEqual(await guest.call('machine.disk.detach', { disk: hotDisk }), { live: true });
    const path = join(agent.folder(guest.id), hot.file);
    await using disk = await openDisk({ path, store: hostStore(), access: 'write' });
    await claimDisk(disk, 'use');
    assert.equal((await checkDisk(disk)).corruptions, 0);
  });

  test('DISK-17 a guest that is cut off has what it had synced, in its own layer alone, and nothing goes on serving', async () => {
    const groups = groupFolders(agent.pid(guest.id));
    process.kill(agent.pid(guest.id) ?? 0, 'SIGKILL');
    await guest.see('no server', () => guest.server() === undefined);
    await guest.see('no group', () => groups.every((folder) => !existsSync(folder)));
    assert.deepEqual([await guest.byteOf(0), await guest.byteOf(1)], [1, 2]);
    await using child = await openDisk({ path: guest.path('child'), store: hostStore() });
    for (const layer of child.chain()) assert.equal((await checkDisk(layer)).corruptions, 0);
    assert.equal(await guest.checksum('base'), baseBefore);
  });
});
