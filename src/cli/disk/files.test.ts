/** Verbs on files inside disks as a user runs them: a chain of real files, a real file system, another program at work. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { DiskFolder, untilGone, untilMachine, withoutTools } from './testing/disk-folder.ts';

const skip = withoutTools(
  'qemu-system-x86_64',
  'qemu-img',
  'qemu-io',
  'mke2fs',
  'debugfs',
  'xorriso',
);

describe('files inside disks', { skip }, () => {
  let folder: DiskFolder;

  before(async () => {
    folder = await DiskFolder.make();
    await mkdir(folder.file('tree/etc'), { recursive: true });
    await writeFile(folder.file('tree/etc/hosts'), 'old\n', { mode: 0o640 });
    folder.tool('mke2fs', '-q', '-t', 'ext4', '-d', 'tree', 'base.raw', '8M');
    folder.tool('qemu-img', 'convert', '-O', 'qcow2', 'base.raw', 'base.qcow2');
    await writeFile(folder.file('hosts'), 'new\n');
    await folder.must('create', 'child.qcow2', '--parent', 'base.qcow2');
  });
  after(() => folder[Symbol.asyncDispose]());

  test('DISK-63 files are listed, extracted and replaced offline, read-only in parents and in disks in use', async () => {
    const parent = await folder.gantry('replace', 'base.qcow2', 'hosts', '/etc/hosts');
    assert.equal(parent.code, 6, parent.text);
    assert.match(parent.text, /cannot change files in .*base\.qcow2/);
    await folder.must('replace', 'child.qcow2', 'hosts', '/etc/hosts');
    await folder.must('extract', 'base.qcow2', '/etc/hosts', '--to', 'from-parent');
    assert.equal(await readFile(folder.file('from-parent'), 'utf8'), 'old\n');
    folder.tool('qemu-img', 'convert', '-O', 'raw', 'child.qcow2', 'child.raw');
    assert.equal(folder.tool('debugfs', '-R', 'cat /etc/hosts', 'child.raw'), 'new\n');

    const qemuIo = ['-f', 'qcow2', 'child.qcow2'];
    const other = spawn('qemu-io', qemuIo, { cwd: folder.path, stdio: 'pipe' });
    try {
      await once(other.stdout, 'data');
      const used = await folder.gantry('replace', 'child.qcow2', 'hosts', '/etc/hosts');
      assert.equal(used.code, 6, used.text);
      assert.match(used.text, /is using it/);
      const listed = await folder.must('files', 'child.qcow2', '/etc');
      assert.match(listed, /is in use by another program: what is read may change meanwhile/);
      assert.match(listed, /-rw-r----- +0:0 +4 +\S+ +hosts/);
    } finally {
      other.kill('SIGKILL');
      await once(other, 'close');
    }
  });

  test('a CD image is made of a folder, with its names, and is read and browsed; links in it lead nowhere', async () => {
    const name = 'Ein langer Name mit Umlauten äöü und Leerzeichen, der weiter reicht als 64.txt';
    await mkdir(folder.file('cd/inner'), { recursive: true });
    await writeFile(folder.file(`cd/inner/${name}`), 'on the CD\n');
    await symlink('/etc/passwd', folder.file('cd/link'));
    const made = await folder.must('create-iso', 'cd', 'cd.iso', '--label', 'MY_CD');
    assert.match(made, /^cd\.iso: .* MY_CD$/m);
    assert.match(await folder.must('files', 'cd.iso'), /MY_CD/);
    await folder.must('extract', 'cd.iso', '/', '--to', 'cd.tar');
    const unpacked = folder.tool('tar', '-tvf', 'cd.tar', '--quoting-style=literal');
    assert.match(unpacked, /link -> \/etc\/passwd$/m);
    assert.equal(folder.tool('tar', '-xOf', 'cd.tar', '--wildcards', `*/${name}`), 'on the CD\n');
    const before = await readFile(folder.file('cd.iso'));
    assert.equal((await folder.gantry('create-iso', 'cd', 'cd.iso')).code, 8);
    for (const words of [
      ['nowhere', 'x.iso'],
      ['cd', 'x.iso', '--label', 'not a label'],
    ])
      assert.notEqual((await folder.gantry('create-iso', ...words)).code, 0);
    assert.ok((await readFile(folder.file('cd.iso'))).equals(before));
    const names = await readdir(folder.path);
    assert.deepEqual(
      names.filter((one) => one.includes('.iso')),
      ['cd.iso'],
    );
  });

  test('a command that is killed leaves no machine', async () => {
    const command = folder.start('files', 'child.qcow2');
    const exited = once(command, 'exit');
    const pid = await untilMachine(command);
    assert.ok(pid !== undefined, 'the command has started a machine');
    command.kill('SIGKILL');
    await exited;
    await untilGone(pid);
  });
});
