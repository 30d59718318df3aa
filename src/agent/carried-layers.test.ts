/** A folder whose file of layers was written by somebody else: what it names of the host stays as it is. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFault } from '#lib';
import type { Layers } from './machine/layers/layers.ts';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

/** From any folder to the root. */
const up = '../'.repeat(20);

type Change = (layers: Layers) => Layers;

describe('layers that came with a folder', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let victim: string;

  before(async () => {
    agent = await QemuAgent.start();
    // Beside the folders that vms may use, as all of the host is.
    victim = mkdtempSync(join(tmpdir(), 'gl-'));
    writeFileSync(join(victim, 'file'), 'kept', { mode: 0o644 });
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
    if (victim !== undefined) rmSync(victim, { recursive: true, force: true });
  });

  async function take(id: string): Promise<void> {
    const snapshot = {
      id: crypto.randomUUID(),
      name: 's',
      description: '',
      author: 'ann',
      exclude: [],
      memory: false,
      quiesce: false,
    };
    const generation = agent.generation(id);
    await agent.host.call('machine.snapshot.take', { id, generation, cause: byTester, snapshot });
  }

  /** A vm with a snapshot, taken out, its file of layers changed. Answers its configuration file. */
  async function carried(change: Change): Promise<{ readonly id: string; readonly file: string }> {
    const disks = [testDisk('a.qcow2')];
    const id = await agent.create(bareDefinition({ disks }), [newDisk('a.qcow2')]);
    await take(id);
    const generation = agent.generation(id);
    await agent.host.call('machine.forget', { id, generation, cause: byTester });
    const folder = agent.folder(id);
    const [name = ''] = readdirSync(folder).filter((one) => one.endsWith('.layers.json'));
    const path = join(folder, name);
    const told = JSON.parse(readFileSync(path, 'utf8')) as { readonly layers: Layers };
    writeFileSync(path, JSON.stringify({ ...told, layers: change(told.layers) }));
    return { id, file: path.replace('.layers.json', '.json') };
  }

  const adopt = (file: string): Promise<unknown> =>
    agent.host.call('machine.adopt', { file, cause: byTester });

  test('what it says to be under way is not done to files of the host', async () => {
    const { id, file } = await carried((layers) => ({
      ...layers,
      unfinished: [
        { file: victim, mode: null },
        { file: join(victim, 'file'), mode: 0o777 },
      ],
      stateFrom: `${up}${victim}`,
    }));
    await adopt(file);
    await agent.host.until('it is known again', () => agent.host.reports.get(id) !== undefined);
    // The next agent settles what a record leaves unfinished.
    await agent.restart();
    await take(id);
    assert.equal(readFileSync(join(victim, 'file'), 'utf8'), 'kept');
    assert.equal(statSync(join(victim, 'file')).mode & 0o777, 0o644);
  });

  test('files outside of the folders for vms, and those of another vm, are no layers of it', async () => {
    const put = (layers: Layers, path: string): Layers => ({
      ...layers,
      files: layers.files.map((layer) =>
        layer.parent === null ? layer : { ...layer, file: path },
      ),
      tops: layers.tops.map((top) => ({ ...top, top: path })),
    });
    const refused = async (change: Change, code: 'forbidden' | 'refused'): Promise<void> => {
      const { id, file } = await carried(change);
      await assert.rejects(adopt(file), (error) => isFault(error, code));
      await assert.rejects(agent.host.call('machine.look', { id }), (error) =>
        isFault(error, 'not-found'),
      );
    };
    await refused((layers) => put(layers, join(victim, 'file')), 'forbidden');
    await refused((layers) => put(layers, `${up}${victim}/file`), 'forbidden');
    await refused(
      (layers) => ({
        ...layers,
        snapshots: layers.snapshots.map((snapshot) => ({ ...snapshot, state: `${up}${victim}` })),
      }),
      'forbidden',
    );
    const other = await agent.create(bareDefinition({ disks: [testDisk('b.qcow2')] }), [
      newDisk('b.qcow2'),
    ]);
    const theirs = join(agent.folder(other), 'b.qcow2');
    const { mode } = statSync(theirs);
    await refused((layers) => put(layers, theirs), 'refused');
    assert.equal(statSync(theirs).mode, mode);
    assert.equal((await agent.act(other, 'turn-on')).state, 'running');
    await agent.act(other, 'turn-off');
  });
});
