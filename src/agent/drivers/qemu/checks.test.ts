/** What of files and devices stands against a start; no process is needed. */
import assert from 'node:assert/strict';
import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { spawnSync } from 'node:child_process';
import { hostSettingsSchema, type VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { miB } from '#lib';
import { putServed } from '../../machine/layers/served-chain.ts';
import { newMachineFile, type MachineFile } from '../../machine/record.ts';
import { bareDefinition, testDisk } from '../../testing/qemu-agent.ts';
import { ImageChecks } from '../../storage/image-checks.ts';
import { readServedChain } from '../../storage/served-chains.ts';
import { checkFiles, type CheckedHost } from './checks.ts';

const folder = mkdtempSync(join(tmpdir(), 'gc-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const host: CheckedHost = {
  settings: { ...hostSettingsSchema.parse({}), minimumFreeDiskBytes: 0 },
  folders: [folder],
  qemuImg: undefined,
  imageChecks: new ImageChecks(),
  account: undefined,
};

function machine(hardware: Partial<VmDefinition['hardware']>, inFolder = folder): MachineFile {
  const place = { folder: inFolder, file: join(inFolder, 'vm.json') };
  return newMachineFile(bareDefinition(hardware), 1, place, 0);
}

/** As it is once it has its disks. */
async function withChains(file: MachineFile): Promise<MachineFile> {
  let { layers } = file;
  for (const { file: disk, format } of file.definition.hardware.disks) {
    const chain = await readServedChain({ path: disk, format }, file.folder, hostStore([folder]));
    layers = putServed(layers, disk, chain && { disk, ...chain });
  }
  return { ...file, layers };
}

async function reasons(
  file: MachineFile,
  others: readonly MachineFile[] = [],
  on: CheckedHost = host,
): Promise<string[]> {
  return (await checkFiles(file, [], others, on)).reasons.map(({ code }) => code);
}

test('HW-29 a device of the host stands in several definitions and is used by one running vm', async () => {
  const device = '/dev/null';
  const port = machine({ serialPorts: [{ kind: 'device', device }] });
  const printer = machine({ parallelPort: { kind: 'device', device } });
  const medium = { kind: 'device', device } as const;
  const drive = machine({
    opticalDrives: [{ bus: 'sata', controller: 0, position: 0, medium }],
  });
  const all = [port, printer, drive];
  for (const one of all) {
    const others = all.filter((other) => other !== one);
    assert.deepEqual(await reasons(one, others), []);
    for (const other of others) {
      const running: MachineFile = { ...other, state: 'running' };
      const findings = await checkFiles(one, [], [running], host);
      assert.deepEqual(
        findings.reasons.map(({ code }) => code),
        ['device-in-use'],
      );
      assert.match(findings.reasons[0]?.text ?? '', new RegExp(other.definition.name));
      assert.deepEqual((await checkFiles(one, [device], [running], host)).reasons, []);
    }
  }
});

test('a file that another running vm writes is known by whatever name or link', async () => {
  const disk = join(folder, 'written.qcow2');
  const floppy = join(folder, 'written.img');
  for (const path of [disk, floppy]) writeFileSync(path, Buffer.alloc(512));
  const using = (diskFile: string, floppyFile: string): MachineFile =>
    machine({
      disks: [testDisk(diskFile)],
      floppy: { medium: { kind: 'file', file: floppyFile }, readOnly: false },
    });
  const running: MachineFile = { ...using(disk, floppy), state: 'running' };
  for (const makeLink of [symlinkSync, linkSync]) {
    const links = [disk, floppy].map((path) => `${path}.${makeLink.name}`);
    const [diskLink = '', floppyLink = ''] = links;
    makeLink(disk, diskLink);
    makeLink(floppy, floppyLink);
    assert.deepEqual(await reasons(using(diskLink, floppyLink), [running]), [
      'disk-in-use',
      'medium-held',
    ]);
  }
  assert.deepEqual(await reasons(using('other.qcow2', 'other.img'), [running]), [
    'disk-missing',
    'medium-missing',
  ]);
});

for (const format of ['vhd', 'vhdx', 'vmdk'] as const)
  test(`what a disk in ${format} is made from is written by no other vm, whichever of them starts first`, async () => {
    const inside = mkdtempSync(join(folder, `${format}-`));
    const store = hostStore([inside]);
    const disk = { ...testDisk(join(inside, `child.${format}`)), format };
    const below = { ...disk, file: join(inside, `base.${format}`) };
    await makeDisk({ path: below.file, format, sizeBytes: miB }, store);
    {
      await using opened = await openDisk({ path: below.file, store });
      const parent = await parentFor(disk.file, opened);
      await makeDisk({ path: disk.file, format, sizeBytes: miB, parent }, store);
    }
    const child = await withChains(machine({ disks: [disk] }));
    const owner = await withChains(machine({ disks: [below] }));
    assert.deepEqual(await reasons(child, []), []);
    assert.deepEqual(await reasons(child, [owner]), ['disk-parent-in-use']);
    assert.deepEqual(await reasons(child, [{ ...owner, state: 'running' }]), [
      'disk-parent-in-use',
    ]);
    const reader = await withChains(machine({ disks: [{ ...below, readOnly: true }] }));
    assert.deepEqual(await reasons(child, [{ ...reader, state: 'running' }]), []);
    const running: MachineFile = { ...child, state: 'running' };
    assert.deepEqual(await reasons(owner, [running]), ['disk-has-child', 'disk-in-use']);
    assert.deepEqual(await reasons(owner, [child]), ['disk-has-child']);
    assert.deepEqual(await reasons(reader, [running]), []);
  });

test('a guest that writes the header of a disk with a parent to its raw disk can still be started', async () => {
  const file = join(folder, 'guest.raw');
  const store = hostStore([folder]);
  const secret = join(folder, 'secret.qcow2');
  await makeDisk({ path: secret, format: 'qcow2', sizeBytes: miB }, store);
  {
    await using opened = await openDisk({ path: secret, store });
    const parent = await parentFor(file, opened);
    await makeDisk({ path: file, format: 'qcow2', sizeBytes: miB, parent }, store);
  }
  assert.deepEqual(await reasons(machine({ disks: [{ ...testDisk(file), format: 'raw' }] })), []);
});

test('VM-75 a start is blocked where a writable disk lies on a volume that is full or read-only', async (t) => {
  writeFileSync(join(folder, 'a.qcow2'), 'x');
  const file = machine({ disks: [testDisk('a.qcow2')] });
  assert.deepEqual(await reasons(file), []);
  const greedy = { ...host.settings, minimumFreeDiskBytes: Number.MAX_SAFE_INTEGER };
  assert.deepEqual(await reasons(file, [], { ...host, settings: greedy }), ['disk-space']);
  const script = 'mount -t tmpfs none "$1" && touch "$1/b.qcow2" && mount -o remount,ro "$1"';
  const mounted = mkdtempSync(join(folder, 'ro-'));
  if (spawnSync('sh', ['-c', script, 'sh', mounted]).status !== 0) {
    t.skip('no file system can be mounted here');
    return;
  }
  try {
    const there = { ...host, folders: [folder, mounted] };
    const disk = testDisk(join(mounted, 'b.qcow2'));
    assert.deepEqual(await reasons(machine({ disks: [disk] }), [], there), [
      'disk-volume-read-only',
    ]);
    const readOnly = machine({ disks: [{ ...disk, readOnly: true }] });
    assert.deepEqual(await reasons(readOnly, [], there), []);
  } finally {
    spawnSync('umount', [mounted]);
  }
});
