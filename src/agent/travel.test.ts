/** Copies of machines and moves of their files, on two volumes of a real host. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { MachineRecord, VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk } from '#disk';
import { isFault, miB, systemClock } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

/** A file system of its own on every Linux machine. */
const otherVolume = '/dev/shm';
const skip = withoutQemu === false && !existsSync(otherVolume) ? `no ${otherVolume}` : withoutQemu;

const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

describe('machines that travel', { skip }, () => {
  let agent: QemuAgent;
  let elsewhere: string;

  before(async () => {
    agent = await QemuAgent.start();
    elsewhere = await mkdtemp(join(otherVolume, 'gt-'));
    await chmod(elsewhere, 0o755);
    const { settings } = agent.coordinator;
    agent.coordinator.settings = {
      ...settings,
      searchPath: [...settings.searchPath, elsewhere],
    };
    const { settings: now } = agent.coordinator;
    await agent.host.call('host.configure', { settings: now, eventScripts: false });
  });

  after(async () => {
    await agent?.[Symbol.asyncDispose]();
    await rm(elsewhere, { recursive: true, force: true });
  });

  /** A vm with a raw disk of 24 MiB of random data in 256 MiB. */
  async function makeVm(): Promise<{ id: string; definition: VmDefinition; disk: string }> {
    const disk = { ...testDisk('data.raw'), format: 'raw', sizeBytes: 256 * miB } as const;
    const definition = bareDefinition({ disks: [disk] });
    const { file, format, sizeBytes } = disk;
    const id = await agent.create(definition, [{ kind: 'new', file, format, sizeBytes }]);
    const path = join(agent.folder(id), 'data.raw');
    const handle = await open(path, 'r+');
    await handle.write(randomBytes(16 * miB), 0, 16 * miB, 3 * miB);
    await handle.write(randomBytes(8 * miB), 0, 8 * miB, 200 * miB);
    await handle.close();
    return { id, definition, disk: path };
  }

  function clone(
    id: string,
    source: VmDefinition,
    parent: string | null = null,
  ): Promise<MachineRecord['report']> {
    const name = `${source.name}-copy-${randomBytes(2).toString('hex')}`;
    const disks = source.hardware.disks.map(({ file }) => ({ from: file, to: `copy-${file}` }));
    const hardware = {
      ...source.hardware,
      disks: source.hardware.disks.map((disk) => ({ ...disk, file: `copy-${disk.file}` })),
    };
    const definition = { ...source, id: crypto.randomUUID(), name, hardware };
    return agent.host
      .call('machine.clone', {
        id,
        generation: agent.generation(id),
        cause: byTester,
        definition,
        definitionVersion: 1,
        parent,
        disks,
      })
      .then(({ report }) => report);
  }

  function relocate(
    id: string,
    definition: VmDefinition,
    parent: string | null,
    disks: { from: string; to: string }[] = [],
  ): Promise<unknown> {
    return agent.host.call('machine.relocate', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      definition,
      definitionVersion: 2,
      parent,
      disks,
    });
  }

  for (const where of ['the same volume', 'another volume']) {
    test(`a copy on ${where} has the same bytes and the same holes, and files of its own`, async () => {
      const { id, definition, disk } = await makeVm();
      await symlink('/etc/hostname', join(agent.folder(id), 'link'));
      const report = await clone(id, definition, where === 'the same volume' ? null : elsewhere);
      const copy = join(report.path, 'copy-data.raw');
      assert.equal(hashOf(copy), hashOf(disk));
      const [one, other] = [statSync(disk), statSync(copy)];
      assert.notEqual(one.ino, other.ino);
      assert.ok(other.blocks * 512 < 26 * miB, `${other.blocks * 512} bytes on the volume`);
      assert.deepEqual(readdirSync(report.path).sort(), [`${report.name}.json`, 'copy-data.raw']);
      const { definition: written } = JSON.parse(
        readFileSync(join(report.path, `${report.name}.json`), 'utf8'),
      ) as { definition: VmDefinition };
      assert.equal(written.id, report.id);
    });
  }

  test('the copy of a disk with a parent stands alone, without its parent’s name', async () => {
    const bare = bareDefinition({ disks: [] });
    const id = await agent.create(bare);
    const folder = agent.folder(id);
    const qemuImg = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    await writeFile(join(folder, 'base.raw'), randomBytes(4 * miB));
    await truncate(join(folder, 'base.raw'), 64 * miB);
    qemuImg(
      'create',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'raw',
      '-b',
      'base.raw',
      join(folder, 'top.qcow2'),
    );
    const disk = testDisk('top.qcow2');
    const generation = agent.generation(id);
    await agent.host.call('machine.disk.attach', { id, generation, cause: byTester, disk });
    const definition = { ...bare, id, hardware: { ...bare.hardware, disks: [disk] } };
    const report = await clone(id, definition);
    const copy = join(report.path, 'copy-top.qcow2');
    assert.doesNotMatch(qemuImg('info', copy), /backing file/);
    qemuImg('compare', '-f', 'raw', '-F', 'qcow2', join(folder, 'base.raw'), copy);
  });

  test('a move takes everything in the folder along, and what is elsewhere stays', async () => {
    const { id, definition, disk } = await makeVm();
    const from = agent.folder(id);
    const hash = hashOf(disk);
    await writeFile(join(from, 'notes.txt'), 'mine');
    await mkdir(join(from, 'tpm-state'), { mode: 0o700 });
    await writeFile(join(from, 'tpm-state', 'key'), 'k');
    for (const parent of [elsewhere, join(agent.shelf, 'deeper'), 'usual', elsewhere]) {
      await relocate(id, definition, parent);
      const to = agent.folder(id);
      const expected = parent === 'usual' ? dirname(from) : parent;
      assert.equal(to, join(expected, definition.name));
      assert.deepEqual(readdirSync(to).sort(), [
        `${definition.name}.json`,
        'data.raw',
        'notes.txt',
        'tpm-state',
      ]);
      assert.equal(hashOf(join(to, 'data.raw')), hash);
      assert.equal(readFileSync(join(to, 'tpm-state', 'key'), 'utf8'), 'k');
      assert.equal(statSync(join(to, 'tpm-state')).mode & 0o777, 0o700);
    }
    assert.equal(existsSync(from), false);
    assert.equal(existsSync(join(agent.shelf, 'deeper', definition.name)), false);
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('a single disk moves, and the definition says where it is', async () => {
    const { id, definition, disk } = await makeVm();
    const hash = hashOf(disk);
    const to = join(elsewhere, `${definition.name}.raw`);
    const after = withFile(definition, to);
    await relocate(id, after, null, [{ from: 'data.raw', to }]);
    assert.equal(existsSync(disk), false);
    assert.equal(hashOf(to), hash);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    await writeFile(disk, 'in the way');
    const back = withFile(definition, 'data.raw');
    await assert.rejects(relocate(id, back, null, [{ from: to, to: 'data.raw' }]), (error) =>
      isFault(error, 'exists'),
    );
    assert.equal(readFileSync(disk, 'utf8'), 'in the way');
    assert.equal(hashOf(to), hash);
  });

  test('a disk in several files moves with all of them, and never over another one', async () => {
    const disk = { ...testDisk('parts.vmdk'), format: 'vmdk', sizeBytes: 8 * miB } as const;
    const definition = bareDefinition({ disks: [disk] });
    const id = await agent.create(definition);
    const folder = agent.folder(id);
    const { sizeBytes } = disk;
    const path = join(folder, disk.file);
    const flat = { path, format: 'vmdk', variant: 'monolithicFlat', sizeBytes } as const;
    await makeDisk(flat, hostStore(), (made) => made.write(Buffer.alloc(miB, 7), miB));
    const filesIn = (place: string): string[] =>
      readdirSync(place).filter((name) => name.startsWith('parts'));
    const to = join(elsewhere, disk.file);
    const after = withFile(definition, to);
    await writeFile(join(elsewhere, 'parts-flat.vmdk'), 'in the way');
    const move = (): Promise<unknown> => relocate(id, after, null, [{ from: disk.file, to }]);
    await assert.rejects(move(), (error) => isFault(error, 'exists'));
    assert.deepEqual([filesIn(folder).length, filesIn(elsewhere)], [2, ['parts-flat.vmdk']]);
    await rm(join(elsewhere, 'parts-flat.vmdk'));
    await move();
    assert.deepEqual([filesIn(folder), filesIn(elsewhere).length], [[], 2]);
    await using moved = await openDisk({ path: to, store: hostStore() });
    const sector = Buffer.alloc(512);
    await moved.read(sector, miB);
    assert.equal(sector[0], 7);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
  });

  for (const format of ['qcow2', 'vmdk'] as const)
    test(`a ${format} that names its parent by the place it leaves does not move alone, and moves with its parent`, async () => {
      const disk = { ...testDisk(`child.${format}`), format, sizeBytes: 8 * miB } as const;
      const definition = bareDefinition({ disks: [disk] });
      const id = await agent.create(definition);
      const folder = agent.folder(id);
      const base = `base.${format}`;
      const qemuImg = (...words: readonly string[]): void => {
        execFileSync('qemu-img', [...words], { cwd: folder, stdio: 'ignore' });
      };
      qemuImg('create', '-f', format, base, '8M');
      qemuImg('create', '-f', format, '-b', base, '-F', format, disk.file);
      const to = join(elsewhere, `${definition.name}-${disk.file}`);
      const alone = relocate(id, withFile(definition, to), null, [{ from: disk.file, to }]);
      await assert.rejects(alone, (error) => {
        assert.ok(isFault(error, 'refused'));
        assert.match(error.message, new RegExp(`would lose its parent ${base}`));
        return true;
      });
      assert.ok(existsSync(join(folder, disk.file)) && !existsSync(to));
      await relocate(id, definition, elsewhere);
      assert.ok(existsSync(join(agent.folder(id), base)));
      // QEMU opens no parents that are no layers of the vm.
      if (format === 'qcow2') return;
      await agent.act(id, 'turn-on');
      await agent.act(id, 'turn-off');
    });

  test('VM-87 neither copy nor move of its files touches a running vm, and after its end both do', async () => {
    const { id, definition } = await makeVm();
    await agent.act(id, 'turn-on');
    const refused = [
      { work: () => clone(id, definition), hint: /^shut it down first/ },
      { work: () => relocate(id, definition, elsewhere), hint: /^move its disks one by one/ },
    ];
    for (const { work, hint } of refused)
      await assert.rejects(
        work,
        (error) => isFault(error, 'refused') && hint.test(error.hint ?? ''),
      );
    await agent.act(id, 'turn-off');
    await clone(id, definition);
    await relocate(id, definition, elsewhere);
  });

  test('a file that another vm uses is not moved, and who uses it is said', async () => {
    const { id, definition, disk } = await makeVm();
    const other = bareDefinition({
      disks: [{ ...testDisk(disk), format: 'raw', sizeBytes: 256 * miB, readOnly: true }],
    });
    await agent.create(other);
    await assert.rejects(
      relocate(id, definition, elsewhere),
      (error) => isFault(error, 'refused') && error.message.includes(other.name),
    );
    assert.ok(existsSync(disk));
    assert.equal(existsSync(join(elsewhere, definition.name)), false);
  });

  test('a place outside of the folders for vms is refused', async () => {
    const { id, definition } = await makeVm();
    for (const work of [
      () => clone(id, definition, '/opt/no-place'),
      () => relocate(id, definition, '/opt/no-place'),
      () =>
        relocate(id, withFile(definition, '/opt/x.raw'), null, [
          { from: 'data.raw', to: '/opt/x.raw' },
        ]),
    ])
      await assert.rejects(work, (error) => isFault(error, 'forbidden'));
    assert.equal(existsSync('/opt/no-place'), false);
    assert.equal(existsSync('/opt/x.raw'), false);
  });

  test('a copy or move that the end of the agent cuts off leaves the old or the new, never half', async () => {
    const { id, definition, disk } = await makeVm();
    const hash = hashOf(disk);
    const places = [elsewhere, join(agent.shelf, 'cut')];
    const beganMs = performance.now();
    await relocate(id, definition, places[1] ?? elsewhere);
    const wholeMs = performance.now() - beganMs;
    for (const [turn, moment] of [0.3, 0.7, 0.95, 0.5].entries()) {
      const parent = places[turn % 2] ?? elsewhere;
      const work = turn < 3 ? relocate(id, definition, parent) : clone(id, definition, elsewhere);
      work.catch(() => undefined);
      await systemClock.sleep(wholeMs * moment);
      await agent.restart();
      const folder = agent.folder(id);
      assert.equal(hashOf(join(folder, 'data.raw')), hash, `turn ${turn}`);
      assert.deepEqual(readdirSync(folder).sort(), [`${definition.name}.json`, 'data.raw']);
      // Nothing of it lies anywhere else but whole copies, and perhaps a folder that has just been made.
      const known = new Set([...agent.host.records.values()].map(({ report }) => report.path));
      for (const place of places.filter((one) => existsSync(one)))
        for (const name of readdirSync(place).filter((one) => one.startsWith(definition.name)))
          assert.ok(
            known.has(join(place, name)) || readdirSync(join(place, name)).length === 0,
            `${join(place, name)} after turn ${turn}`,
          );
    }
  });
});

function withFile(definition: VmDefinition, file: string): VmDefinition {
  const { hardware } = definition;
  return {
    ...definition,
    hardware: { ...hardware, disks: hardware.disks.map((disk) => ({ ...disk, file })) },
  };
}
