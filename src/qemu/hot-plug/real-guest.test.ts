/** Hot-plug, save and restore with a real Linux in the machine: the starter appliance, in emulation. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { isFault, systemClock } from '#lib';
import { buildCommandLine } from '../command-line/build.ts';
import type { Chipset, MachineSpec } from '../command-line/spec.ts';
import type { Adapter } from '../command-line/spec-ports.ts';
import type { Disk } from '../command-line/spec-storage.ts';
import { GuestAgent } from '../guest-agent/client.ts';
import * as guest from '../guest-agent/commands.ts';
import { runInGuest } from '../guest-agent/transfer.ts';
import { createImage } from '../image/change.ts';
import * as qmp from '../qmp/commands.ts';
import { restoreState } from '../state/restore.ts';
import { saveState } from '../state/save.ts';
import { startQemu, TemporaryFolder, withoutQemu, type RealQemu } from '../testing/real-qemu.ts';
import { attachMemory, detachMemory, growProcessors } from './capacity.ts';
import { attachAdapter, attachDisk, detachAdapter, detachDisk } from './devices.ts';
import { changeMedium } from './media.ts';

/** Where images are kept between runs. */
const cacheDir = process.env['GANTRY_TEST_CACHE'] ?? '/var/tmp/gantry-cache';
let starter = '';

/** By the program, since this room knows nothing of images. */
before(() => {
  const program = join(import.meta.dirname, '../../../images/build.ts');
  const told = execFileSync(process.execPath, [program, 'starter', '--cache', cacheDir], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  starter = (JSON.parse(told.trim().split('\n').at(-1) ?? '') as { path: string }).path;
});

const miB = 1024 * 1024;

async function makeSpec(folder: TemporaryFolder, chipset: Chipset): Promise<MachineSpec> {
  const path = join(import.meta.dirname, '../../../test/golden/qemu/modern-virtio.json');
  const text = readFileSync(path, 'utf8').replaceAll('"/vm/', `"${folder.path}/`);
  const golden = JSON.parse(text) as MachineSpec;
  await createImage('qemu-img', {
    path: folder.file('system.qcow2'),
    format: 'qcow2',
    backing: { path: starter, format: 'qcow2' },
  });
  const parent = { source: { kind: 'file', path: starter }, format: 'qcow2' } as const;
  return {
    ...golden,
    chipset,
    processor: { count: 1, sockets: 1, cores: 4, threads: 1, model: 'host' },
    memory: { sizeBytes: 256 * miB, maxBytes: 1024 * miB, slots: 4 },
    scsiControllers: [{ position: 0, model: 'virtio-scsi' }],
    disks: golden.disks.map((disk) => ({
      ...disk,
      cache: 'unsafe',
      image: { ...disk.image, backing: parent },
    })),
    adapters: golden.adapters.map((one) => ({
      ...one,
      network: { kind: 'user', reach: 'isolated' },
    })),
    opticalDrives: [{ id: 'cd', attach: { bus: 'sata', port: 0 } }],
    boot: { order: ['system'] },
  };
}

function disk(id: string, attach: Disk['attach'], path: string): Disk {
  const image = { source: { kind: 'file', path }, format: 'qcow2' } as const;
  return { id, attach, image, access: 'read-write', cache: 'writeback', discard: 'ignore' };
}

const adapter: Adapter = {
  id: 'late-net',
  position: 1,
  model: 'virtio',
  mac: '52:54:00:00:00:77',
  network: { kind: 'user', reach: 'isolated' },
  bootRom: 'absent',
};

/** Tries again until the condition holds: a guest takes its time. */
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await holds())) {
    assert.ok(Date.now() < until, `${what} does not happen`);
    await systemClock.sleep(200);
  }
}

function connectAgent(spec: MachineSpec, qemu: RealQemu): GuestAgent {
  return new GuestAgent(spec.guestChannel?.socketPath ?? '', {
    isChannelOpen: (signal) => qmp.isGuestChannelOpen(qemu.qmp, { signal }),
  });
}

async function answers(agent: GuestAgent): Promise<boolean> {
  try {
    await guest.ping(agent, { timeoutMs: 3_000 });
    return true;
  } catch (error) {
    assert.ok(isFault(error));
    return false;
  }
}

async function shell(agent: GuestAgent, script: string): Promise<string> {
  const program = { path: '/bin/sh', args: ['-c', script], output: 'keep' } as const;
  return (await runInGuest(agent, program)).stdout.toString();
}

async function exchangeDevices(
  spec: MachineSpec,
  folder: TemporaryFolder,
  qemu: RealQemu,
  agent: GuestAgent,
): Promise<void> {
  const places = [
    ['late-scsi', { bus: 'scsi', controller: 0, target: 5 }],
    ['late-virtio', { bus: 'virtio', position: 2 }],
  ] as const;
  for (const [id, attach] of places) {
    const path = folder.file(`${id}.qcow2`);
    await createImage('qemu-img', { path, format: 'qcow2', sizeBytes: 16 * miB });
    const late = disk(id, attach, path);
    const isThere = async (): Promise<boolean> =>
      (await shell(agent, 'cat /proc/partitions')).includes(' 16384 ');
    await attachDisk(qemu.qmp, spec, late);
    await eventually(`${id} in the guest`, isThere);
    await detachDisk(qemu.qmp, late);
    assert.equal(await isThere(), false);
  }
  const hasAdapter = async (): Promise<boolean> =>
    (await guest.networkGetInterfaces(agent)).some(({ mac }) => mac === adapter.mac);
  await attachAdapter(qemu.qmp, spec, adapter);
  await eventually('the adapter in the guest', hasAdapter);
  await detachAdapter(qemu.qmp, adapter);
  assert.equal(await hasAdapter(), false);
  const path = folder.file('cd.iso');
  await createImage('qemu-img', { path, format: 'raw', sizeBytes: 4 * miB });
  const change = { driveId: 'cd', drive: { kind: 'optical' }, lock: 'ask' } as const;
  await changeMedium(qemu.qmp, { ...change, medium: { kind: 'image', path } });
  const read = 'dd if=/dev/sr0 bs=2048 2>/dev/null | wc -c';
  await eventually('the CD in the guest', async () => Number(await shell(agent, read)) === 4 * miB);
  await changeMedium(qemu.qmp, { ...change, medium: undefined });
}

for (const chipset of ['pc', 'q35'] as const) {
  const title = `HW-04 HW-30 VM-35 a real guest on ${chipset} takes what is plugged in, four processors among it, and comes back with it`;
  void test(title, { skip: withoutQemu }, async () => {
    await using folder = await TemporaryFolder.make();
    const spec = await makeSpec(folder, chipset);
    const state = { path: folder.file('state'), socketPath: folder.file('s') };
    {
      await using qemu = await startQemu(buildCommandLine(spec), spec.monitorSocketPath);
      await using agent = connectAgent(spec, qemu);
      await eventually('the first answer of the agent', () => answers(agent));
      await exchangeDevices(spec, folder, qemu, agent);
      await growProcessors(qemu.qmp, 4);
      const count = async (): Promise<number> => (await guest.getVcpus(agent)).length;
      await eventually('four processors', async () => (await count()) === 4);
      const totalBytes = async (): Promise<number> =>
        1024 * Number(await shell(agent, "awk '/MemTotal/ {print $2}' /proc/meminfo"));
      const usual = await totalBytes();
      const grown = async (): Promise<boolean> => (await totalBytes()) > usual + 100 * miB;
      const slot = await attachMemory(qemu.qmp, 4, 128 * miB);
      await eventually('more memory', grown);
      // The appliance takes plugged memory for what can be moved, so it can give it back.
      await detachMemory(qemu.qmp, slot);
      assert.equal(await grown(), false);
      assert.equal(await attachMemory(qemu.qmp, 4, 128 * miB), slot);
      await eventually('more memory again', grown);
      await shell(agent, 'echo still here > /run/marker');
      await saveState(qemu.qmp, state);
    }
    const restored: MachineSpec = {
      ...spec,
      processor: { ...spec.processor, count: 4 },
      memory: { ...spec.memory, modules: [{ slot: 0, sizeBytes: 128 * miB }] },
      stateFrom: 'incoming',
    };
    await using qemu = await startQemu(buildCommandLine(restored), spec.monitorSocketPath);
    await using agent = connectAgent(spec, qemu);
    await restoreState(qemu.qmp, state);
    await qmp.cont(qemu.qmp);
    await eventually('an answer after the restore', () => answers(agent));
    assert.equal(await shell(agent, 'cat /run/marker'), 'still here\n');
    assert.equal(await shell(agent, 'grep -c ^processor /proc/cpuinfo'), '4\n');
    await guest.shutdown(agent, 'powerdown');
    assert.equal(await qemu.program.end(), 0);
  });
}
