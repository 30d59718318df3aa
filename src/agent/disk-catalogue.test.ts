/** The disks of a real host by themselves. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  watch,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { diskWorkSchema, type LinkResult } from '#api';
import { hostStore, makeDisk, openDisk, parentFor, unfinishedPaths } from '#disk';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

function qemuImg(...args: string[]): void {
  const { status, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

function qemuIo(command: string, path: string): void {
  const { status, stderr } = spawnSync('qemu-io', ['-c', command, path], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

describe('disks by themselves', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
    // The images of other tests are not looked at.
    const { searchPath, ...settings } = agent.coordinator.settings;
    await agent.host.call('host.configure', {
      settings: { ...settings, searchPath: searchPath.slice(0, 1) },
      eventScripts: false,
    });
    const shelf = (name: string): string => join(agent.shelf, name);
    qemuImg('create', '-q', '-f', 'raw', shelf('base.img'), '8M');
    qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', 'base.img', shelf('child.qcow2'));
    qemuImg('create', '-q', '-f', 'vpc', shelf('lonely.vhd'), '16M');
    await writeFile(shelf('broken.vmdk'), 'KDMV');
    await truncate(shelf('broken.vmdk'), miB);
    await writeFile(shelf('notes.txt'), 'no disk');
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  test('what a file of the host is can be asked for files in its folders alone', async () => {
    const identify = (file: string) => agent.host.call('host.identify', { file });
    const found = await identify(join(agent.shelf, 'lonely.vhd'));
    assert.deepEqual([found.group, found.format, found.version], ['disk', 'vhd', '1.0']);
    assert.equal((await identify(join(agent.shelf, 'notes.txt'))).format, 'text');
    await assert.rejects(identify('/etc/shadow'), (error) => isFault(error, 'forbidden'));
  });

  const list = async (): Promise<Map<string, LinkResult<'host.disks'>['disks'][number]>> => {
    const { disks, complete } = await agent.host.call('host.disks', {});
    assert.equal(complete, true);
    return new Map(disks.map((disk) => [disk.path.split('/').at(-1) ?? '', disk]));
  };

  test('DISK-66 every disk in the folders for vms is listed, those that no vm uses too', async () => {
    const child = { ...testDisk(join(agent.shelf, 'child.qcow2')), sizeBytes: 8 * miB };
    const id = await agent.create(bareDefinition({ disks: [child] }));
    const own = await agent.create(bareDefinition({ disks: [testDisk('own.qcow2')] }), [
      newDisk('own.qcow2'),
    ]);
    const disks = await list();
    assert.deepEqual([...disks.keys()].sort(), [
      'base.img',
      'broken.vmdk',
      'child.qcow2',
      'lonely.vhd',
      'own.qcow2',
    ]);
    assert.deepEqual(disks.get('child.qcow2')?.vmIds, [id]);
    assert.deepEqual(disks.get('base.img')?.vmIds, [id], 'as its parent');
    assert.deepEqual(disks.get('own.qcow2')?.vmIds, [own]);
    assert.deepEqual(disks.get('lonely.vhd')?.vmIds, []);
    assert.equal(disks.get('lonely.vhd')?.orphan, 'unused');
    assert.deepEqual(disks.get('base.img')?.children, [join(agent.shelf, 'child.qcow2')]);
    assert.equal(disks.get('child.qcow2')?.parentPath, join(agent.shelf, 'base.img'));
    assert.equal(disks.get('base.img')?.orphan, null, 'a vm needs it');
    assert.equal(disks.get('lonely.vhd')?.format, 'vhd');
    assert.equal(disks.get('broken.vmdk')?.format, null);
    assert.ok((disks.get('broken.vmdk')?.problem ?? '') !== '');
    await agent.host.call('machine.forget', { id, generation: 0, cause: byTester });
    assert.deepEqual((await list()).get('base.img')?.vmIds, []);
  });

  test('DISK-37 inspect tells type, sizes, chain, children, users, place, identity and what is wrong', async () => {
    const shelf = (name: string): string => join(agent.shelf, name);
    const inspect = (name: string): Promise<LinkResult<'host.disk'>> =>
      agent.host.call('host.disk', { file: shelf(name) });
    const child = await inspect('child.qcow2');
    const base = await inspect('base.img');
    assert.deepEqual(
      { ...child, fileBytes: 0, identity: null, variant: null },
      {
        path: shelf('child.qcow2'),
        format: 'qcow2',
        variant: null,
        sizeBytes: 8 * miB,
        fileBytes: 0,
        identity: null,
        parent: 'base.img',
        problem: null,
        vmIds: [],
        parentPath: shelf('base.img'),
        chain: [shelf('base.img')],
        chainBytes: child.fileBytes + base.fileBytes,
        orphan: 'unused',
        children: [],
        system: false,
        snapshots: [],
        findings: [],
      },
    );
    assert.ok(child.fileBytes > 0 && child.fileBytes < miB);
    assert.deepEqual(base.children, [shelf('child.qcow2')]);
    const vhd = await inspect('lonely.vhd');
    assert.equal(vhd.variant, 'dynamic');
    assert.match(vhd.identity ?? '', /[0-9a-f]{8}/i);
    await truncate(shelf('lonely.vhd'), 2048);
    const damaged = await inspect('lonely.vhd');
    assert.ok(damaged.problem !== null || damaged.findings.length > 0);
    for (const [file, code] of [
      ['/etc/shadow', 'forbidden'],
      [shelf('gone.qcow2'), 'not-found'],
    ] as const)
      await assert.rejects(agent.host.call('host.disk', { file }), (error) => isFault(error, code));
  });

  test('internal snapshots of a disk are told, and one becomes a disk of its own', async () => {
    const [file, target] = [join(agent.shelf, 'inner.qcow2'), join(agent.shelf, 'before.raw')];
    qemuImg('create', '-q', '-f', 'qcow2', file, '8M');
    qemuIo('write -P 7 1M 1M', file);
    qemuImg('snapshot', '-c', 'before', file);
    qemuIo('write -P 8 1M 1M', file);
    const { snapshots } = await agent.host.call('host.disk', { file });
    assert.deepEqual(
      snapshots?.map(({ takenAt, ...snapshot }) => [Math.sign(Date.parse(takenAt)), snapshot]),
      [[1, { id: '1', name: 'before', sizeBytes: 8 * miB, stateBytes: 0 }]],
    );
    const work = diskWorkSchema.parse({
      verb: 'convert',
      file,
      target,
      format: 'raw',
      snapshot: 'before',
    });
    await agent.host.call('host.disk.work', { id: crypto.randomUUID(), work, again: false });
    const made = await readFile(target);
    assert.ok(made.subarray(miB, 2 * miB).equals(Buffer.alloc(miB, 7)), 'its content of then');
    const none = { ...work, target: join(agent.shelf, 'none.raw'), snapshot: 'nothing' };
    await assert.rejects(
      agent.host.call('host.disk.work', { id: crypto.randomUUID(), work: none, again: false }),
      (error) => isFault(error, 'not-found'),
    );
    for (const path of [file, target]) await rm(path);
  });

  test('a configuration of another product that names the disk of a vm here is not imported', async () => {
    const disk = testDisk(join(agent.shelf, 'mine.qcow2'));
    await agent.create(bareDefinition({ disks: [disk] }), [newDisk(disk.file)]);
    const file = join(agent.shelf, 'thief.vmx');
    await writeFile(
      file,
      'config.version = "8"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "mine.qcow2"\n',
    );
    await assert.rejects(
      agent.host.call('machine.read-foreign', { file }),
      (error) => isFault(error, 'refused') && error.message.includes('is a disk of bare-'),
    );
  });

  test('DISK-65 a disk goes to another vm, controller and position while neither runs, with its content', async () => {
    const disk = { ...testDisk(join(agent.shelf, 'data.raw')), format: 'raw' } as const;
    const from = bareDefinition({ disks: [disk] });
    const { file, format, sizeBytes } = disk;
    const one = await agent.create(from, [{ kind: 'new', file, format, sizeBytes }]);
    const path = file;
    const content = randomBytes(miB);
    const handle = await open(path, 'r+');
    await handle.write(content, 0, content.length, 7 * miB);
    await handle.close();
    const to = bareDefinition({ disks: [] });
    const other = await agent.create(to);
    const about = (id: string): { id: string; generation: number; cause: typeof byTester } => ({
      id,
      generation: agent.generation(id),
      cause: byTester,
    });
    await agent.host.call('machine.disk.detach', { ...about(one), disk });
    await agent.host.call('machine.configure', {
      ...about(one),
      definition: { ...from, hardware: { ...from.hardware, disks: [] } },
      definitionVersion: 2,
    });
    const moved = { ...disk, file: path, bus: 'scsi', controller: 1, position: 3 } as const;
    const { live } = await agent.host.call('machine.disk.attach', { ...about(other), disk: moved });
    assert.equal(live, false);
    await agent.host.call('machine.configure', {
      ...about(other),
      definition: { ...to, hardware: { ...to.hardware, disks: [moved] } },
      definitionVersion: 2,
    });
    await agent.act(other, 'turn-on');
    const { devices } = await agent.host.call('machine.hardware', { id: other });
    const shown = devices.find(({ device }) => device === 'disk');
    assert.deepEqual([shown?.bus, shown?.resource], ['scsi', path]);
    await agent.act(other, 'turn-off');
    const read = Buffer.alloc(content.length);
    const again = await open(path, 'r');
    await again.read(read, 0, read.length, 7 * miB);
    await again.close();
    assert.ok(read.equals(content));
    assert.deepEqual((await list()).get('data.raw')?.vmIds, [other]);
  });

  test('a conversion that is killed with its agent leaves its source as it was, goes on after it where it was, and leaves nothing when it is stopped instead', async () => {
    const [source, target] = [join(agent.shelf, 'source.raw'), join(agent.shelf, 'target.qcow2')];
    // Twice what lies between two notes of how far it is.
    const half = 256 * miB;
    const data = randomBytes(48 * miB);
    const file = await open(source, 'w');
    for (const at of [0, half]) await file.write(data, 0, data.length, at);
    await file.truncate(2 * half);
    await file.close();
    const before = await stat(source);
    const verb = { verb: 'convert', file: source, target, format: 'qcow2' };
    const work = diskWorkSchema.parse({ ...verb, sourceFormat: 'raw' });
    const rests = async (): Promise<string[]> =>
      (await readdir(agent.shelf)).filter((name) => name.startsWith('.target.qcow2.')).sort();
    const { part, journal } = unfinishedPaths(target);
    const doneBytes = async (): Promise<number> => {
      const { doneBytes: done } = JSON.parse(await readFile(journal, 'utf8')) as {
        doneBytes: number;
      };
      return done;
    };
    const killHalfway = async (id: string): Promise<void> => {
      const watching = watch(agent.shelf, { signal: AbortSignal.timeout(60_000) });
      const { answer } = agent.host.begin('host.disk.work', { id, work, again: false });
      answer.catch(() => undefined);
      for await (const { filename } of watching)
        if (filename === basename(journal) && (await doneBytes().catch(() => 0)) > 0) break;
      await agent.process.stop('SIGKILL');
      assert.deepEqual(await rests(), [basename(journal), basename(part)], 'it was in the middle');
      assert.equal(await doneBytes(), half);
      await agent.comeBack();
    };
    const stopped = crypto.randomUUID();
    await killHalfway(stopped);
    await agent.host.call('host.disk.stop', { id: stopped });
    assert.deepEqual(await rests(), []);

    const id = crypto.randomUUID();
    await killHalfway(id);
    const written = (): number =>
      Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${agent.process.pid}/io`, 'utf8'))?.[1]);
    const start = written();
    await agent.host.call('host.disk.work', { id, work, again: true });
    const more = written() - start;
    assert.ok(more > data.length && more < 1.5 * data.length, `${more} bytes were written`);
    assert.deepEqual(await rests(), []);
    const after = await stat(source);
    assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
    qemuImg('compare', '-q', '-f', 'raw', '-F', 'qcow2', source, target);
  });

  test('an image that was built here is not deleted while other disks are made from it, in whatever format', async () => {
    const image = join(agent.process.folder, 'data', 'images', 'built.vhd');
    const child = join(agent.shelf, 'from-image.vhd');
    await mkdir(dirname(image), { recursive: true });
    const store = hostStore([agent.shelf, dirname(image)]);
    await makeDisk({ path: image, format: 'vhd', sizeBytes: miB }, store);
    {
      await using opened = await openDisk({ path: image, store });
      const parent = await parentFor(child, opened);
      await makeDisk({ path: child, format: 'vhd', sizeBytes: miB, parent }, store);
    }
    await assert.rejects(agent.host.call('image.delete', { path: image }), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.deepEqual(error.facts['children'], [child]);
      return true;
    });
    assert.ok(existsSync(image));
    await rm(child);
    await agent.host.call('image.delete', { path: image });
    assert.equal(existsSync(image), false);
  });

  test('the parent of a disk that is served to QEMU is used by the vm that has its child', async () => {
    const [parent, file] = [join(agent.shelf, 'below.vhd'), join(agent.shelf, 'above.vhd')];
    for (const work of [
      { verb: 'create', file: parent, format: 'vhd', allocation: 'dynamic', sizeBytes: 8 * miB },
      { verb: 'create-child', file, parent, format: 'vhd' },
    ] as const)
      await agent.host.call('host.disk.work', { id: crypto.randomUUID(), work, again: false });
    assert.equal((await list()).get('below.vhd')?.orphan, 'unused');
    const disk = { ...testDisk(file), format: 'vhd' as const, sizeBytes: 8 * miB };
    const id = await agent.create(bareDefinition({ disks: [disk] }));
    const below = (await list()).get('below.vhd');
    assert.deepEqual([below?.vmIds, below?.orphan], [[id], null]);
  });
});
