/**
 * Snapshots on real files: what each disk holds is compared with a model through a random tree of takes,
 * reverts, deletes and sessions with undo disks that are committed and discarded, while the agent is killed in the
 * middle. GANTRY_SNAPSHOT_SEED is another course.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFault, miB, systemClock } from '#lib';
import type { LinkMethod, LinkParams, LinkResult, MachineReport, VmDefinition } from '#api';
import { Chance } from './drivers/simulated/chance.ts';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { fill, firstBytes, makeChild } from './testing/served-files.ts';

const seed = process.env['GANTRY_SNAPSHOT_SEED'] ?? 'a tree';
const steps = Number(process.env['GANTRY_SNAPSHOT_STEPS'] ?? 30);
/** With a differencing disk, which QEMU does not open itself. */
const withServed = process.env['GANTRY_SNAPSHOT_SERVED'] === 'yes';
const regions = 6;

/** Which pattern each MiB of a disk holds. */
type Content = readonly number[];
const empty: Content = Array.from({ length: regions }, () => 0);

/** What the disks hold. */
interface Point {
  readonly contents: readonly Content[];
  /** What they held when the session with undo disks began; null: there is none. */
  readonly below: readonly Content[] | null;
}
interface Kept extends Point {
  readonly id: string;
}

describe('snapshots', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const names = ['a.qcow2', 'b.raw', ...(withServed ? ['c.vhd'] : [])];
  const formatOf = (name: string): 'qcow2' | 'raw' | 'vhd' =>
    name.endsWith('qcow2') ? 'qcow2' : name.endsWith('raw') ? 'raw' : 'vhd';

  async function makeVm(more: object = {}): Promise<string> {
    const disks = names.map((name, position) => {
      return { ...testDisk(name), position, format: formatOf(name) };
    });
    const definition = bareDefinition({ disks }, more);
    const id = await agent.create(definition, [
      newDisk('a.qcow2'),
      { ...newDisk('b.raw'), format: 'raw' },
    ]);
    const path = join(agent.folder(id), 'c.vhd');
    if (withServed) await makeChild({ path, format: 'vhd', sizeBytes: 64 * miB });
    return id;
  }

  function call<M extends LinkMethod>(
    id: string,
    method: M,
    more: Omit<LinkParams<M>, 'id' | 'generation' | 'cause'>,
  ): Promise<LinkResult<M>> {
    const params = { id, generation: agent.generation(id), cause: byTester, ...more };
    return agent.host.call(method, params as unknown as LinkParams<M>);
  }

  let taken = 0;
  function newSnapshot(exclude: string[] = []): LinkParams<'machine.snapshot.take'>['snapshot'] {
    taken += 1;
    return {
      id: crypto.randomUUID(),
      name: `s${taken}`,
      description: '',
      author: 'ann',
      exclude,
      memory: false,
      quiesce: false,
    };
  }

  async function take(id: string, exclude: string[] = []): Promise<string> {
    const snapshot = newSnapshot(exclude);
    await call(id, 'machine.snapshot.take', { snapshot });
    return snapshot.id;
  }

  const revert = (id: string, snapshotId: string): Promise<LinkResult<'machine.snapshot.revert'>> =>
    call(id, 'machine.snapshot.revert', { snapshotId, memory: 'leave' });
  const remove = (id: string, snapshotId: string): Promise<unknown> =>
    call(id, 'machine.snapshot.delete', { snapshotId });

  function report(id: string): MachineReport {
    const found = agent.host.reports.get(id);
    assert.ok(found !== undefined);
    return found;
  }

  /** The file that the guest would write. */
  function topOf(id: string, name: string): { path: string; format: string } {
    const folder = agent.folder(id);
    const [file] = readdirSync(folder).filter((one) => one.endsWith('.layers.json'));
    const plain = { path: join(folder, name), format: formatOf(name) };
    if (file === undefined) return plain;
    const { layers } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      layers: { tops: { disk: string; top: string }[] };
    };
    const top = layers.tops.find(({ disk }) => disk === name)?.top;
    return top === undefined || top === name ? plain : { path: join(folder, top), format: 'qcow2' };
  }

  async function write(id: string, name: string, region: number, pattern: number): Promise<void> {
    const { path, format } = topOf(id, name);
    if (formatOf(name) === 'vhd') return fill({ path, format }, region, pattern);
    const command = `write -P ${pattern} ${region}M 1M`;
    execFileSync('qemu-io', ['-f', format, '-c', command, path], { stdio: 'ignore' });
  }

  function read(id: string): Promise<Content[]> {
    const each = names.map(async (name): Promise<Content> => {
      const { path, format } = topOf(id, name);
      if (formatOf(name) === 'vhd') return firstBytes({ path, format }, regions);
      const commands = empty.flatMap((_, region) => ['-c', `read -v ${region}M 16`]);
      const said = execFileSync('qemu-io', ['-f', format, '-r', ...commands, path]).toString();
      return [...said.matchAll(/^[0-9a-f]{8,}: {2}([0-9a-f]{2}) /gm)].map(([, hex]) =>
        Number.parseInt(hex ?? '', 16),
      );
    });
    return Promise.all(each);
  }

  test('SNAP-01 SNAP-02 SNAP-04 SNAP-07 SNAP-11 whatever is taken, reverted to, deleted, committed and discarded, and whenever the agent is killed, each point is what it was', async (t) => {
    t.diagnostic(`GANTRY_SNAPSHOT_SEED=${seed}`);
    const chance = new Chance(seed);
    const id = await makeVm({ settings: { undoDisks: { enabled: true, onTurnOff: 'keep' } } });
    let now: Point = {
      contents: names.map((name) => (formatOf(name) === 'vhd' ? empty.with(1, 1) : empty)),
      below: null,
    };
    let kept: Kept[] = [];
    let kills = 0;

    /** Carries it out, or is cut off by the end of the agent, and then asked for again as a coordinator does. */
    const carryOut = async (
      step: number,
      allowed: readonly (readonly Content[])[],
      work: () => Promise<unknown>,
    ): Promise<void> => {
      if (chance.draw('kill', step) < 0.3) {
        kills += 1;
        void work().catch(() => undefined);
        await systemClock.sleep(chance.between(1, 60, 'when', step));
        await agent.process.stop('SIGKILL');
        await agent.comeBack();
        // A start that was cut off.
        if (/running|paused/.test(report(id).state)) await agent.act(id, 'turn-off');
        await agent.until(id, 'off');
        const found = JSON.stringify(await read(id));
        assert.ok(
          allowed.some((one) => JSON.stringify(one) === found),
          `step ${step} ${found} not ${JSON.stringify(allowed)}`,
        );
      }
      await work();
    };
    const session = async (): Promise<void> => {
      await agent.act(id, 'turn-on');
      await agent.act(id, 'turn-off');
    };
    const commit = (): Promise<unknown> =>
      agent.act(id, 'commit-undo').catch((error: unknown) => {
        if (!isFault(error, 'refused')) throw error;
      });

    for (let step = 0; step < steps; step += 1) {
      const what = chance.pick(
        [
          ...(['write', 'write', 'take', 'take', 'revert', 'delete'] as const),
          ...(['session', 'commit', 'discard'] as const),
        ],
        'what',
        step,
      );
      const { contents, below } = now;
      const chosen = kept[Math.floor(chance.draw('at', step) * kept.length)];
      if (what === 'write') {
        const disk = step % names.length;
        const region = Math.floor(chance.draw('region', step) * regions);
        await write(id, names[disk] ?? 'a.qcow2', region, step + 1);
        const written = contents.map((content, index) =>
          index === disk ? content.with(region, step + 1) : content,
        );
        now = { contents: written, below };
      } else if (what === 'take') {
        const snapshot = newSnapshot();
        await carryOut(step, [contents], () => call(id, 'machine.snapshot.take', { snapshot }));
        kept = [...kept, { ...now, id: snapshot.id }];
      } else if (what === 'session') {
        await carryOut(step, [contents], session);
        now = { contents, below: below ?? contents };
      } else if (what === 'commit' || what === 'discard') {
        if (below === null) continue;
        const seen = what === 'commit' ? contents : below;
        const work = what === 'commit' ? commit : () => agent.act(id, 'discard-undo');
        await carryOut(step, [contents, seen], work);
        // A commit that would change a snapshot is refused, and the session goes on.
        now = report(id).undo === null ? { contents: seen, below: null } : now;
        assert.ok(what === 'commit' || now.below === null);
      } else if (chosen !== undefined && what === 'revert') {
        await carryOut(step, [contents, chosen.contents], () => revert(id, chosen.id));
        now = chosen;
      } else if (chosen !== undefined) {
        await carryOut(step, [contents], () => remove(id, chosen.id));
        kept = kept.filter((one) => one !== chosen);
      }
      assert.deepEqual(await read(id), now.contents, `step ${step}: ${what}`);
      assert.equal(report(id).undo !== null, now.below !== null, `step ${step}: ${what}`);
    }
    for (const one of kept) {
      await revert(id, one.id);
      assert.deepEqual(await read(id), one.contents, 'each is still what it was');
      if (one.below === null) continue;
      await agent.act(id, 'discard-undo');
      assert.deepEqual(await read(id), one.below, 'and so is what its session began with');
    }
    t.diagnostic(`${kept.length} snapshots at the end, ${kills} kills of the agent`);
    for (const one of kept) await remove(id, one.id);
    await agent.act(id, 'discard-undo');
    const folder = agent.folder(id);
    const left = readdirSync(folder).filter((name) => /layer|undo|state$|part$/.test(name));
    assert.deepEqual(left, [], 'no file is left of them');
    for (const name of names) {
      const { path, format } = topOf(id, name);
      if (format === 'qcow2') execFileSync('qemu-img', ['check', '-q', '-f', 'qcow2', path]);
    }
    await session();
  });

  test('SNAP-21 SNAP-02 a revert brings back the hardware of then, with identity, name and settings of now', async () => {
    const before = bareDefinition({ disks: [testDisk('a.qcow2')] });
    const id = await agent.create(before, [newDisk('a.qcow2')]);
    const snapshot = await take(id);
    const changed: VmDefinition = {
      ...before,
      name: 'renamed',
      hardware: {
        ...before.hardware,
        sound: 'ac97',
        bios: { chassis: { assetTag: 'T', serialNumber: 'S' }, baseBoard: { serialNumber: 'B' } },
      },
    };
    await call(id, 'machine.configure', { definition: changed, definitionVersion: 2 });
    const { definition } = await revert(id, snapshot);
    assert.equal(definition.hardware.sound, before.hardware.sound);
    assert.equal(definition.name, 'renamed');
    assert.equal(definition.id, id);
    assert.deepEqual(definition.hardware.bios, changed.hardware.bios);
    assert.deepEqual(definition.hardware.adapters, before.hardware.adapters);
  });

  test('SNAP-17 a vm with a shared disk has snapshots only without that disk, which is named', async () => {
    const disks = [
      testDisk('a.qcow2'),
      { ...testDisk('quorum.raw'), format: 'raw' as const, position: 1, shared: true },
    ];
    const id = await agent.create(bareDefinition({ disks }), [
      newDisk('a.qcow2'),
      { ...newDisk('quorum.raw'), format: 'raw' },
    ]);
    await assert.rejects(take(id), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /virtio0:1/);
      return true;
    });
    await agent.untilEvent('vm.snapshot.failed', id);
    await take(id, ['virtio0:1']);
    assert.equal(statSync(join(agent.folder(id), 'quorum.raw')).mode & 0o200, 0o200);
  });

  test('SNAP-18 files of snapshots are write-protected, and one that was changed is not reverted to', async () => {
    const id = await makeVm();
    const first = await take(id);
    const path = join(agent.folder(id), 'a.qcow2');
    assert.equal(statSync(path).mode & 0o222, 0);
    const { atime, mtime } = statSync(path);
    utimesSync(path, atime, new Date(mtime.getTime() + 5000));
    await assert.rejects(revert(id, first), (error) => isFault(error, 'corrupt'));
    await agent.untilEvent('vm.disk.parent-invalid', id);
    utimesSync(path, atime, mtime);
  });

  test('SNAP-11 a snapshot records the undo disks, revert restores them, and a commit that would change it is refused', async () => {
    const settings = { undoDisks: { enabled: true, onTurnOff: 'keep' } };
    const id = await makeVm({ settings });
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    await write(id, 'a.qcow2', 1, 7);
    const snapshot = await take(id);
    await write(id, 'a.qcow2', 1, 8);
    await assert.rejects(agent.act(id, 'commit-undo'), (error) => {
      return isFault(error, 'refused');
    });
    assert.equal((await read(id))[0]?.[1], 8);
    await agent.act(id, 'discard-undo');
    assert.equal((await read(id))[0]?.[1], 0, 'as before the session');
    assert.equal(report(id).undo, null);
    await revert(id, snapshot);
    assert.equal((await read(id))[0]?.[1], 7);
    assert.notEqual(report(id).undo, null, 'the session of then');
    await remove(id, snapshot);
    await agent.act(id, 'commit-undo');
    assert.equal((await read(id))[0]?.[1], 7);
    const layers = readdirSync(agent.folder(id)).filter((name) => /undo|layer/.test(name));
    assert.deepEqual(layers, []);
  });

  test('firmware variables go back with a snapshot', async () => {
    const id = await makeVm();
    const folder = agent.folder(id);
    const [definition = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const path = join(folder, definition.replace('.json', '.firmware'));
    const none = await take(id);
    await writeFile(path, 'one');
    const one = await take(id);
    await writeFile(path, 'two');
    await revert(id, one);
    assert.equal(readFileSync(path, 'utf8'), 'one');
    await revert(id, none);
    assert.equal(existsSync(path), false);
  });

  test('of a vm without disks that runs a snapshot keeps the memory, and without that there is none', async () => {
    const id = await agent.create(bareDefinition({ disks: [] }), []);
    await agent.act(id, 'turn-on');
    const bare = newSnapshot();
    await assert.rejects(call(id, 'machine.snapshot.take', { snapshot: bare }), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /has no disk that a snapshot could keep/);
      return true;
    });
    assert.deepEqual(report(id).snapshots, []);
    const whole = { ...newSnapshot(), memory: true };
    await call(id, 'machine.snapshot.take', { snapshot: whole });
    assert.deepEqual(
      report(id).snapshots.map(({ name, memoryBytes }) => [name, (memoryBytes ?? 0) > 0]),
      [[whole.name, true]],
    );
    await agent.act(id, 'turn-off');
    await call(id, 'machine.snapshot.revert', { snapshotId: whole.id, memory: 'restore' });
    await call(id, 'machine.snapshot.recall', { snapshotId: whole.id });
    assert.equal(report(id).state, 'saved');
    await agent.act(id, 'restore');
    assert.equal(report(id).state, 'running');
    await agent.act(id, 'turn-off');
  });

  test('SNAP-19 a vm that is moved to another volume takes its snapshots and undo disks along', async (t) => {
    await using volume = await agent.secondVolume();
    if (volume === undefined) {
      t.skip('there is no second volume');
      return;
    }
    const elsewhere = volume.path;
    const disks = [testDisk('a.qcow2')];
    const undo = { settings: { undoDisks: { enabled: true } } };
    const definition = bareDefinition({ disks }, undo);
    const id = await agent.create(definition, [newDisk('a.qcow2')]);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    await write(id, 'a.qcow2', 1, 5);
    const snapshot = await take(id);
    await write(id, 'a.qcow2', 1, 6);
    const move = { parent: elsewhere, definition, definitionVersion: 2, disks: [] };
    await call(id, 'machine.relocate', move);
    assert.ok(agent.folder(id).startsWith(elsewhere));
    const held = (): boolean => {
      const { path, format } = topOf(id, 'a.qcow2');
      const args = ['-f', format, '-r', '-c', 'read -P 6 1M 1M', path];
      return spawnSync('qemu-io', args).status === 0;
    };
    assert.ok(held());
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    await revert(id, snapshot);
    assert.equal(held(), false);
    await call(id, 'machine.destroy', { keep: [] });
    assert.deepEqual(readdirSync(elsewhere), []);
  });

  test('a disk moves with all branches and undo disks, as its vm runs and at rest, and memory goes back to it', async () => {
    const undo = { settings: { undoDisks: { enabled: true } } };
    let definition = bareDefinition({ disks: [testDisk('a.qcow2')] }, undo);
    const id = await agent.create(definition, [newDisk('a.qcow2')]);
    const move = async (from: string, to: string): Promise<void> => {
      const { hardware } = definition;
      definition = { ...definition, hardware: { ...hardware, disks: [testDisk(to)] } };
      const params = { parent: null, definition, definitionVersion: 2 };
      await call(id, 'machine.relocate', { ...params, disks: [{ from, to }] });
      const left = readdirSync(agent.folder(id)).filter((one) => one.startsWith(from.slice(0, -6)));
      assert.deepEqual(left, []);
    };
    const holds = (name: string, region: number, pattern: number): boolean => {
      const { path, format } = topOf(id, name);
      const command = `read -P ${pattern} ${region}M 1M`;
      return spawnSync('qemu-io', ['-f', format, '-r', '-c', command, path]).status === 0;
    };
    await write(id, 'a.qcow2', 0, 1);
    const first = await take(id);
    await write(id, 'a.qcow2', 1, 2);
    const second = await take(id);
    await revert(id, first);
    await write(id, 'a.qcow2', 1, 3);
    await agent.act(id, 'turn-on');
    const whole = { ...newSnapshot(), memory: true };
    await call(id, 'machine.snapshot.take', { snapshot: whole });
    await move('a.qcow2', 'web.qcow2');
    assert.equal(report(id).state, 'running');
    await agent.act(id, 'turn-off', { undo: 'keep' });
    assert.ok(holds('web.qcow2', 0, 1) && holds('web.qcow2', 1, 3));
    await revert(id, second);
    assert.ok(holds('web.qcow2', 0, 1) && holds('web.qcow2', 1, 2));
    await call(id, 'machine.snapshot.revert', { snapshotId: whole.id, memory: 'restore' });
    await call(id, 'machine.snapshot.recall', { snapshotId: whole.id });
    assert.equal((await agent.act(id, 'restore')).state, 'running');
    await agent.act(id, 'turn-off', { undo: 'keep' });
    await move('web.qcow2', 'back.qcow2');
    await agent.act(id, 'discard-undo');
    assert.ok(holds('back.qcow2', 1, 3));
    await revert(id, first);
    assert.ok(holds('back.qcow2', 0, 1) && holds('back.qcow2', 1, 0));
    await call(id, 'machine.destroy', { keep: [] });
    assert.equal(existsSync(agent.folder(id)), false, 'all of it was known');
  });

  test('every file of every branch belongs to its vm in the list of all disks', async () => {
    const id = await makeVm();
    const first = await take(id);
    await take(id);
    await revert(id, first);
    const { disks } = await agent.host.call('host.disks', {});
    const ours = disks.filter(({ path }) => path.startsWith(`${agent.folder(id)}/`));
    assert.ok(ours.length >= 6, ours.map(({ path }) => path).join(' '));
    for (const { path, vmIds } of ours) assert.deepEqual(vmIds, [id], path);
  });

  test('a copy of a vm has what its disks hold now, in files of their own without layers', async () => {
    const disks = [{ ...testDisk('b.raw'), format: 'raw' as const }];
    const definition = bareDefinition({ disks });
    const id = await agent.create(definition, [{ ...newDisk('b.raw'), format: 'raw' }]);
    await take(id);
    await write(id, 'b.raw', 2, 9);
    const copy: VmDefinition = { ...bareDefinition({ disks }), name: 'copy-of-layers' };
    await call(id, 'machine.clone', {
      definition: copy,
      definitionVersion: 1,
      parent: null,
      disks: [{ from: 'b.raw', to: 'b.raw' }],
    });
    const content = readFileSync(join(agent.folder(copy.id), 'b.raw'));
    assert.equal(content[2 * miB], 9);
    assert.equal(content.length, 64 * miB);
    assert.deepEqual(report(copy.id).snapshots, []);
  });

  test('SNAP-19 VM-11 a vm that is taken out and added again has its snapshots', async () => {
    const id = await makeVm();
    await write(id, 'a.qcow2', 2, 5);
    const snapshot = await take(id);
    await write(id, 'a.qcow2', 2, 6);
    const folder = agent.folder(id);
    const [file = ''] = readdirSync(folder).filter((name) => /^bare-\d+\.json$/.test(name));
    await call(id, 'machine.forget', {});
    await agent.host.call('machine.adopt', { file: join(folder, file), cause: byTester });
    await agent.host.until('it is known again', () => agent.host.reports.get(id) !== undefined);
    assert.equal((await read(id))[0]?.[2], 6);
    await revert(id, snapshot);
    assert.equal((await read(id))[0]?.[2], 5);
  });
});
