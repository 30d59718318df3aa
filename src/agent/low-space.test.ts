/** A volume that fills up under a guest that writes: a tmpfs of its own, with ballast that a test takes away. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lowSpaceSchema, type LowSpace } from '#api';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

const smallVolume = ['-t', 'tmpfs', '-o', 'size=768m,mode=711', 'tmpfs'] as const;

/** The reason of a skip. */
function withoutVolume(): string | false {
  if (withoutQemu !== false) return withoutQemu;
  const path = mkdtempSync(join(tmpdir(), 'gv-'));
  const isMounted = spawnSync('mount', [...smallVolume, path]).status === 0;
  if (isMounted) spawnSync('umount', [path]);
  rmdirSync(path);
  return isMounted ? false : 'this account may not mount a tmpfs';
}

/** An agent whose vms are on a small volume of their own. */
async function crowdedAgent(): Promise<CrowdedAgent> {
  await using made = new AsyncDisposableStack();
  const path = await mkdtemp(join(tmpdir(), 'gv-'));
  made.defer(() => rm(path, { recursive: true, force: true }));
  assert.equal(spawnSync('mount', [...smallVolume, path]).status, 0);
  made.defer(() => {
    spawnSync('umount', ['--lazy', path]);
  });
  await chmod(path, 0o711);
  const agent = made.use(await QemuAgent.start());
  const stack = made.move();
  const ballast = join(path, 'ballast');
  return {
    agent,
    path,
    async configure(lowSpace) {
      const { settings, eventScripts } = agent.coordinator;
      const changed = { ...settings, vmFolder: path, minimumFreeDiskBytes: 0, lowSpace };
      await agent.host.call('host.configure', { settings: changed, eventScripts });
    },
    async leave(freeBytes) {
      await rm(ballast, { force: true });
      const { bavail, bsize } = await statfs(path);
      await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes), 1));
    },
    makeRoom: () => rm(ballast, { force: true }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const skip = withoutVolume();

interface CrowdedAgent extends AsyncDisposable {
  readonly agent: QemuAgent;
  /** Of the volume. */
  readonly path: string;
  configure(lowSpace: LowSpace): Promise<void>;
  /** So much is free on the volume from now on. */
  leave(freeBytes: number): Promise<void>;
  makeRoom(): Promise<void>;
}

test(
  'DISK-49 DISK-50 DISK-51 DISK-52 EVT-61 EVT-62 a guest is paused before its volume is full, never sees an error, and goes on when there is room',
  { skip },
  async () => {
    await using crowded = await crowdedAgent();
    const { agent, path } = crowded;
    const rule = { warn: { bytes: 200 * miB }, pause: { bytes: 100 * miB } };
    await crowded.configure(lowSpaceSchema.parse(rule));
    const guest = new WrittenGuest(agent);
    const { id } = guest;
    await guest.create();
    await guest.boot();
    assert.deepEqual(
      agent.events(id).filter((name) => name.includes('space')),
      [],
    );

    await crowded.leave(130 * miB);
    await agent.untilEvent('vm.disk.space-low', id);
    const write =
      'dd if=/dev/zero of=/dev/vdb bs=1M count=60 conv=fsync 2>/dev/null && echo written';
    const writing = guest.run(write);
    await agent.until(id, 'paused', 60_000);
    const paused = agent.host.events.find(({ name }) => name === 'vm.disk.space-exhausted');
    assert.equal(paused?.attributes['volume'], path);
    assert.match(String(paused.attributes['device']), /^virtio0:/);
    assert.ok(Number(paused.attributes['freeBytes']) < 100 * miB);
    const isTold = (): boolean =>
      agent.host.troubles?.some(({ kind, vmId }) => kind === 'no-space' && vmId === id) === true;
    await agent.host.until('the trouble is told', isTold, 30_000);
    assert.match(
      agent.host.reports.get(id)?.lastFault?.message ?? '',
      /paused: the volume .* left/,
    );
    await assert.rejects(agent.act(id, 'resume'), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /are free, .* are needed/);
      return true;
    });
    await crowded.makeRoom();
    await agent.until(id, 'running');
    await agent.host.until('the trouble is over', () => !isTold(), 30_000);
    assert.equal(await writing, 'written');

    // Faster than anybody looks: one write takes all that is left, of which there was enough before.
    await crowded.configure(lowSpaceSchema.parse({ warn: { bytes: 0 }, pause: { bytes: 0 } }));
    await guest.run('blkdiscard /dev/vdb');
    await crowded.leave(1.25 * miB);
    const rest = guest.run(write.replace('conv=fsync', 'oflag=direct'));
    await agent.untilEvent('vm.disk-error', id, 60_000);
    await agent.until(id, 'paused');
    await crowded.makeRoom();
    await agent.until(id, 'running');
    assert.equal(await rest, 'written');
    assert.equal(await guest.run('dmesg | grep -ci "i/o error"'), '0');

    // Somebody knows better.
    await crowded.configure(lowSpaceSchema.parse({ ...rule, resume: 'by-hand' }));
    await crowded.leave(90 * miB);
    await agent.until(id, 'paused');
    await agent.act(id, 'resume', { force: true });
    assert.equal(await guest.run('echo awake'), 'awake');
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    guest.close();
  },
);

test(
  'SNAP-09 SNAP-10 DISK-53 a snapshot is refused with figures where its memory has no room; the disk of a vm that had none to fear grows after it, which is warned of and pauses the vm at thresholds of the volume, in bytes or percent',
  { skip },
  async () => {
    await using crowded = await crowdedAgent();
    const { agent, path } = crowded;
    await crowded.configure(lowSpaceSchema.parse({ warn: { bytes: 0 }, pause: { bytes: 0 } }));
    const make = async (format: 'qcow2' | 'raw'): Promise<string> => {
      const disk = { ...testDisk(`a.${format}`), format, sizeBytes: 4 * miB };
      const { file, sizeBytes } = disk;
      const source = { kind: 'new', file, format, sizeBytes } as const;
      return await agent.create(bareDefinition({ disks: [disk] }), [source]);
    };
    // In the order in which they are looked at.
    const [full, growing] = [await make('raw'), await make('qcow2')];
    await writeFile(join(agent.folder(full), 'a.raw'), randomBytes(4 * miB), { flag: 'r+' });
    for (const id of [full, growing]) await agent.act(id, 'turn-on');
    const take = (memory: boolean): Promise<unknown> =>
      agent.host.call('machine.snapshot.take', {
        id: full,
        generation: agent.generation(full),
        cause: byTester,
        snapshot: {
          id: crypto.randomUUID(),
          name: 'one',
          description: '',
          author: null,
          exclude: [],
          memory,
          quiesce: false,
        },
      });

    await crowded.leave(16 * miB);
    const before = await readdir(agent.folder(full));
    await assert.rejects(take(true), (error) => {
      assert.ok(isFault(error, 'exhausted'));
      assert.match(error.message, /33(\.0)? MiB are needed, 16(\.0)? MiB are free/);
      assert.equal(error.facts['neededBytes'], 33 * miB);
      return true;
    });
    await agent.untilEvent('vm.snapshot.failed', full);
    assert.deepEqual(await readdir(agent.folder(full)), before);
    await crowded.leave(0);
    await assert.rejects(take(false), (error) => isFault(error, 'exhausted'));
    await crowded.leave(16 * miB);

    const nowhere = { warn: { bytes: 0 }, pause: { bytes: 0 } };
    const configure = (rule: object): Promise<void> => {
      const other = { path: '/elsewhere', warn: { percent: 100 }, pause: { percent: 100 } };
      const volumes = [other, { path, ...rule }];
      return crowded.configure(lowSpaceSchema.parse({ ...nowhere, volumes }));
    };
    await configure({ warn: { percent: 20 }, pause: { bytes: 0 } });
    await agent.untilEvent('vm.disk.space-low', growing);
    const warned = (): boolean => agent.events(full).includes('vm.disk.space-low');
    assert.equal(warned(), false, 'all that its disk can take is taken');
    await take(false);
    await agent.untilEvent('vm.disk.space-low', full);
    await configure({ warn: { bytes: 0 }, pause: { percent: 20 } });
    await agent.until(full, 'paused');
    await configure(nowhere);
    await agent.until(full, 'running');
    await configure({ warn: { bytes: 100 * miB }, pause: { bytes: 100 * miB } });
    await agent.until(full, 'paused');
    const told = agent.host.events.find(
      ({ name, vmId }) => name === 'vm.disk.space-exhausted' && vmId === full,
    );
    assert.deepEqual([told?.attributes['device'], told?.attributes['volume']], ['virtio0:0', path]);
  },
);
