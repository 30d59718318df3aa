/** Single files of snapshots, with a real file system and the machine that reads it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFault } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const withoutTools = spawnSync('mke2fs', ['-V']).status === 0 ? false : 'mke2fs is not installed';

describe('files of snapshots', { skip: withoutQemu || withoutTools }, () => {
  let agent: QemuAgent;
  let id: string;
  let folder: string;

  before(async () => {
    agent = await QemuAgent.start();
    const settings = { acceleration: 'tcg' } as const;
    id = await agent.create(bareDefinition({ disks: [testDisk('a.qcow2')] }, { settings }), [
      newDisk('a.qcow2'),
    ]);
    folder = agent.folder(id);
    const tree = join(agent.shelf, 'tree');
    mkdirSync(join(tree, 'etc'), { recursive: true });
    writeFileSync(join(tree, 'etc/hosts'), 'old\n');
    writeFileSync(join(tree, 'etc/other'), 'old\n');
    const raw = join(agent.shelf, 'a.raw');
    execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, raw, '64M']);
    execFileSync('qemu-img', ['convert', '-n', '-O', 'qcow2', raw, join(folder, 'a.qcow2')]);
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const call = () => ({ id, generation: agent.generation(id), cause: byTester });
  const inside = { partition: null, path: '/etc/hosts' };

  /** As the present of the vm has it. */
  function present(path: string): string {
    const raw = join(agent.shelf, 'now.raw');
    const top = execFileSync('sh', ['-c', `ls -t ${folder}/*.layer.qcow2 | head -1`])
      .toString()
      .trim();
    execFileSync('qemu-img', ['convert', '-O', 'raw', top, raw]);
    spawnSync('e2fsck', ['-fy', raw]);
    return execFileSync('debugfs', ['-R', `cat ${path}`, raw], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
  }

  test('a file is listed in a snapshot while the vm runs, and put back alone into its disk while it is off', async () => {
    const snapshotId = crypto.randomUUID();
    const snapshot = {
      id: snapshotId,
      name: 'before',
      description: '',
      author: null,
      exclude: [],
      memory: false,
      quiesce: false,
    };
    await agent.host.call('machine.snapshot.take', { ...call(), snapshot });
    const params = { ...call(), snapshotId, place: null, ...inside };
    const found = await agent.host.call('machine.snapshot.disk', { id, snapshotId, place: null });
    assert.deepEqual(found, { path: join(folder, 'a.qcow2'), place: 'virtio0:0' });
    const before = readFileSync(found.path);

    // What the guest has changed since: both files.
    const top = execFileSync('sh', ['-c', `ls ${folder}/*.layer.qcow2`])
      .toString()
      .trim();
    const spoil = join(agent.shelf, 'spoilt');
    execFileSync('qemu-img', ['convert', '-O', 'raw', top, spoil]);
    writeFileSync(`${spoil}.txt`, 'wrong\n');
    for (const file of ['hosts', 'other']) {
      execFileSync('debugfs', ['-w', '-R', `rm /etc/${file}`, spoil], { stdio: 'ignore' });
      execFileSync('debugfs', ['-w', '-R', `write ${spoil}.txt /etc/${file}`, spoil], {
        stdio: 'ignore',
      });
    }
    execFileSync('qemu-img', ['convert', '-n', '-O', 'qcow2', spoil, top]);
    assert.deepEqual([present('/etc/hosts'), present('/etc/other')], ['wrong\n', 'wrong\n']);

    await agent.act(id, 'turn-on');
    const listed = await agent.host.call('host.disk.files', {
      file: found.path,
      partition: null,
      path: '/etc',
      images: [],
    });
    assert.deepEqual(
      listed.folder?.items.map(({ name, sizeBytes }) => [name, sizeBytes]).toSorted(),
      [
        ['hosts', 4],
        ['other', 4],
      ],
    );
    const running = { ...params, generation: agent.generation(id) };
    await assert.rejects(
      agent.host.call('machine.snapshot.restore-file', running),
      (error) => isFault(error, 'refused') && /is running, and files are put/.test(error.message),
    );
    await agent.act(id, 'turn-off');
    const off = { ...params, generation: agent.generation(id) };
    assert.deepEqual(await agent.host.call('machine.snapshot.restore-file', off), {
      sizeBytes: 4,
    });
    assert.deepEqual([present('/etc/hosts'), present('/etc/other')], ['old\n', 'wrong\n']);
    assert.deepEqual(readFileSync(found.path), before, 'the snapshot is as it was');
    execFileSync('qemu-img', ['check', '-q', top]);
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    await agent.act(id, 'turn-off');
    // A folder: what it had is as it was.
    const folderOf = { ...off, generation: agent.generation(id), path: '/etc' };
    const { sizeBytes } = await agent.host.call('machine.snapshot.restore-file', folderOf);
    assert.ok(sizeBytes >= 1024, 'of the archive');
    assert.deepEqual([present('/etc/hosts'), present('/etc/other')], ['old\n', 'old\n']);
    assert.deepEqual(readFileSync(found.path), before);
  });
});
