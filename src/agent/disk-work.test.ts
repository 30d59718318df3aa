/** Disks of a vm that are made smaller, and what is told when work on a disk fails, on a real host. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  eventFacts,
  isEventName,
  type AgentEvent,
  type DiskSource,
  type LinkMethod,
  type LinkParams,
  type LinkResult,
} from '#api';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

describe('work on disks', { skip: withoutQemu }, () => {
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

  const makeVm = (more: Partial<ReturnType<typeof testDisk>> = {}): Promise<string> =>
    agent.create(bareDefinition({ disks: [{ ...testDisk('a.qcow2'), ...more }] }), [
      newDisk('a.qcow2'),
    ]);
  const compact = (id: string): Promise<LinkResult<'machine.disk.compact'>> =>
    call(id, 'machine.disk.compact', {
      place: 'virtio0:0',
      freeBlocks: 'keep',
      fixed: 'refuse',
    });
  async function take(id: string): Promise<string> {
    const snapshotId = crypto.randomUUID();
    const wish = { exclude: [], memory: false, quiesce: false };
    const snapshot = { id: snapshotId, name: 'one', description: '', author: null, ...wish };
    await call(id, 'machine.snapshot.take', { snapshot });
    return snapshotId;
  }
  const io = (path: string, command: string): string =>
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, path]).toString();

  test('DISK-41 a disk gives back blocks of zeros with its content unchanged, and only while nobody else needs it as it is', async () => {
    const id = await makeVm();
    const path = join(agent.folder(id), 'a.qcow2');
    io(path, 'write -P 7 1M 8M');
    io(path, 'write -P 0 20M 16M');
    const was = statSync(path);
    await writeFile(join(agent.folder(id), '.a.qcow2.0123abcd.part'), 'of an agent before');
    const { fileBytes, gainBytes } = await compact(id);
    const is = statSync(path);
    assert.ok(gainBytes >= 15 * miB, `${gainBytes} bytes won`);
    assert.equal(fileBytes, is.blocks * 512);
    assert.deepEqual([is.mode, is.uid, is.gid], [was.mode, was.uid, was.gid]);
    assert.match(io(path, 'read -P 7 1M 8M'), /read 8388608/);
    assert.doesNotMatch(io(path, 'read -P 0 9M 55M'), /verification failed/);
    assert.deepEqual(
      readdirSync(agent.folder(id)).filter((name) => /part/.test(name)),
      [],
    );

    const refused = (error: unknown): boolean => isFault(error, 'refused');
    await agent.act(id, 'turn-on');
    await assert.rejects(compact(id), refused);
    await agent.act(id, 'turn-off');
    const reader = await agent.create(
      bareDefinition({ disks: [{ ...testDisk(path), readOnly: true }] }),
    );
    await assert.rejects(compact(id), refused);
    await call(reader, 'machine.destroy', { keep: [path] });
    const snapshot = await take(id);
    await assert.rejects(compact(id), refused);
    await call(id, 'machine.snapshot.delete', { snapshotId: snapshot });
    await compact(id);
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
  });

  test('DISK-07 a fixed disk takes all of its space at once, with progress, and leaves nothing behind when that is cancelled', async () => {
    const id = await makeVm();
    const make = (file: string): ReturnType<typeof agent.host.begin> =>
      agent.host.begin('machine.disk.create', {
        id,
        generation: 0,
        cause: byTester,
        source: { kind: 'new', file, format: 'raw', sizeBytes: 32 * miB, allocation: 'fixed' },
      });
    agent.host.progress.length = 0;
    await make('fixed.raw').answer;
    const { size, blocks } = statSync(join(agent.folder(id), 'fixed.raw'));
    assert.deepEqual([size, blocks * 512 >= size], [32 * miB, true]);
    assert.equal(agent.host.progress.at(-1), 1);
    const [first, second] = [make('first.raw'), make('second.raw')];
    agent.host.cancel(second.id);
    await first.answer;
    await assert.rejects(second.answer, (error) => isFault(error, 'cancelled'));
    assert.deepEqual(
      readdirSync(agent.folder(id)).filter((name) => /second|part/.test(name)),
      [],
    );
  });

  test('DISK-46 EVT-63 a failed compact, convert, create or merge is an error event that names operation, file and reason', async () => {
    const id = await makeVm();
    const folder = agent.folder(id);
    const make = (source: DiskSource): Promise<unknown> =>
      call(id, 'machine.disk.create', { source });
    await writeFile(join(folder, 'taken.qcow2'), 'in the way');
    await assert.rejects(make(newDisk('taken.qcow2')));
    await writeFile(join(agent.shelf, 'broken.vmdk'), randomBytes(4096));
    await assert.rejects(
      make({
        kind: 'foreign',
        file: 'b.qcow2',
        format: 'qcow2',
        sizeBytes: miB,
        sourcePath: join(agent.shelf, 'broken.vmdk'),
        sourceFormat: 'vmdk',
      }),
    );
    await damage(join(folder, 'a.qcow2'));
    await assert.rejects(compact(id));

    const other = await makeVm();
    const snapshotId = await take(other);
    const [layer = ''] = readdirSync(agent.folder(other)).filter((one) =>
      /layer.*qcow2$/.test(one),
    );
    await damage(join(agent.folder(other), layer));
    await assert.rejects(call(other, 'machine.snapshot.delete', { snapshotId }));
    await agent.untilEvent('vm.disk.merge-failed', other);

    const told = agent.host.events.filter(({ name: one }) =>
      /disk\.(operation|merge)-failed/.test(one),
    );
    assert.deepEqual(
      told.map(({ attributes }) => [attributes['operation'], attributes['file']]),
      [
        ['create', 'taken.qcow2'],
        ['convert', 'b.qcow2'],
        ['compact', 'a.qcow2'],
        ['merge', layer],
      ],
    );
    for (const event of told) assertError(event);
  });

  function assertError({ name, attributes }: Pick<AgentEvent, 'name' | 'attributes'>): void {
    assert.ok(isEventName(name));
    assert.equal(eventFacts(name).type, 'error');
    assert.match(String(attributes['reason']), /\w{3}/);
  }

  /** So that no program takes it for a disk. */
  async function damage(path: string): Promise<void> {
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(512, 0xff), 0, 512, 0);
    await file.close();
  }
});
