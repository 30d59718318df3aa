/** What is done with vms whose disks somebody made over a base: clones, moves, undo disks, flattening. The base is as it was. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LinkMethod, LinkParams, LinkResult, VmDefinition } from '#api';
import { hostStore, openDisk } from '#disk';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

interface Made {
  readonly id: string;
  readonly definition: VmDefinition;
  /** Absolute. */
  readonly file: string;
}

describe('vms on disks that were made over a base', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let base: string;
  let content: string;
  let number = 0;

  const contentOf = (path: string): string => {
    const { uid, mode, mtimeMs, nlink } = statSync(path);
    return [hash('sha256', readFileSync(path)), uid, mode & 0o707, mtimeMs, nlink].join(' ');
  };

  before(async () => {
    agent = await QemuAgent.start();
    base = join(agent.shelf, 'base.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', base, '64M']);
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 1M', base], { stdio: 'ignore' });
    chmodSync(base, 0o600);
    content = contentOf(base);
  });
  after(async () => {
    if (agent !== undefined) assert.equal(contentOf(base), content);
    await agent?.[Symbol.asyncDispose]();
  });

  function call<M extends LinkMethod>(
    id: string,
    method: M,
    more: Omit<LinkParams<M>, 'id' | 'generation' | 'cause'>,
  ): Promise<LinkResult<M>> {
    const params = { id, generation: agent.generation(id), cause: byTester, ...more };
    return agent.host.call(method, params as unknown as LinkParams<M>);
  }

  /** With nines in its third megabyte, in the vm's folder or beside its base. */
  async function make(where: 'beside' | 'own', settings: object = {}): Promise<Made> {
    number += 1;
    const given = { settings: { acceleration: 'tcg', ...settings } };
    const empty = bareDefinition({ disks: [] }, given);
    const id = await agent.create(empty);
    const file = join(where === 'own' ? agent.folder(id) : agent.shelf, `web${number}.qcow2`);
    const parent = where === 'own' ? base : 'base.qcow2';
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', parent, '-F', 'qcow2', file]);
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 9 2M 64k', file], { stdio: 'ignore' });
    const disk = testDisk(where === 'own' ? basename(file) : file);
    await call(id, 'machine.disk.attach', { disk });
    const definition = { ...empty, hardware: { ...empty.hardware, disks: [disk] } };
    return { id, definition, file };
  }
  /** What the guest sees at the beginning, which is the base's, and in its own. */
  async function read(file: string): Promise<(number | undefined)[]> {
    const folders = [agent.shelf, agent.process.folder];
    await using disk = await openDisk({ path: file, format: 'qcow2', store: hostStore(folders) });
    const sectors = [Buffer.alloc(512), Buffer.alloc(512)] as const;
    await disk.read(sectors[0], 0);
    await disk.read(sectors[1], 2 * miB);
    return sectors.map(([first]) => first);
  }
  const parentOf = async (file: string): Promise<string | undefined> => {
    const folders = [agent.shelf, agent.process.folder];
    await using disk = await openDisk({ path: file, format: 'qcow2', store: hostStore(folders) });
    return disk.parent?.name;
  };
  async function run(id: string): Promise<void> {
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
  }
  const layerFiles = (id: string): string[] =>
    readdirSync(agent.folder(id)).filter((name) => name.includes('layer'));
  const usersOf = async (path: string): Promise<readonly string[]> => {
    const { disks } = await agent.host.call('host.disks', {});
    return disks.find((one) => one.path === path)?.vmIds ?? [];
  };

  const takeSnapshot = async (id: string, memory = false): Promise<string> => {
    const snapshotId = crypto.randomUUID();
    const about = { name: 's', description: '', author: null, exclude: [] };
    const snapshot = { id: snapshotId, ...about, memory, quiesce: false };
    await call(id, 'machine.snapshot.take', { snapshot });
    return snapshotId;
  };

  /** What the guest writes, as the record of the layers has it. */
  function topOf({ id, file: own }: Pick<Made, 'id' | 'file'>): string {
    const folder = agent.folder(id);
    const [file] = readdirSync(folder).filter((one) => one.endsWith('.layers.json'));
    if (file === undefined) return own;
    const { layers } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      layers: { tops: { top: string }[] };
    };
    return resolve(folder, layers.tops[0]?.top ?? '');
  }
  const write = (file: string, value: number): void => {
    const command = `write -P ${value} 2M 64k`;
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, file], { stdio: 'ignore' });
  };

  for (const where of ['own', 'beside'] as const)
    test(`the memory of a vm that runs is kept and gone back to, also by the next agent: ${where}`, async () => {
      const made = await make(where);
      const { id, file } = made;
      await agent.act(id, 'turn-on');
      await agent.restart();
      const snapshotId = await takeSnapshot(id, true);
      await agent.restart();
      assert.equal((await agent.act(id, 'turn-off')).state, 'off');
      write(topOf(made), 3);
      assert.deepEqual(await read(topOf(made)), [5, 3]);
      await call(id, 'machine.snapshot.revert', { snapshotId, memory: 'restore' });
      await call(id, 'machine.snapshot.recall', { snapshotId });
      assert.equal(agent.host.reports.get(id)?.state, 'saved');
      await agent.restart();
      assert.deepEqual(await read(topOf(made)), [5, 9]);
      assert.equal((await agent.act(id, 'restore')).state, 'running');
      assert.equal((await agent.act(id, 'turn-off')).state, 'off');
      await call(id, 'machine.snapshot.delete', { snapshotId });
      assert.deepEqual(await read(file), [5, 9]);
      assert.equal(await parentOf(file), base);
      await run(id);
      await call(id, 'machine.destroy', { keep: [] });
    });

  test('undo disks stay with a saved state, and go or are written into the disk afterwards', async () => {
    const undoDisks = { enabled: true, onTurnOff: 'keep' } as const;
    const made = await make('beside', { undoDisks });
    const { id, file } = made;
    for (const undo of ['discard', 'commit'] as const) {
      await agent.act(id, 'turn-on');
      assert.equal((await agent.act(id, 'save')).state, 'saved');
      const undoFile = topOf(made);
      assert.notEqual(undoFile, file);
      await agent.restart();
      assert.equal((await agent.act(id, 'restore')).state, 'running');
      await agent.act(id, 'turn-off', { undo: 'keep' });
      write(undoFile, undo === 'discard' ? 3 : 4);
      await agent.act(id, `${undo}-undo`);
      assert.equal(existsSync(undoFile), false);
      assert.deepEqual(await read(file), [5, undo === 'discard' ? 9 : 4]);
      assert.equal(await parentOf(file), base);
    }
    await run(id);
    await call(id, 'machine.destroy', { keep: [] });
  });

  test('ten vms over one base run at once, and go one after another; the last one still starts', async () => {
    const all: Made[] = [];
    for (let count = 0; count < 10; count += 1)
      all.push(await make(count % 2 === 0 ? 'own' : 'beside'));
    await Promise.all(all.map(({ id }) => agent.act(id, 'turn-on')));
    const used = await usersOf(base);
    assert.ok(all.every(({ id }) => used.includes(id)));
    await Promise.all(all.map(({ id }) => agent.act(id, 'turn-off')));
    const last = all.pop();
    for (const { id } of all) {
      await call(id, 'machine.destroy', { keep: [] });
      assert.equal(contentOf(base), content);
    }
    assert.ok(last);
    await run(last.id);
    assert.deepEqual(await read(last.file), [5, 9]);
    await call(last.id, 'machine.destroy', { keep: [] });
  });

  test('a vm is not moved to a host where its base is not, and is when it has taken that in', async () => {
    const { id } = await make('own');
    const planned = () => agent.host.call('machine.departure.plan', { id, gathered: [] });
    const { ok, reasons } = await planned();
    assert.equal(ok, false);
    const parent = reasons.find(({ code }) => code === 'parent-elsewhere');
    assert.match(parent?.text ?? '', new RegExp(base));
    assert.match(parent?.remedy ?? '', /gantry vm flatten/);
    await call(id, 'machine.flatten', {});
    assert.deepEqual((await planned()).reasons, []);
  });

  for (const [where, state, kept] of [
    ['own', 'off', 'with a snapshot'],
    ['beside', 'off', 'alone'],
    ['own', 'running', 'alone'],
    ['beside', 'running', 'with a snapshot'],
  ] as const)
    test(`a disk, in its vm's folder or beside its base, is flattened: ${where}, ${state}, ${kept}`, async () => {
      const { id, file } = await make(where);
      if (state === 'running') await agent.act(id, 'turn-on');
      const snapshotId = kept === 'alone' ? undefined : await takeSnapshot(id);
      assert.deepEqual(await usersOf(base), [id]);
      await call(id, 'machine.flatten', {});
      assert.equal(await parentOf(file), undefined);
      assert.deepEqual(await read(file), [5, 9]);
      assert.deepEqual(await usersOf(base), []);
      if (snapshotId === undefined) assert.deepEqual(layerFiles(id), []);
      if (state === 'running') await agent.act(id, 'turn-off');
      await run(id);
      if (snapshotId !== undefined) await call(id, 'machine.snapshot.delete', { snapshotId });
      await run(id);
      assert.deepEqual(layerFiles(id), []);
      execFileSync('qemu-img', ['check', '-q', file]);
      await call(id, 'machine.destroy', { keep: [] });
    });

  test('undo disks are discarded, and committed into the disk, never into its base', async () => {
    const undoDisks = { enabled: true, onTurnOff: 'keep' } as const;
    const { id, file } = await make('own', { undoDisks });
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off', { undo: 'discard' });
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off', { undo: 'commit' });
    assert.deepEqual(await read(file), [5, 9]);
    assert.equal(await parentOf(file), base);
  });

  async function clone(source: Made, linked: { readonly snapshotId: string | null } | undefined) {
    const { name } = bareDefinition();
    const [disk] = source.definition.hardware.disks;
    const to = basename(source.file);
    const hardware = { ...source.definition.hardware, disks: [{ ...testDisk(to) }] };
    const definition = { ...source.definition, id: crypto.randomUUID(), name, hardware };
    const disks = [{ from: disk?.file ?? '', to }];
    const more = linked === undefined ? {} : { linked };
    const params = { definition, definitionVersion: 1, parent: null, disks, ...more };
    await call(source.id, 'machine.clone', params);
    return { id: definition.id, definition, file: join(agent.folder(definition.id), to) };
  }

  test('full and linked clones stand on the same base, and a linked one is made independent', async () => {
    const source = await make('own');
    const full = await clone(source, undefined);
    assert.equal(await parentOf(full.file), undefined);
    assert.deepEqual(await read(full.file), [5, 9]);
    const linked = await clone(source, { snapshotId: null });
    assert.ok((await usersOf(base)).includes(linked.id));
    for (const { id } of [source, full, linked]) await run(id);
    await call(source.id, 'machine.destroy', { keep: [] });
    await run(linked.id);
    assert.equal(await parentOf(linked.file), base);
    await call(linked.id, 'machine.flatten', {});
    await run(linked.id);
    assert.equal(await parentOf(linked.file), undefined);
    assert.deepEqual(await read(linked.file), [5, 9]);
  });

  test('what a template is made of: copies of a copy, full and linked, and of a snapshot of it', async () => {
    const template = await clone(await make('own'), { snapshotId: null });
    const snapshotId = await takeSnapshot(template.id);
    const copies = [
      await clone(template, undefined),
      await clone(template, { snapshotId: null }),
      await clone(template, { snapshotId }),
    ];
    await agent.restart();
    for (const { id } of copies) await run(id);
    await call(template.id, 'machine.destroy', { keep: [] });
    for (const copy of copies) {
      await run(copy.id);
      assert.deepEqual(await read(topOf(copy)), [5, 9]);
      await call(copy.id, 'machine.destroy', { keep: [] });
    }
  });

  test('a disk moves, as its vm runs and at rest, and its base stays where it is', async () => {
    const made = await make('beside');
    let { definition } = made;
    let from = made.file;
    const move = async (to: string): Promise<void> => {
      const { hardware } = definition;
      definition = { ...definition, hardware: { ...hardware, disks: [testDisk(to)] } };
      const disks = [{ from, to }];
      await call(made.id, 'machine.relocate', {
        definition,
        definitionVersion: 2,
        parent: null,
        disks,
      });
      from = to;
    };
    const holds = async (path: string): Promise<void> => {
      assert.equal(await parentOf(path), base);
      assert.deepEqual(await read(path), [5, 9]);
    };
    const inFolder = (name: string): string => join(agent.folder(made.id), name);
    await move('a.qcow2');
    await holds(inFolder('a.qcow2'));
    await agent.act(made.id, 'turn-on');
    await move('b.qcow2');
    await agent.act(made.id, 'turn-off');
    await holds(inFolder('b.qcow2'));
    await run(made.id);
    // All of the vm goes.
    const parent = agent.shelf;
    await call(made.id, 'machine.relocate', {
      definition,
      definitionVersion: 3,
      parent,
      disks: [],
    });
    assert.ok(agent.folder(made.id).startsWith(agent.shelf));
    await holds(inFolder('b.qcow2'));
    await run(made.id);
  });

  test('a disk is made larger and exported with what its base holds; compacting says the way', async () => {
    const { id, file } = await make('own');
    const place = 'virtio0:0';
    const compact = call(id, 'machine.disk.compact', {
      place,
      freeBlocks: 'keep',
      fixed: 'refuse',
    });
    await assert.rejects(
      compact,
      (error) => isFault(error, 'refused') && /vm flatten/.test(error.hint ?? ''),
    );
    await call(id, 'machine.disk.resize', { place, sizeBytes: 65 * miB });
    assert.deepEqual(await read(file), [5, 9]);
    const folder = join(agent.shelf, 'out');
    const target = { file: 'out.vmdk', format: 'vmdk', variant: 'streamOptimized' } as const;
    const disks = [{ disk: basename(file), ...target }];
    const configuration = { file: 'out.vmx', base64: '' };
    await call(id, 'machine.hand-out', { folder, disks, configuration });
    execFileSync('qemu-img', [
      'compare',
      '-q',
      '-f',
      'qcow2',
      '-F',
      'vmdk',
      file,
      join(folder, 'out.vmdk'),
    ]);
    await run(id);
  });

  test('an agent that is killed while a disk takes in its base has done it or not, and the next one goes on', async () => {
    const { id, file } = await make('own');
    await agent.act(id, 'turn-on');
    const params = { id, generation: agent.generation(id), cause: byTester };
    // As soon as the copy is there, its name or the layer on the old file.
    const began = watch(agent.folder(id));
    const [, [what]] = await Promise.all([
      agent.host.call('machine.flatten', params).catch(() => undefined),
      once(began, 'change').then(async (seen) => {
        await agent.restart();
        return seen as [string];
      }),
    ]);
    assert.ok(what);
    began.close();
    await call(id, 'machine.flatten', {});
    assert.equal(await parentOf(file), undefined);
    assert.deepEqual(await read(file), [5, 9]);
    assert.deepEqual(layerFiles(id), []);
    await agent.act(id, 'turn-off');
    await run(id);
  });
});
