/** Undo disks with real QEMU: what is written in a session, and what becomes of it at its end. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { UndoDecision } from '#api';
import { hostStore, makeDisk, openDisk, parentFor } from '#disk';
import { isFault, miB } from '#lib';
import { bareDefinition, newDisk, QemuAgent, testDisk, withoutQemu } from './testing/qemu-agent.ts';
import { fill, firstBytes, makeChild, type FileOfDisk } from './testing/served-files.ts';
import { checksum, makeVmWithUndo, reads, withUndo, write } from './testing/undo-disks.ts';

describe('undo disks', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const makeVm = (decision: UndoDecision) => makeVmWithUndo(agent, decision);

  test('DISK-30 DISK-31 VM-08 DISK-24 one undo disk for each disk, in the vm’s folder; the disks are write-protected', async () => {
    const { id, folder } = await makeVm('keep');
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('undo')),
      [],
    );
    await agent.act(id, 'turn-on');
    const made = readdirSync(folder).filter((name) => name.includes('undo'));
    assert.deepEqual(made.sort(), ['a.undo.qcow2', 'b.undo.qcow2']);
    for (const name of ['a.qcow2', 'b.qcow2'])
      assert.equal(statSync(join(folder, name)).mode & 0o222, 0, `${name} is write-protected`);
    const { files } = await agent.host.call('machine.files', { id });
    assert.equal(files.filter(({ role }) => role === 'undo').length, 2);
    const report = await agent.act(id, 'turn-off');
    assert.equal(report.state, 'off');
    assert.ok((report.undo?.sizeBytes ?? 0) > 0);
  });

  test('DISK-21 a differencing disk is of one virtual disk, undo disks are of all disks of the vm', async () => {
    const { id, folder } = await makeVm('discard');
    const store = hostStore([agent.shelf, folder]);
    const child = join(agent.shelf, 'child.qcow2');
    {
      await using below = await openDisk({ path: join(folder, 'a.qcow2'), store });
      const { sizeBytes } = below;
      const parent = await parentFor(child, below);
      await makeDisk({ path: child, format: 'qcow2', sizeBytes, parent }, store);
      await using over = await openDisk({ path: child, store });
      assert.deepEqual(
        [...over.chain()].map(({ name }) => name),
        [child, join(folder, 'a.qcow2')],
      );
    }
    await agent.act(id, 'turn-on');
    const { files } = await agent.host.call('machine.files', { id });
    assert.deepEqual(
      files
        .filter(({ role }) => role === 'undo')
        .map(({ path, parent }) => `${basename(path)} on ${basename(parent ?? '')}`)
        .toSorted(),
      ['a.undo.qcow2 on a.qcow2', 'b.undo.qcow2 on b.qcow2'],
    );
    await agent.act(id, 'turn-off');
  });

  test('DISK-30 files of the classic profile are named vud', async () => {
    const definition = bareDefinition(
      { profile: 'classic', disks: [testDisk('old.qcow2')] },
      withUndo('keep'),
    );
    const id = await agent.create(definition, [newDisk('old.qcow2')]);
    await agent.act(id, 'turn-on');
    assert.ok(existsSync(join(agent.folder(id), 'old.vud')));
    await agent.act(id, 'turn-off', { undo: 'discard' });
    assert.equal(existsSync(join(agent.folder(id), 'old.vud')), false);
  });

  test('DISK-32 DISK-34 keep goes on with the next start; discard leaves the disks byte for byte as they were', async () => {
    const { id, folder } = await makeVm('keep');
    const sums = ['a.qcow2', 'b.qcow2'].map((name) => checksum(join(folder, name)));
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    write(join(folder, 'a.undo.qcow2'), 7, 1, 4);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    assert.ok(reads(join(folder, 'a.undo.qcow2'), 7, 1, 4), 'kept over a start');
    const { undo } = await agent.act(id, 'discard-undo');
    assert.equal(undo, null);
    assert.deepEqual(
      ['a.qcow2', 'b.qcow2'].map((name) => checksum(join(folder, name))),
      sums,
    );
    assert.deepEqual(
      readdirSync(folder).filter((name) => /undo|layers/.test(name)),
      [],
    );
    assert.equal(statSync(join(folder, 'a.qcow2')).mode & 0o200, 0o200, 'writable again');
    assert.ok(agent.events(id).includes('vm.undo.discarded'));
  });

  test('DISK-35 SNAP-14 VM-47 turn off with the vm’s decision to commit: the disks have the changes, the undo disks are gone', async () => {
    const { id, folder } = await makeVm('commit');
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off', { undo: 'keep' });
    write(join(folder, 'a.undo.qcow2'), 7, 1, 4);
    write(join(folder, 'b.undo.qcow2'), 9, 0, 2);
    await agent.act(id, 'turn-on');
    assert.equal((await agent.act(id, 'turn-off')).undo, null);
    assert.ok(reads(join(folder, 'a.qcow2'), 7, 1, 4));
    assert.ok(reads(join(folder, 'a.qcow2'), 0, 0, 1));
    assert.ok(reads(join(folder, 'b.qcow2'), 9, 0, 2));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('undo')),
      [],
    );
    assert.ok(agent.events(id).includes('vm.undo.committed'));
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
  });

  test('DISK-34 DISK-35 undo disks lie on disks of other products as they are: discarded, these are byte for byte as before; committed, they have the changes and no more', async () => {
    const formats = ['vhd', 'vhdx', 'vmdk'] as const;
    const disks = formats.map((format, position) => {
      return { ...testDisk(`${format}.${format}`), format, position, sizeBytes: 8 * miB };
    });
    const id = await agent.create(bareDefinition({ disks }, withUndo('keep')));
    const folder = agent.folder(id);
    const own = formats.map((format) => ({ format, path: join(folder, `${format}.${format}`) }));
    for (const file of own) await makeChild({ ...file, sizeBytes: 8 * miB });
    const sums = (): string[] =>
      formats.flatMap((format) =>
        [`${format}.${format}`, `parent.${format}`].map((name) => checksum(join(folder, name))),
      );
    const contents = (files: readonly FileOfDisk[]): Promise<number[][]> =>
      Promise.all(files.map((file) => firstBytes(file, 8)));
    const session = async (undo: UndoDecision = 'keep'): Promise<void> => {
      await agent.act(id, 'turn-on');
      await agent.act(id, 'turn-off', { undo });
    };
    const before = sums();
    await session();
    const tops = formats.map((format) => ({
      format: 'qcow2',
      path: join(folder, `${format}.undo.qcow2`),
    }));
    for (const [index, top] of tops.entries()) await fill(top, 3, 7 + index);
    for (const [index, { format }] of own.entries()) {
      const { path = '' } = tops[index] ?? {};
      await using top = await openDisk({ path, format: 'qcow2', store: hostStore() });
      assert.deepEqual(
        [...top.chain()].map((one) => [one.format, one.sizeBytes]),
        [
          ['qcow2', 8 * miB],
          [format, 8 * miB],
          [format, 8 * miB],
        ],
        'each says the format of what it lies on, and has its size',
      );
    }
    const changed = [7, 8, 9].map((pattern) => [0, 1, 0, pattern, 0, 0, 0, 0]);
    assert.deepEqual(await contents(tops), changed);
    await session('discard');
    assert.deepEqual(sums(), before);
    await session();
    for (const [index, top] of tops.entries()) await fill(top, 3, 7 + index);
    await session('commit');
    assert.deepEqual(await contents(own), changed);
    const parents = formats.map((format) => `parent.${format}`);
    for (const name of parents)
      assert.equal(checksum(join(folder, name)), before[parents.indexOf(name) * 2 + 1]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => /undo|layers/.test(name)),
      [],
    );
    await session();
    const [changedBelow] = own;
    assert.ok(changedBelow !== undefined);
    chmodSync(changedBelow.path, 0o600);
    await fill(changedBelow, 4, 1);
    const { reasons } = await agent.host.call('machine.check', {
      id,
      action: 'turn-on',
      request: {},
    });
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['layer-changed'],
    );
  });

  test('DISK-38 the files of a vm tell their places, what they take and may take, undo and saved state, and the free space of the volume of each', async (t) => {
    await using volume = await agent.secondVolume();
    if (volume === undefined) return t.skip('there is no second volume');
    const elsewhere = join(volume.path, 'b.qcow2');
    const disks = [testDisk('a.qcow2'), { ...testDisk(elsewhere), position: 1 }];
    const id = await agent.create(bareDefinition({ disks }, withUndo('keep')), [
      newDisk('a.qcow2'),
      newDisk(elsewhere),
    ]);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'save');
    const { files } = await agent.host.call('machine.files', { id });
    const folder = agent.folder(id);
    const [a, b] = [join(folder, 'a.qcow2'), elsewhere];
    const told = files
      .filter(({ role }) => /disk|undo/.test(role))
      .map(({ path, role, maxBytes, parent }) => [path, role, maxBytes, parent]);
    const size = 64 * miB;
    const [undoA, undoB] = ['a', 'b'].map((name) => join(folder, `${name}.undo.qcow2`));
    assert.deepEqual(
      new Set(told),
      new Set([
        [a, 'disk', size, null],
        [undoA, 'undo', size, a],
        [undoB, 'undo', size, b],
        [b, 'disk', size, null],
      ]),
    );
    const saved = files.find(({ role }) => role === 'saved-state');
    assert.ok((saved?.sizeBytes ?? 0) > 100_000, 'a saved state has a size');
    for (const { path, sizeBytes, freeBytes } of files) {
      const { bavail, bsize } = statfsSync(path);
      assert.ok(Math.abs((freeBytes ?? 0) - bavail * bsize) < 512 * miB, path);
      const stats = statSync(path);
      if (stats.isFile()) assert.equal(sizeBytes, stats.blocks * 512, path);
    }
    await agent.act(id, 'discard');
  });

  test('DISK-33 a saved state keeps the undo disks', async () => {
    const { id, folder } = await makeVm('discard');
    await agent.act(id, 'turn-on');
    await agent.act(id, 'save');
    assert.ok(existsSync(join(folder, 'a.undo.qcow2')));
    await agent.act(id, 'restore');
    assert.ok(existsSync(join(folder, 'a.undo.qcow2')));
    await agent.act(id, 'turn-off');
    assert.equal(existsSync(join(folder, 'a.undo.qcow2')), false);
  });

  test('DISK-27 DISK-47 what another vm has a disk on is not written into: the undo disks stay, and it is told', async () => {
    const { id, folder } = await makeVm('commit');
    const disks = [testDisk(join(folder, 'a.qcow2'))];
    const other = await agent.create(bareDefinition({ disks }));
    await agent.act(id, 'turn-on');
    const sum = checksum(join(folder, 'a.qcow2'));
    await assert.rejects(agent.act(id, 'turn-off'), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(`${error.message} ${String(error.cause)}`, /commit the undo disks/);
      return true;
    });
    const report = agent.host.reports.get(id);
    assert.equal(report?.state, 'off');
    assert.match(report.lastFault?.message ?? '', /a disk of bare-\d+ lies on a\.qcow2/);
    assert.ok(agent.events(id).includes('vm.undo.commit-failed'));
    assert.ok(existsSync(join(folder, 'a.undo.qcow2')));
    assert.equal(checksum(join(folder, 'a.qcow2')), sum);
    assert.ok((await agent.blockedCodes(other)).includes('disk-write-protected'));
    assert.equal((await agent.act(id, 'discard-undo')).undo, null);
  });

  test('a crash is no end of the session: the undo disks stay, whatever the setting', async () => {
    const { id, folder } = await makeVm('discard');
    await agent.act(id, 'turn-on');
    process.kill(agent.pid(id) ?? 0, 'SIGKILL');
    await agent.until(id, 'off');
    assert.ok(existsSync(join(folder, 'a.undo.qcow2')));
    assert.ok((await agent.act(id, 'discard-undo')).undo === null);
  });

  test('VM-70 DISK-25 DISK-26 a parent that was changed, is gone or cannot be read keeps the vm from starting, and is told', async () => {
    const { id, folder } = await makeVm('keep');
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    const parent = join(folder, 'a.qcow2');
    const told = () => agent.events(id).filter((name) => name === 'vm.disk.parent-invalid').length;
    write(parent, 9, 1, 1);
    assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
    assert.equal(told(), 1);
    renameSync(parent, `${parent}.away`);
    assert.deepEqual(await agent.blockedCodes(id), ['layer-missing']);
    mkdirSync(parent);
    assert.deepEqual(await agent.blockedCodes(id), ['layer-unreadable']);
    assert.equal(told(), 3);
    assert.ok(existsSync(join(folder, 'a.undo.qcow2')), 'nothing is deleted');
  });

  test('a disk keeps its place in the definition while undo disks lie on it', async () => {
    const { id } = await makeVm('keep');
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    const generation = agent.generation(id);
    const disk = testDisk('a.qcow2');
    const params = {
      id,
      generation,
      cause: { actor: { kind: 'user', name: 'x' }, correlationId: null },
      disk,
    } as const;
    await assert.rejects(agent.host.call('machine.disk.detach', params), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.hint ?? '', /commit or discard/);
      return true;
    });
  });
});
