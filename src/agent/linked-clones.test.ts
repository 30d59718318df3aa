/** Linked clones on real files (docs/rfd/0019): several vms on one base, with real QEMU. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { copyFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LinkMethod, LinkParams, LinkResult, VmDefinition } from '#api';
import { isFault, miB, systemClock } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

const isRoot = process.getuid?.() === 0;

describe('linked clones', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  interface Made {
    readonly id: string;
    readonly definition: VmDefinition;
  }

  function call<M extends LinkMethod>(
    id: string,
    method: M,
    more: Omit<LinkParams<M>, 'id' | 'generation' | 'cause'>,
  ): Promise<LinkResult<M>> {
    const params = { id, generation: agent.generation(id), cause: byTester, ...more };
    return agent.host.call(method, params as unknown as LinkParams<M>);
  }

  /** With pattern 1 in the second MiB of its disk. */
  async function makeSource(more: object = {}): Promise<Made> {
    const definition = bareDefinition({ disks: [testDisk('a.qcow2')] }, more);
    const id = await agent.create(definition, [newDisk('a.qcow2')]);
    write(id, 1, 1);
    return { id, definition };
  }

  async function clone(
    { id, definition: source }: Made,
    snapshotId: string | null = null,
    parent: string | null = null,
  ): Promise<Made> {
    const { name } = bareDefinition();
    const definition = { ...source, id: crypto.randomUUID(), name };
    await call(id, 'machine.clone', {
      definition,
      definitionVersion: 1,
      parent,
      disks: source.hardware.disks.map(({ file }) => ({ from: file, to: file })),
      linked: { snapshotId },
    });
    return { id: definition.id, definition };
  }

  async function take(id: string): Promise<string> {
    const snapshot = {
      id: crypto.randomUUID(),
      name: 'golden',
      description: '',
      author: 'ann',
      exclude: [],
      memory: false,
      quiesce: false,
    };
    await call(id, 'machine.snapshot.take', { snapshot });
    return snapshot.id;
  }

  const destroy = (id: string): Promise<LinkResult<'machine.destroy'>> =>
    call(id, 'machine.destroy', { keep: [] });

  interface Written {
    readonly files: readonly { readonly file: string; readonly shared?: true }[];
    readonly tops: readonly { readonly top: string }[];
  }

  function layersOf(id: string): Written {
    const folder = agent.folder(id);
    const [file] = readdirSync(folder).filter((one) => one.endsWith('.layers.json'));
    if (file === undefined) return { files: [], tops: [] };
    return (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { layers: Written }).layers;
  }

  const base = (id: string): string => join(agent.folder(id), 'a.qcow2');
  const topOf = (id: string): string =>
    join(agent.folder(id), layersOf(id).tops[0]?.top ?? 'a.qcow2');

  function write(id: string, region: number, pattern: number): void {
    const command = `write -P ${pattern} ${region}M 1M`;
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, topOf(id)], { stdio: 'ignore' });
  }

  /** The first byte of a region of a disk as its guest would see it. */
  function read(id: string, region: number): number {
    const args = ['-f', 'qcow2', '-r', '-c', `read -v ${region}M 16`, topOf(id)];
    const said = execFileSync('qemu-io', args).toString();
    return Number.parseInt(/^[0-9a-f]{8,}: {2}([0-9a-f]{2}) /m.exec(said)?.[1] ?? '', 16);
  }

  test('VM-92 a vm and its linked clone run side by side on one base, and neither sees what the other writes', async () => {
    const source = await makeSource();
    const copy = await clone(source);
    assert.equal(statSync(base(copy.id)).ino, statSync(base(source.id)).ino);
    assert.ok(statSync(topOf(copy.id)).blocks * 512 < 1024 ** 2, 'nothing was copied');
    write(source.id, 2, 7);
    write(copy.id, 2, 9);
    write(copy.id, 1, 5);
    for (const { id } of [source, copy]) await agent.act(id, 'turn-on');
    for (const { id } of [source, copy]) {
      assert.equal(agent.host.reports.get(id)?.state, 'running');
      const { mode, uid } = statSync(base(id));
      assert.equal(mode & 0o222, 0, 'nobody may write what both stand on');
      if (isRoot) assert.equal(uid, 0, 'and neither vm may let itself');
    }
    for (const { id } of [source, copy]) await agent.act(id, 'turn-off');
    assert.deepEqual(
      [1, 2].map((region) => read(source.id, region)),
      [1, 7],
    );
    assert.deepEqual(
      [1, 2].map((region) => read(copy.id, region)),
      [5, 9],
    );
    await destroy(copy.id);
    await destroy(source.id);
  });

  for (const first of ['source', 'clone'] as const)
    test(`whoever goes first, the ${first}, takes nothing from the other, which then has its files for itself`, async () => {
      const source = await makeSource();
      const copy = await clone(source);
      write(source.id, 2, 7);
      write(copy.id, 2, 9);
      const [gone, left] = first === 'source' ? [source, copy] : [copy, source];
      const folder = agent.folder(gone.id);
      await destroy(gone.id);
      assert.equal(existsSync(folder), false);
      await agent.act(left.id, 'turn-on');
      await agent.act(left.id, 'turn-off');
      assert.deepEqual(layersOf(left.id).files, [], 'one file again');
      assert.equal(read(left.id, 1), 1);
      assert.equal(read(left.id, 2), first === 'source' ? 9 : 7);
      assert.equal(statSync(base(left.id)).mode & 0o200, 0o200);
      assert.deepEqual(
        readdirSync(agent.folder(left.id)).filter((name) => name.includes('layer')),
        [],
      );
      await destroy(left.id);
    });

  test('a base that was changed keeps all that stand on it from starting', async () => {
    const source = await makeSource();
    const copy = await clone(source);
    const path = base(source.id);
    const { atime, mtime } = statSync(path);
    utimesSync(path, atime, new Date(mtime.getTime() + 5000));
    for (const { id } of [source, copy])
      assert.deepEqual(await agent.blockedCodes(id), ['layer-changed']);
    await agent.untilEvent('vm.disk.parent-invalid', copy.id);
    await assert.rejects(clone(copy), (error) => isFault(error, 'refused'));
    await assert.rejects(call(copy.id, 'machine.flatten', {}), (error) =>
      isFault(error, 'refused'),
    );
    await destroy(source.id);
    await agent.restart();
    assert.deepEqual(await agent.blockedCodes(copy.id), ['layer-changed'], 'also alone with it');
    await destroy(copy.id);
  });

  test('parents that anybody may change or that were changed, and a missing account, are told while nobody starts the vm', async (t) => {
    const source = await makeSource();
    const copy = await clone(source);
    const told = (id: string): readonly string[] =>
      agent.host.troubles?.filter(({ vmId }) => vmId === id).map(({ kind }) => kind) ?? ['none'];
    let version = 1;
    const touch = (settings: object = {}): Promise<unknown> => {
      const { definition } = copy;
      const changed = { ...definition, settings: { ...definition.settings, ...settings } };
      version += 1;
      return call(copy.id, 'machine.configure', {
        definition: changed,
        definitionVersion: version,
      });
    };
    const until = (kind: string): Promise<void> =>
      agent.host.until(`"${kind}" is told`, () => told(copy.id).join() === kind, 30_000);
    await until('');
    const path = base(source.id);
    const { atime, mtime, mode } = statSync(path);
    chmodSync(path, mode | 0o200);
    await touch();
    await until('unprotected-parent');
    chmodSync(path, mode);
    if (isRoot) {
      await touch({ runAs: 'no-such-account' });
      await until('run-account');
    } else t.diagnostic('accounts need root');
    utimesSync(path, atime, new Date(mtime.getTime() + 5000));
    await touch();
    await until('invalid-parent');
    const found = agent.host.troubles?.find(({ vmId }) => vmId === copy.id);
    assert.match(found?.text ?? '', /, below the disk virtio0:0, was changed/);
    for (const { id } of [copy, source]) await destroy(id);
  });

  test('clones of a vm that nobody wrote to stand on the same files, and clones of clones on theirs', async () => {
    const source = await makeSource();
    const copies = [await clone(source), await clone(source), await clone(source)];
    assert.equal(layersOf(source.id).files.length, 2);
    const [one = source] = copies;
    write(one.id, 2, 3);
    const grandchild = await clone(one);
    write(one.id, 2, 4);
    assert.equal(read(grandchild.id, 2), 3);
    assert.equal(read(grandchild.id, 1), 1);
    for (const { id } of [source, ...copies]) await destroy(id);
    await agent.act(grandchild.id, 'turn-on');
    await agent.act(grandchild.id, 'turn-off');
    assert.equal(read(grandchild.id, 2), 3);
    assert.deepEqual(layersOf(grandchild.id).files, []);
    await destroy(grandchild.id);
  });

  test('SCN-08 twenty clones of one write-protected parent need less than a quarter of the space of twenty copies, and a newer parent is another one', async () => {
    const source = await makeSource();
    const megabytes = 16;
    const fill = ['-f', 'qcow2', '-c', `write -P 1 1M ${megabytes}M`, topOf(source.id)];
    execFileSync('qemu-io', fill, { stdio: 'ignore' });
    const copies: Made[] = [];
    for (let count = 0; count < 20; count += 1) copies.push(await clone(source));
    const files = new Map<number, number>();
    for (const { id } of [source, ...copies]) {
      const folder = agent.folder(id);
      for (const name of readdirSync(folder)) {
        const { ino, blocks } = statSync(join(folder, name));
        files.set(ino, blocks * 512);
      }
    }
    const bytes = [...files.values()].reduce((sum, one) => sum + one, 0);
    assert.ok(bytes < (20 * megabytes * miB) / 4, `${bytes} bytes`);
    assert.equal(statSync(base(source.id)).mode & 0o222, 0);
    write(source.id, 1, 2);
    const newer = await clone(source);
    assert.equal(read(newer.id, 1), 2);
    for (const { id } of copies) assert.equal(read(id, 1), 1);
    for (const { id } of [source, newer, ...copies]) await destroy(id);
  });

  test('a running vm is cloned from its snapshot; the snapshot goes, and what it held stays the clone’s', async () => {
    const source = await makeSource();
    const snapshot = await take(source.id);
    write(source.id, 1, 2);
    await agent.act(source.id, 'turn-on');
    await assert.rejects(clone(source), (error) => isFault(error, 'refused'));
    const copy = await clone(source, snapshot);
    assert.equal(read(copy.id, 1), 1);
    await agent.act(copy.id, 'turn-on');
    await agent.act(source.id, 'turn-off');
    await call(source.id, 'machine.snapshot.delete', { snapshotId: snapshot });
    await agent.act(source.id, 'turn-on');
    await agent.act(source.id, 'turn-off');
    await agent.act(copy.id, 'turn-off');
    assert.equal(read(source.id, 1), 2);
    assert.equal(read(copy.id, 1), 1);
    await destroy(copy.id);
    await agent.act(source.id, 'turn-on');
    await agent.act(source.id, 'turn-off');
    assert.equal(read(source.id, 1), 2);
    assert.deepEqual(layersOf(source.id).files, [], 'merged once nobody else needs it');
    await destroy(source.id);
  });

  test('a session with undo disks that a clone stands on is discarded, never written down', async () => {
    const settings = { undoDisks: { enabled: true, onTurnOff: 'keep' } };
    const source = await makeSource({ settings });
    await agent.act(source.id, 'turn-on');
    await agent.act(source.id, 'turn-off');
    await assert.rejects(clone(source), (error) => isFault(error, 'refused'));
    write(source.id, 1, 2);
    const snapshot = await take(source.id);
    const copy = await clone(source, snapshot);
    await call(source.id, 'machine.snapshot.delete', { snapshotId: snapshot });
    write(source.id, 1, 3);
    await assert.rejects(agent.act(source.id, 'commit-undo'), (error) => isFault(error, 'refused'));
    await agent.act(source.id, 'discard-undo');
    write(source.id, 3, 8);
    assert.deepEqual(
      [1, 3].map((region) => read(source.id, region)),
      [1, 8],
    );
    assert.deepEqual(
      [1, 3].map((region) => read(copy.id, region)),
      [2, 0],
    );
    await destroy(source.id);
    await destroy(copy.id);
  });

  test('a clone is flattened with its snapshots, and again after it was cut off', async () => {
    const source = await makeSource();
    const copy = await clone(source);
    write(copy.id, 2, 4);
    const snapshot = await take(copy.id);
    write(copy.id, 2, 5);
    for (const delayMs of [0, 4, 12, 30]) {
      const work = call(copy.id, 'machine.flatten', {});
      work.catch(() => undefined);
      await systemClock.sleep(delayMs);
      await agent.restart();
      assert.deepEqual(
        [1, 2].map((region) => read(copy.id, region)),
        [1, 5],
      );
    }
    await call(copy.id, 'machine.flatten', {});
    await call(copy.id, 'machine.flatten', {});
    assert.notEqual(statSync(base(copy.id)).ino, statSync(base(source.id)).ino);
    assert.ok(layersOf(copy.id).files.every(({ shared }) => shared === undefined));
    assert.deepEqual(
      readdirSync(agent.folder(copy.id)).filter((name) => /part/.test(name)),
      [],
    );
    await destroy(source.id);
    await agent.act(copy.id, 'turn-on');
    await agent.act(copy.id, 'turn-off');
    assert.deepEqual(
      [1, 2].map((region) => read(copy.id, region)),
      [1, 5],
    );
    await call(copy.id, 'machine.snapshot.revert', { snapshotId: snapshot, memory: 'leave' });
    assert.deepEqual(
      [1, 2].map((region) => read(copy.id, region)),
      [1, 4],
    );
    await destroy(copy.id);
  });

  /** Once it is seen to merge layers, which a quick machine may have done before that is told: then again. */
  async function cancelFlattening(source: Made): Promise<string> {
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      const { id } = await clone(source);
      const fill = ['-f', 'qcow2', '-c', 'write -P 6 2M 60M', topOf(id)];
      execFileSync('qemu-io', fill, { stdio: 'ignore' });
      const params = { id, generation: agent.generation(id), cause: byTester };
      const { id: callId, answer } = agent.host.begin('machine.flatten', params);
      const merging = agent.until(id, 'merging-disks', 5_000).then(
        () => true,
        () => false,
      );
      if (await Promise.race([merging, answer.then(() => false)])) {
        agent.host.cancel(callId);
        await answer.catch(() => undefined);
        return id;
      }
      await destroy(id);
    }
    throw new Error('flattening was never seen to merge layers');
  }

  test('flattening that is cancelled while layers merge leaves the clone off, with what it held, and can be done again', async () => {
    const source = await makeSource();
    const id = await cancelFlattening(source);
    await agent.until(id, 'off');
    await call(id, 'machine.flatten', {});
    assert.deepEqual(layersOf(id).files, []);
    assert.deepEqual(
      [1, 2, 61].map((region) => read(id, region)),
      [1, 6, 6],
    );
    await destroy(source.id);
    await destroy(id);
  });

  test('a copy that took the name of a shared file just before the agent was killed is taken for what it is', async () => {
    const source = await makeSource();
    const copy = await clone(source);
    const path = base(copy.id);
    const record = join(agent.process.folder, 'data', 'machines', `${copy.id}.json`);
    await agent.restart(async () => {
      const machine = JSON.parse(readFileSync(record, 'utf8')) as {
        layers: { files: { file: string; seal: object }[]; separated: object | null };
      };
      const seal = machine.layers.files.find(({ file }) => file === 'a.qcow2')?.seal;
      await copyFile(path, `${path}.own.part`);
      await rename(`${path}.own.part`, path);
      const modified = String(statSync(path, { bigint: true }).mtimeNs);
      machine.layers.separated = { file: 'a.qcow2', seal: { ...seal, modified } };
      await writeFile(record, JSON.stringify(machine));
    });
    assert.deepEqual(await agent.blockedCodes(copy.id), []);
    await agent.act(copy.id, 'turn-off');
    assert.equal(read(copy.id, 1), 1);
    assert.deepEqual(layersOf(copy.id).files, [], 'and is its own');
    await destroy(copy.id);
    await destroy(source.id);
  });

  test('whenever the agent is killed there is a whole clone or none, and the source is what it was', async () => {
    const source = await makeSource();
    for (const delayMs of [1, 10, 20, 30, 45, 60]) {
      const before = new Set(agent.host.reports.keys());
      const work = clone(source);
      work.catch(() => undefined);
      await systemClock.sleep(delayMs);
      await agent.restart();
      assert.equal(read(source.id, 1), 1);
      const known = new Set([...agent.host.records.values()].map(({ report }) => report.path));
      const vms = dirname(agent.folder(source.id));
      for (const folder of readdirSync(vms).map((name) => join(vms, name)))
        // One that has just been made is empty, and taken by whoever wants that name next.
        assert.ok(known.has(folder) || readdirSync(folder).length === 0, `half: ${folder}`);
      for (const id of agent.host.records.keys()) {
        if (before.has(id)) continue;
        assert.equal(read(id, 1), 1);
        await destroy(id);
      }
    }
    await agent.act(source.id, 'turn-on');
    await agent.act(source.id, 'turn-off');
    assert.deepEqual(layersOf(source.id).files, []);
    await destroy(source.id);
  });

  test('on another volume a linked clone is refused and leaves nothing, and a move there makes files of its own', async (t) => {
    await using volume = await agent.secondVolume();
    if (volume === undefined) {
      t.skip('there is no second volume');
      return;
    }
    const elsewhere = volume.path;
    const source = await makeSource();
    await assert.rejects(clone(source, null, elsewhere), (error) => isFault(error, 'refused'));
    assert.deepEqual(readdirSync(elsewhere), []);
    assert.deepEqual(layersOf(source.id).files, []);
    const copy = await clone(source);
    write(copy.id, 2, 6);
    const { definition } = copy;
    const move = { parent: elsewhere, definition, definitionVersion: 2, disks: [] };
    await call(copy.id, 'machine.relocate', move);
    await agent.act(copy.id, 'turn-on');
    await agent.act(copy.id, 'turn-off');
    assert.deepEqual(
      [1, 2].map((region) => read(copy.id, region)),
      [1, 6],
    );
    assert.deepEqual(layersOf(copy.id).files, []);
    assert.equal(statSync(base(source.id)).nlink, 1);
    await destroy(copy.id);
    await destroy(source.id);
  });
});
