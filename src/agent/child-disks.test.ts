/** Differencing disks over disks that vms have, which they have in their place from then on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Disk, LinkResult } from '#api';
import { compareDisks, hostStore, makeDisk, openDisk } from '#disk';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

type Made = LinkResult<'machine.disk.put-child'>;

describe('children of disks that vms have', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const settings = { acceleration: 'tcg' } as const;
  async function makeVm(disk: Disk): Promise<{ id: string; folder: string }> {
    const definition = bareDefinition({ disks: [disk] }, { settings });
    const id = await agent.create(definition, disk.format === 'qcow2' ? [newDisk(disk.file)] : []);
    const folder = agent.folder(id);
    const { format } = disk;
    const path = join(folder, disk.file);
    if (format !== 'qcow2')
      await makeDisk({ path, format, sizeBytes: 64 * miB }, hostStore([folder]));
    await using file = await openDisk({
      path,
      format,
      access: 'write',
      store: hostStore([folder]),
    });
    await file.write(Buffer.alloc(miB, 5), 0);
    await file.flush();
    return { id, folder };
  }
  const put = (id: string, parent: Disk, child: Disk): Promise<Made> =>
    agent.host.call('machine.disk.put-child', {
      id,
      generation: agent.generation(id),
      cause: byTester,
      parent,
      child,
    });
  const checksum = (path: string): string => hash('sha256', readFileSync(path));
  const run = async (id: string): Promise<void> => {
    assert.equal((await agent.act(id, 'turn-on')).state, 'running');
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
  };

  for (const format of ['qcow2', 'vhd'] as const)
    test(`a vm has the child of its ${format} disk, the parent stays as it is, and either it or its child goes on`, async () => {
      const parent: Disk = { ...testDisk(`a.${format}`), format };
      const child: Disk = { ...parent, file: `b.${format}` };
      const { id, folder } = await makeVm(parent);
      const [below, above] = [parent, child].map(({ file }) => join(folder, file)) as [
        string,
        string,
      ];
      const content = checksum(below);
      const made = await put(id, parent, child);
      assert.deepEqual([made.path, made.format, made.sizeBytes], [above, format, 64 * miB]);
      assert.deepEqual(await put(id, parent, child), made, 'asked for again it is there');
      assert.equal(statSync(below).mode & 0o222, 0, 'the parent is read-only');
      await run(id);
      const store = hostStore([folder]);
      {
        await using disk = await openDisk({ path: above, format, access: 'write', store });
        assert.equal(disk.parent?.name, below);
        await disk.write(Buffer.alloc(512, 9), miB);
        await disk.flush();
      }
      await run(id);
      assert.equal(checksum(below), content);

      const { files } = await agent.host.call('machine.files', { id });
      assert.equal(files.find(({ path }) => path === above)?.role, 'disk');
      const { disks } = await agent.host.call('host.disks', {});
      const use = (path: string) => disks.find((one) => one.path === path)?.vmIds;
      assert.deepEqual([use(below), use(above)], [[id], [id]]);

      // One more above it, taken back again: the first child is what the vm writes as before.
      const second: Disk = { ...child, file: `c.${format}` };
      await put(id, child, second);
      await run(id);
      const call = () => ({ id, generation: agent.generation(id), cause: byTester });
      await agent.host.call('machine.disk.drop-child', { ...call(), parent: child, child: second });
      await agent.host.call('machine.disk.drop-child', { ...call(), parent: child, child: second });
      assert.equal(existsSync(join(folder, second.file)), false);
      assert.notEqual(statSync(above).mode & 0o200, 0, 'it can be written again');
      await run(id);

      // Detached it is a file like any other, that shows what the guest saw.
      await agent.host.call('machine.disk.detach', { ...call(), disk: child });
      await using one = await openDisk({ path: above, format, store });
      const sector = Buffer.alloc(512);
      await one.read(sector, miB);
      assert.equal(sector[0], 9);
      await one.read(sector, 0);
      assert.equal(sector[0], 5);
      assert.equal((await compareDisks(one, one, {})).isEqual, true);
    });

  test('a snapshot above a child is taken, reverted to and deleted; nothing is ever merged into the parent', async () => {
    const parent = testDisk('a.qcow2');
    const child = { ...parent, file: 'b.qcow2' };
    const { id, folder } = await makeVm(parent);
    const content = checksum(join(folder, 'a.qcow2'));
    await put(id, parent, child);
    const call = { id, generation: agent.generation(id), cause: byTester };
    const snapshotId = crypto.randomUUID();
    const snapshot = {
      id: snapshotId,
      name: 's',
      description: '',
      author: null,
      exclude: [],
      memory: false,
      quiesce: false,
    };
    await agent.host.call('machine.snapshot.take', { ...call, snapshot });
    await assert.rejects(
      put(id, child, { ...child, file: 'c.qcow2' }),
      (error) => isFault(error, 'refused') && error.message.includes('layers lie on'),
    );
    await agent.host.call('machine.snapshot.revert', { ...call, snapshotId, memory: 'leave' });
    await agent.host.call('machine.snapshot.delete', { ...call, snapshotId });
    await run(id);
    assert.equal(checksum(join(folder, 'a.qcow2')), content);
    execFileSync('qemu-img', ['check', '-q', join(folder, 'b.qcow2')]);
    const parts = readFileSync(join(folder, 'b.qcow2')).includes('a.qcow2');
    assert.ok(parts, 'the child still lies on its parent');
  });

  test('a child moves without its parent, as its vm runs and at rest, and holds what it held', async () => {
    const parent = testDisk('a.qcow2');
    const child = { ...parent, file: 'b.qcow2' };
    const { id, folder } = await makeVm(parent);
    const content = checksum(join(folder, 'a.qcow2'));
    await put(id, parent, child);
    const store = hostStore([folder]);
    {
      const path = join(folder, 'b.qcow2');
      await using disk = await openDisk({ path, format: 'qcow2', access: 'write', store });
      await disk.write(Buffer.alloc(512, 9), 2 * miB);
      await disk.flush();
    }
    const held = async (path: string): Promise<(number | undefined)[]> => {
      await using disk = await openDisk({ path: join(folder, path), format: 'qcow2', store });
      assert.equal(disk.parent?.name, join(folder, 'a.qcow2'));
      const sectors = [Buffer.alloc(512), Buffer.alloc(512)] as const;
      await disk.read(sectors[0], 0);
      await disk.read(sectors[1], 2 * miB);
      return sectors.map(([first]) => first);
    };
    let definition = bareDefinition({ disks: [child] }, { id, settings });
    const move = async (from: string, to: string): Promise<void> => {
      const { hardware } = definition;
      definition = { ...definition, hardware: { ...hardware, disks: [{ ...child, file: to }] } };
      const call = { id, generation: agent.generation(id), cause: byTester, definition };
      const disks = [{ from, to }];
      const params = { ...call, definitionVersion: 2, parent: null, disks };
      await agent.host.call('machine.relocate', params);
      assert.equal(existsSync(join(folder, from)), false);
    };
    await move('b.qcow2', 'below/c.qcow2');
    assert.deepEqual(await held('below/c.qcow2'), [5, 9]);
    await agent.act(id, 'turn-on');
    await move('below/c.qcow2', 'd.qcow2');
    assert.equal((await agent.act(id, 'turn-off')).state, 'off');
    assert.deepEqual(await held('d.qcow2'), [5, 9]);
    assert.ok(statSync(join(folder, 'd.qcow2')).blocks * 512 < miB, 'its own blocks alone');
    await run(id);
    assert.equal(checksum(join(folder, 'a.qcow2')), content);
  });

  test('it is refused with the reason while the vm runs, for other formats, and where its name is taken', async () => {
    const parent = testDisk('a.qcow2');
    const { id } = await makeVm(parent);
    const child = { ...parent, file: 'b.qcow2' };
    const refused = async (made: Disk, what: RegExp): Promise<void> => {
      await assert.rejects(
        put(id, parent, made),
        (error) => isFault(error) && what.test(error.message),
      );
    };
    await refused({ ...child, format: 'vhd' }, /is in qcow2, not in vhd/);
    await refused({ ...child, file: `${agent.host.reports.get(id)?.name}.json` }, /already/);
    await agent.act(id, 'turn-on');
    await refused(child, /is running, and its disk changes only while it is off/);
    await agent.act(id, 'turn-off');
    await put(id, parent, child);
  });
});
