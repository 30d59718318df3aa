import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostStore, makeDisk } from '#disk';
import { isFault, miB, type FaultCode } from '#lib';
import { vmcText } from '../../foreign/testing.ts';
import { readForeign } from './read-foreign.ts';

const signal = new AbortController().signal;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gr-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const vmx = (lines: Readonly<Record<string, string>>): string =>
  Object.entries({ 'config.version': '8', 'scsi0:0.present': 'TRUE', ...lines })
    .map(([name, value]) => `${name} = "${value}"`)
    .join('\n');

async function makeVmdk(path: string): Promise<void> {
  await makeDisk({ path, format: 'vmdk', sizeBytes: 8 * miB }, hostStore());
}

const refuses = (work: Promise<unknown>, code: FaultCode, words: RegExp): Promise<void> =>
  assert.rejects(work, (error) => isFault(error, code) && words.test(error.message));

test('a disk is found by its own name, by that of another system, and in any case of letters', () =>
  withFolder(async (folder) => {
    await makeVmdk(join(folder, 'Web.vmdk'));
    for (const name of [
      'Web.vmdk',
      'web.VMDK',
      './Web.vmdk',
      'C:\\VMs\\WEB\\web.vmdk',
      '/vmfs/volumes/x/Web.vmdk',
    ]) {
      const file = join(folder, 'web.vmx');
      await writeFile(file, vmx({ 'scsi0:0.fileName': name }));
      const { disks, name: called } = await readForeign(file, [folder], signal);
      assert.deepEqual(
        disks.map(({ path, format, sizeBytes }) => ({ path, format, sizeBytes })),
        [{ path: join(folder, 'Web.vmdk'), format: 'vmdk', sizeBytes: 8 * miB }],
        name,
      );
      assert.equal(called, 'web');
    }
  }));

test('a disk brings its limit along, and one without says nothing of it', () =>
  withFolder(async (folder) => {
    await makeVmdk(join(folder, 'web.vmdk'));
    const file = join(folder, 'web.vmx');
    for (const [cap, limit] of [
      ['500', 500],
      ['off', undefined],
    ] as const) {
      const lines = { 'scsi0:0.fileName': 'web.vmdk', 'sched.scsi0:0.throughputCap': cap };
      await writeFile(file, vmx(lines));
      const { disks } = await readForeign(file, [folder], signal);
      assert.deepEqual(
        disks.map(({ operationsPerSecond }) => operationsPerSecond),
        [limit],
      );
    }
  }));

test('names lead to no file outside of the folders that vms may use, nor does a link', () =>
  withFolder(async (top) => {
    const folder = join(top, 'vms');
    await mkdir(folder);
    await makeVmdk(join(top, 'secret.vmdk'));
    await symlink(join(top, 'secret.vmdk'), join(folder, 'link.vmdk'));
    const file = join(folder, 'web.vmx');
    for (const name of ['../secret.vmdk', join(top, 'secret.vmdk'), 'link.vmdk', '/etc/shadow']) {
      await writeFile(file, vmx({ 'scsi0:0.fileName': name }));
      const { disks, blocking, files } = await readForeign(file, [folder], signal);
      assert.deepEqual([disks, files], [[], []]);
      assert.match(blocking[0]?.text ?? '', /scsi0:0.* is not on this host/);
    }
    await refuses(readForeign(join(top, 'x.vmx'), [folder], signal), 'forbidden', /outside/);
  }));

test('a disk that is not what its name says, and a configuration that is none, are refused', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'web.vmx');
    await writeFile(file, vmx({ 'scsi0:0.fileName': 'web.vmdk' }));
    await writeFile(join(folder, 'web.vmdk'), 'nothing of a disk');
    const { disks, blocking } = await readForeign(file, [folder], signal);
    assert.deepEqual(disks, []);
    assert.match(blocking[0]?.text ?? '', /cannot open the disk scsi0:0.*not what its name says/);
    await truncate(join(folder, 'web.vmdk'), 5 * miB);
    await refuses(readForeign(join(folder, 'web.vmdk'), [folder], signal), 'too-large', /5.* MiB/);
    const allowed = [join(folder, '..')];
    assert.equal((await readForeign(folder, allowed, signal)).name, 'web');
    await writeFile(join(folder, 'other.vmx'), vmx({}));
    await refuses(readForeign(folder, allowed, signal), 'invalid', /has 2 configurations/);
  }));

test('FMT-23 what lies beside a VMX is recognised, and it is said what happens to each', () =>
  withFolder(async (folder) => {
    await makeVmdk(join(folder, 'web.vmdk'));
    const file = join(folder, 'web.vmx');
    await writeFile(
      file,
      vmx({
        'scsi0:0.fileName': 'web.vmdk',
        'floppy0.present': 'TRUE',
        'floppy0.fileType': 'file',
        'floppy0.fileName': 'boot.flp',
      }),
    );
    for (const name of ['vmsd', 'vmsn', 'vmss', 'nvram', 'vmtm']) {
      await writeFile(join(folder, `web.${name}`), '');
    }
    await writeFile(join(folder, 'boot.flp'), '');
    await writeFile(join(folder, 'other.flp'), '');
    await mkdir(join(folder, 'web.vmdk.lck'));
    const { lost, floppy, savedStates } = await readForeign(file, [folder], signal);
    assert.deepEqual(savedStates, [{ file: join(folder, 'web.vmss'), sizeBytes: 0 }]);
    assert.equal(floppy?.medium?.path, join(folder, 'boot.flp'));
    const said = new Map(lost.map(({ value, why }) => [value, why]));
    for (const [name, words] of [
      ['web.vmsd', /left out; the present state of the disks counts/],
      ['web.vmsn', /left out; memory of snapshots fits no other product/],
      ['web.nvram', /left out; firmware settings start anew/],
      ['web.vmtm', /left out; make a team/],
      ['web.vmdk.lck', /left out; end the vm there/],
      ['other.flp', /does not name it; it is left out/],
    ] as const)
      assert.match(said.get(name) ?? '', words, name);
    assert.equal(said.has('boot.flp'), false, 'it is in the drive');
  }));

test('the files of Virtual Server are found by the relative name first', () =>
  withFolder(async (folder) => {
    await makeDisk(
      { path: join(folder, 'old.vhd'), format: 'vhd', sizeBytes: 8 * miB },
      hostStore(),
    );
    const file = join(folder, 'old.vmc');
    await writeFile(file, vmcText());
    const { disks, drives } = await readForeign(file, [folder], signal);
    assert.deepEqual(
      disks.map(({ path, format }) => [path, format]),
      [[join(folder, 'old.vhd'), 'vhd']],
    );
    assert.deepEqual(drives[0]?.medium, { named: 'D:\\', path: null });
  }));
