import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault, miB } from '#lib';
import { buildCommandLine } from '../command-line/build.ts';
import type { MachineSpec } from '../command-line/spec.ts';
import type { Adapter } from '../command-line/spec-ports.ts';
import type { Disk } from '../command-line/spec-storage.ts';
import * as qmp from '../qmp/commands.ts';
import {
  emulatorOf,
  startQemu,
  TemporaryFolder,
  withoutProgram,
  withoutQemu,
  type RealQemu,
} from '../testing/real-qemu.ts';
import { endBootOnce } from './boot-order.ts';
import { attachMemory, growProcessors } from './capacity.ts';
import { attachAdapter, attachDisk, detachAdapter, detachDisk } from './devices.ts';
import { changeMedium } from './media.ts';

const options = { skip: withoutQemu };

function golden(name: string): MachineSpec {
  const path = join(import.meta.dirname, '../../../test/golden/qemu', `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as MachineSpec;
}

/** A held machine in a folder of its own. */
class Held implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly spec: MachineSpec;
  readonly qemu: RealQemu;
  readonly #stack: AsyncDisposableStack;

  constructor(
    folder: TemporaryFolder,
    spec: MachineSpec,
    qemu: RealQemu,
    stack: AsyncDisposableStack,
  ) {
    this.folder = folder;
    this.spec = spec;
    this.qemu = qemu;
    this.#stack = stack;
  }

  static async start(change: (base: MachineSpec, folder: TemporaryFolder) => Partial<MachineSpec>) {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const base = golden('classic-bare');
    const spec: MachineSpec = {
      ...base,
      monitorSocketPath: folder.file('qmp'),
      start: 'hold',
      ...change(base, folder),
    };
    const program = emulatorOf(spec.chipset);
    const argv = buildCommandLine(spec);
    const qemu = stack.use(await startQemu(argv, spec.monitorSocketPath, { program }));
    return new Held(folder, spec, qemu, stack.move());
  }

  blank(name: string, sizeBytes = 1_048_576): string {
    const path = this.folder.file(name);
    writeFileSync(path, '');
    truncateSync(path, sizeBytes);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function nodeNames(qemu: RealQemu): Promise<ReadonlySet<string | undefined>> {
  return new Set((await qmp.queryNamedBlockNodes(qemu.qmp)).map(({ nodeName }) => nodeName));
}

function scsiDisk(path: string): Disk {
  return {
    id: 'late',
    attach: { bus: 'scsi', controller: 0, target: 9 },
    image: { source: { kind: 'file', path }, format: 'qcow2' },
    access: 'read-write',
    cache: 'writeback',
    discard: 'unmap',
  };
}

void test('HW-30 a disk is plugged into a machine and out of it again', options, async () => {
  await using held = await Held.start(() => ({
    scsiControllers: [{ position: 0, model: 'virtio-scsi' }],
  }));
  const path = held.folder.file('late.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '8M']);
  const disk = scsiDisk(path);
  await attachDisk(held.qemu.qmp, held.spec, disk);
  const [block] = (await qmp.queryBlock(held.qemu.qmp)).filter(
    ({ deviceId }) => deviceId === 'late',
  );
  assert.equal(block?.inserted?.virtualBytes, 8 * 1024 * 1024);
  assert.deepEqual(await nodeNames(held.qemu), new Set(['late-file', 'late-image']));
  await detachDisk(held.qemu.qmp, disk);
  assert.deepEqual(await nodeNames(held.qemu), new Set());
});

const armFirmware = '/usr/share/AAVMF/AAVMF_CODE.fd';
const withoutArm =
  withoutProgram(emulatorOf('virt')) ||
  (existsSync(armFirmware) ? false : `${armFirmware} is not installed`);

void test(
  'HW-56 a disk, an adapter and memory are plugged into a machine of another architecture',
  { skip: withoutArm },
  async () => {
    await using held = await Held.start((base, folder) => {
      const varsPath = folder.file('vars');
      copyFileSync(armFirmware.replace('CODE', 'VARS'), varsPath);
      return {
        chipset: 'virt',
        firmware: { kind: 'uefi', codePath: armFirmware, varsPath, secureBoot: 'off' },
        processor: { ...base.processor, model: 'host' },
        memory: { sizeBytes: 256 * miB, maxBytes: 1024 * miB, slots: 2 },
        scsiControllers: [{ position: 0, model: 'virtio-scsi' }],
        display: 'none',
      };
    });
    const { qmp: client } = held.qemu;
    const attach = { bus: 'virtio', position: 1 } as const;
    await attachDisk(client, held.spec, {
      ...scsiDisk(held.blank('late')),
      attach,
      image: { source: { kind: 'file', path: held.folder.file('late') }, format: 'raw' },
    });
    await attachAdapter(client, held.spec, { ...adapter, id: 'net' });
    await attachMemory(client, 2, 128 * miB);
    const parts = (await client.execute('qom-list', { path: '/machine/peripheral' })) as {
      name: string;
    }[];
    const names = parts.map(({ name }) => name);
    for (const id of ['late', 'net', 'board-memory0']) assert.ok(names.includes(id), id);
  },
);

void test('a disk that cannot be plugged in leaves nothing behind', options, async () => {
  await using held = await Held.start(() => ({}));
  const path = held.folder.file('late.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '8M']);
  await assert.rejects(attachDisk(held.qemu.qmp, held.spec, scsiDisk(path)), (error) =>
    isFault(error, 'refused'),
  );
  assert.deepEqual(await nodeNames(held.qemu), new Set());
});

/** Numbers of the sets of open files that the process was given. */
async function fileSets(qemu: RealQemu): Promise<number[]> {
  const sets = (await qemu.qmp.execute('query-fdsets')) as { 'fdset-id': number }[];
  return sets.map((one) => one['fdset-id']);
}

void test(
  'an open file is handed to a machine, behind commands that its socket has not taken yet',
  options,
  async () => {
    await using held = await Held.start(() => ({}));
    const { qmp: client } = held.qemu;
    await qmp.cont(client); // while it stands it keeps what it is told to let go of
    await using file = await open(held.blank('handed', 3 * miB), 'r+');
    const long = client.execute('qom-list', { path: `/${'x'.repeat(300_000)}` });
    const handed = qmp.addFd(client, 42, { descriptor: file.fd });
    const after = qmp.queryNamedBlockNodes(client);
    await assert.rejects(long, (error) => isFault(error, 'not-found'));
    await handed;
    assert.deepEqual(await after, []);
    assert.deepEqual(await fileSets(held.qemu), [42]);
    const node = { driver: 'file', filename: '/dev/fdset/42', 'node-name': 'late-file' };
    await qmp.blockdevAdd(client, node);
    assert.equal((await qmp.queryNamedBlockNodes(client))[0]?.virtualBytes, 3 * miB);
    await qmp.blockdevDel(client, 'late-file');
    await qmp.removeFd(client, 42);
    assert.deepEqual(await fileSets(held.qemu), []);
  },
);

void test(
  'what is handed over for a disk that cannot be plugged in does not stay',
  options,
  async () => {
    await using held = await Held.start(() => ({}));
    await qmp.cont(held.qemu.qmp);
    const path = held.blank('drive');
    await using file = await open(path, 'r+');
    const image = { source: { kind: 'device', path, set: 7 }, format: 'raw' } as const;
    const attach = { bus: 'virtio', position: 1 } as const;
    await assert.rejects(
      attachDisk(
        held.qemu.qmp,
        held.spec,
        { ...scsiDisk(path), attach, image },
        { descriptor: file.fd },
      ),
      (error) => isFault(error, 'refused') && /block device/.test(error.message),
      'a file is no drive',
    );
    assert.deepEqual([...(await nodeNames(held.qemu))], []);
    assert.deepEqual(await fileSets(held.qemu), []);
  },
);

const adapter: Adapter = {
  id: 'late',
  position: 2,
  model: 'virtio',
  mac: '52:54:00:00:00:09',
  network: { kind: 'user', reach: 'isolated' },
  bootRom: 'absent',
};

void test('an adapter plugged in has the address it has after a start', options, async () => {
  const slotOf = async (qemu: RealQemu): Promise<string> => {
    const all = (await qmp.queryPci(qemu.qmp)).flatMap((device) => [device, ...device.behind]);
    const found = all.find(({ id }) => id === 'late');
    return `${found?.slot}.${found?.pciFunction}`;
  };
  await using plugged = await Held.start(() => ({}));
  await attachAdapter(plugged.qemu.qmp, plugged.spec, adapter);
  await using started = await Held.start(() => ({ adapters: [adapter] }));
  assert.equal(await slotOf(plugged.qemu), '18.0');
  assert.equal(await slotOf(started.qemu), '18.0');
});

void test(
  'an unplug that the guest does not answer is a timeout naming the device',
  options,
  async () => {
    await using held = await Held.start(() => ({ chipset: 'q35', adapters: [adapter] }));
    await assert.rejects(detachAdapter(held.qemu.qmp, adapter, { timeoutMs: 200 }), (error) => {
      assert.ok(isFault(error, 'timeout'));
      assert.match(error.message, /unplug late/);
      return true;
    });
  },
);

void test(
  'HW-04 processors are plugged in up to the topology and no further',
  options,
  async () => {
    await using held = await Held.start(() => ({
      processor: { count: 1, sockets: 2, cores: 2, threads: 1, model: 'qemu64' },
    }));
    assert.equal(await growProcessors(held.qemu.qmp, 3), 3);
    assert.equal((await qmp.queryCpusFast(held.qemu.qmp)).length, 3);
    assert.equal(await growProcessors(held.qemu.qmp, 2), 3);
    assert.equal(await growProcessors(held.qemu.qmp, 4), 4);
    await assert.rejects(growProcessors(held.qemu.qmp, 5), (error) => isFault(error, 'exhausted'));
    assert.equal((await qmp.queryCpusFast(held.qemu.qmp)).length, 4);
  },
);

void test('memory modules are plugged in slot by slot', options, async () => {
  const miB = 1024 * 1024;
  await using held = await Held.start(() => ({
    memory: { sizeBytes: 64 * miB, maxBytes: 1024 * miB, slots: 2 },
  }));
  const client = held.qemu.qmp;
  assert.equal(await attachMemory(client, 2, 128 * miB), 0);
  assert.equal(await attachMemory(client, 2, 128 * miB), 1);
  await assert.rejects(attachMemory(client, 2, 128 * miB), (error) => isFault(error, 'exhausted'));
  assert.equal((await qmp.queryMemorySizeSummary(client)).pluggedBytes, 256 * miB);
});

void test(
  'HW-41 a CD is inserted, changed and ejected while the machine runs',
  options,
  async () => {
    await using held = await Held.start(() => ({
      opticalDrives: [{ id: 'cd', attach: { bus: 'ide', channel: 1, position: 0 } }],
    }));
    const client = held.qemu.qmp;
    const inside = async (): Promise<string | undefined> =>
      (await qmp.queryBlock(client)).find(({ deviceId }) => deviceId === 'cd')?.inserted?.path;
    const insert = (path: string | undefined): Promise<unknown> =>
      changeMedium(client, {
        driveId: 'cd',
        drive: { kind: 'optical' },
        medium: path === undefined ? undefined : { kind: 'image', path },
        lock: 'ask',
      });
    const [first, second] = [held.blank('first.iso'), held.blank('second.iso')];
    for (const path of [first, second, first]) {
      await insert(path);
      assert.equal(await inside(), path);
    }
    await assert.rejects(insert(held.folder.file('missing.iso')), (error) =>
      isFault(error, 'refused'),
    );
    assert.equal(await inside(), first);
    await insert(undefined);
    assert.equal(await inside(), undefined);
    await insert(undefined);
    assert.deepEqual(await nodeNames(held.qemu), new Set());
  },
);

void test('HW-41 a floppy is changed in the drive of either chip set', options, async () => {
  for (const chipset of ['pc', 'q35'] as const) {
    await using held = await Held.start(() => ({
      chipset,
      floppyDrive: { id: 'floppy', access: 'read-write' },
    }));
    const client = held.qemu.qmp;
    const path = held.blank('disk.img', 1_474_560);
    const change = {
      driveId: 'floppy',
      drive: { kind: 'floppy', access: 'read-write' },
      lock: 'ask',
    } as const;
    await changeMedium(client, { ...change, medium: { kind: 'image', path } });
    const [block] = await qmp.queryBlock(client);
    assert.equal(block?.inserted?.path, path);
    assert.equal(block.inserted.readOnly, false);
    await changeMedium(client, { ...change, medium: undefined });
    assert.deepEqual(await nodeNames(held.qemu), new Set());
  }
});

void test(
  'HW-08 the one-time boot device leaves the order of the running machine',
  options,
  async () => {
    for (const chipset of ['pc', 'q35'] as const) {
      await using held = await Held.start(() => ({
        chipset,
        floppyDrive: { id: 'floppy', access: 'read-write' },
        adapters: [{ ...adapter, bootRom: 'present' }],
        boot: { order: ['late'], once: 'floppy' },
      }));
      const client = held.qemu.qmp;
      await endBootOnce(client, held.spec);
      const parent = chipset === 'pc' ? '/machine/unattached' : '/machine/peripheral';
      const children = await qmp.qomList(client, parent);
      const fdc = children.find(({ type }) => type === 'child<isa-fdc>');
      assert.equal(await qmp.qomGet(client, `${parent}/${fdc?.name}`, 'bootindexA'), -1);
      assert.equal(await qmp.qomGet(client, '/machine/peripheral/late', 'bootindex'), 1);
    }
  },
);
