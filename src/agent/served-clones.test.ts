/** Clones of vms on disks of other products (docs/rfd/0027), with real QEMU: linked ones on one file, and full ones. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LinkMethod, LinkParams, LinkResult, VmDefinition } from '#api';
import { hostStore, makeDisk, openDisk } from '#disk';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { serverOf } from './testing/served-guest.ts';
import { fill, firstBytes, makeChild, type FileOfDisk } from './testing/served-files.ts';

interface Made {
  readonly id: string;
  readonly definition: VmDefinition;
}

interface Written {
  readonly files: readonly { readonly file: string }[];
  readonly tops: readonly { readonly top: string }[];
}

describe('clones of disks of other products', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
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

  async function clone({ id, definition: source }: Made, snapshotId: string | null): Promise<Made> {
    const { name } = bareDefinition();
    const definition = { ...source, id: crypto.randomUUID(), name };
    const disks = source.hardware.disks.map(({ file }) => ({ from: file, to: file }));
    const linked = { snapshotId };
    await call(id, 'machine.clone', {
      definition,
      definitionVersion: 1,
      parent: null,
      disks,
      linked,
    });
    return { id: definition.id, definition };
  }

  async function take(id: string): Promise<string> {
    const wish = { description: '', author: 'ann', exclude: [], memory: false, quiesce: false };
    const snapshot = { id: crypto.randomUUID(), name: 'golden', ...wish };
    await call(id, 'machine.snapshot.take', { snapshot });
    return snapshot.id;
  }

  const destroy = (id: string): Promise<unknown> => call(id, 'machine.destroy', { keep: [] });

  function layersOf(id: string): Written {
    const folder = agent.folder(id);
    const file = readdirSync(folder).find((one) => one.endsWith('.layers.json'));
    if (file === undefined) return { files: [], tops: [] };
    return (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { layers: Written }).layers;
  }

  const size = 8 * miB;
  const own = (id: string, file = 'a.vhdx'): FileOfDisk => {
    return { path: join(agent.folder(id), file), format: file.split('.').at(-1) ?? '' };
  };
  const top = (id: string): FileOfDisk =>
    layersOf(id).tops.length === 0
      ? own(id)
      : { path: join(agent.folder(id), layersOf(id).tops[0]?.top ?? ''), format: 'qcow2' };

  async function makeForeign(file: string): Promise<Made> {
    const format = file.endsWith('vhdx') ? ('vhdx' as const) : ('vmdk' as const);
    const disks = [{ ...testDisk(file), format, sizeBytes: size }];
    const definition = bareDefinition({ disks });
    return { id: await agent.create(definition), definition };
  }

  async function runs(id: string): Promise<void> {
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
  }

  /** In one file without parents, as a full clone has it. */
  async function copyWhole(source: Made, file: string): Promise<number[]> {
    const name = `full-${file}`;
    const [disk] = source.definition.hardware.disks;
    const hardware = {
      ...source.definition.hardware,
      disks: disk ? [{ ...disk, file: name }] : [],
    };
    const definition = { ...source.definition, ...bareDefinition(), hardware };
    const disks = [{ from: file, to: name }];
    await call(source.id, 'machine.clone', {
      definition,
      definitionVersion: 1,
      parent: null,
      disks,
    });
    await runs(definition.id);
    const whole = own(definition.id, name);
    await using opened = await openDisk({ ...whole, store: hostStore() });
    assert.equal(opened.parent, undefined);
    const bytes = await firstBytes(whole, 4);
    await destroy(definition.id);
    return bytes;
  }

  test('VM-92 vms and their linked clones run on one VHDX, each with its own changes, and whoever has it alone has one file again', async () => {
    const source = await makeForeign('a.vhdx');
    await makeDisk({ ...own(source.id), sizeBytes: size }, hostStore());
    await fill(own(source.id), 1, 1);
    const snapshot = await take(source.id);
    await fill(top(source.id), 2, 7);
    const copy = await clone(source, snapshot);
    const flat = await clone(source, snapshot);
    assert.equal(statSync(own(copy.id).path).ino, statSync(own(source.id).path).ino);
    await fill(top(copy.id), 3, 9);
    await call(flat.id, 'machine.flatten', {});
    assert.deepEqual(layersOf(flat.id).files, [], 'one file of its own');
    for (const { id } of [source, copy, flat]) await runs(id);
    assert.deepEqual(await firstBytes(top(source.id), 4), [0, 1, 7, 0]);
    assert.deepEqual(await firstBytes(top(copy.id), 4), [0, 1, 0, 9]);
    assert.deepEqual(await firstBytes(own(flat.id), 4), [0, 1, 0, 0]);
    assert.deepEqual(await copyWhole(source, 'a.vhdx'), [0, 1, 7, 0]);
    await destroy(source.id);
    await runs(copy.id);
    assert.deepEqual(layersOf(copy.id).files, [], 'one file again');
    assert.deepEqual(await firstBytes(own(copy.id), 4), [0, 1, 0, 9]);
    for (const { id } of [copy, flat]) await destroy(id);
  });

  test('a vm that runs is flattened on a disk that is served to it: what serves that goes on with the copy, into which layers merge', async () => {
    const source = await makeForeign('a.vhdx');
    await makeDisk({ ...own(source.id), sizeBytes: size }, hostStore());
    await fill(own(source.id), 1, 1);
    const kept = await take(source.id);
    const copy = await clone(source, null);
    await fill(top(source.id), 2, 7);
    await agent.act(source.id, 'turn-on');
    const { ino } = statSync(own(copy.id).path);
    const before = readFileSync(own(copy.id).path);
    const openInodes = (): number[] => {
      const fds = `/proc/${serverOf(source.id) ?? 0}/fd`;
      return readdirSync(fds).flatMap((fd) => {
        const stats = statSync(join(fds, fd), { throwIfNoEntry: false });
        return stats?.isFile() === true ? [stats.ino] : [];
      });
    };
    assert.ok(openInodes().includes(ino));
    await call(source.id, 'machine.flatten', {});
    const its = statSync(own(source.id).path).ino;
    assert.notEqual(its, ino);
    assert.deepEqual([openInodes().includes(its), openInodes().includes(ino)], [true, false]);
    await call(source.id, 'machine.snapshot.delete', { snapshotId: kept });
    assert.deepEqual(layersOf(source.id).files, [], 'one file of its own');
    assert.ok(before.equals(readFileSync(own(copy.id).path)), 'the clone has what it had');
    await agent.act(source.id, 'turn-off');
    assert.deepEqual(await firstBytes(own(source.id), 4), [0, 1, 7, 0]);
    await runs(copy.id);
    assert.deepEqual(await firstBytes(own(copy.id), 4), [0, 1, 0, 0]);
    for (const { id } of [source, copy]) await destroy(id);
  });

  test('of a differencing disk there are full clones and no linked ones, and a disk in several files has no layers', async () => {
    const source = await makeForeign('a.vhdx');
    await makeChild({ ...own(source.id), sizeBytes: size });
    await assert.rejects(clone(source, null), (error) => isFault(error, 'refused'));
    assert.deepEqual(await copyWhole(source, 'a.vhdx'), [0, 1, 0, 0]);
    await take(source.id);
    const flat = await makeForeign('b.vmdk');
    const file = own(flat.id, 'b.vmdk');
    await makeDisk({ ...file, variant: 'monolithicFlat', sizeBytes: size }, hostStore());
    await assert.rejects(take(flat.id), (error) => isFault(error, 'refused'));
    assert.deepEqual(layersOf(flat.id).files, []);
    await runs(flat.id);
    for (const { id } of [source, flat]) await destroy(id);
  });
});
