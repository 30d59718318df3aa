/** What takes many machines: files restored from snapshots and parents, and commands that are killed while they write. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { miB, systemClock } from '#lib';
import { DiskFolder, untilGone, untilMachine, withoutTools } from './testing/disk-folder.ts';

const skip = withoutTools('qemu-system-x86_64', 'qemu-img', 'mke2fs', 'debugfs', 'e2fsck');
const oldText = 'old\n';

describe('files inside disks', { skip }, () => {
  let folder: DiskFolder;

  before(async () => {
    folder = await DiskFolder.make();
    await mkdir(folder.file('tree/etc'), { recursive: true });
    await writeFile(folder.file('tree/etc/hosts'), oldText);
    folder.tool('mke2fs', '-q', '-t', 'ext4', '-d', 'tree', 'base.raw', '64M');
    folder.tool('qemu-img', 'convert', '-O', 'qcow2', 'base.raw', 'base.qcow2');
  });
  after(() => folder[Symbol.asyncDispose]());

  test('a file is listed in an internal snapshot and in a parent, and put back alone', async () => {
    folder.tool('qemu-img', 'convert', '-O', 'qcow2', 'base.raw', 'snapped.qcow2');
    folder.tool('qemu-img', 'snapshot', '-c', 'monday', 'snapped.qcow2');
    await writeFile(folder.file('hosts'), 'wrong\n');
    await folder.must('replace', 'snapped.qcow2', 'hosts', '/etc/hosts');
    const both = await folder.gantry('restore', 'snapped.qcow2', '/etc/hosts');
    assert.equal(both.code, 2, both.text);
    const listed = await folder.must('files', 'snapped.qcow2', '/etc', '--snapshot', 'monday');
    assert.match(listed, / 4 +\S+ +hosts/);
    await folder.must('restore', 'snapped.qcow2', '/etc/hosts', '--snapshot', 'monday');
    await folder.must('extract', 'snapped.qcow2', '/etc/hosts', '--to', 'restored');
    assert.equal(await readFile(folder.file('restored'), 'utf8'), oldText);
    assert.match(folder.tool('qemu-img', 'check', 'snapped.qcow2'), /No errors/);

    await folder.must('create', 'child.qcow2', '--parent', 'base.qcow2');
    await folder.must('replace', 'child.qcow2', 'hosts', '/etc/hosts');
    await folder.must('restore', 'child.qcow2', '/etc/hosts', '--from', 'base.qcow2');
    folder.tool('qemu-img', 'convert', '-O', 'raw', 'child.qcow2', 'child.raw');
    assert.equal(folder.tool('debugfs', '-R', 'cat /etc/hosts', 'child.raw'), oldText);
    folder.tool('e2fsck', '-fn', 'child.raw');
  });

  test('a command that is killed while it writes leaves the old file or the new one', async () => {
    const newText = Buffer.alloc(8 * miB, 'new').toString();
    await writeFile(folder.file('hosts'), newText);
    let wholeMs = 0;
    for (const share of [1, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95]) {
      folder.tool('qemu-img', 'convert', '-O', 'qcow2', 'base.raw', 'killed.qcow2');
      const command = folder.start('replace', 'killed.qcow2', 'hosts', '/etc/hosts');
      const ended = once(command, 'exit');
      const pid = await untilMachine(command);
      assert.ok(pid !== undefined, 'the command has started a machine');
      const startedMs = performance.now();
      // The first one is left alone, and tells how long it takes.
      await (share === 1 ? ended : Promise.race([systemClock.sleep(wholeMs * share), ended]));
      wholeMs = Math.max(wholeMs, performance.now() - startedMs);
      command.kill('SIGKILL');
      await ended;
      await untilGone(pid);
      folder.tool('qemu-img', 'convert', '-O', 'raw', 'killed.qcow2', 'killed.raw');
      // Ends with 1 where it has replayed the journal.
      folder.tool('sh', '-c', 'e2fsck -fy killed.raw || [ $? = 1 ]');
      folder.tool('debugfs', '-R', 'dump /etc/hosts found', 'killed.raw');
      const found = await readFile(folder.file('found'), 'utf8');
      assert.ok(found === newText || (share < 1 && found === oldText), `${found.length} bytes`);
    }
  });
});
