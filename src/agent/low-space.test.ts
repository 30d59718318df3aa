/** A volume that fills up under a guest that writes: a tmpfs of its own, with ballast that a test takes away. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lowSpaceSchema, type LowSpace } from '#api';
import { isFault, miB } from '#lib';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

/** Undefined where this account may not mount. */
async function smallVolume(): Promise<(AsyncDisposable & { readonly path: string }) | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'gv-'));
  const options = ['-t', 'tmpfs', '-o', 'size=768m,mode=711', 'tmpfs', path];
  if (spawnSync('mount', options).status !== 0) {
    await rm(path, { recursive: true });
    return undefined;
  }
  await chmod(path, 0o711);
  return {
    path,
    async [Symbol.asyncDispose]() {
      spawnSync('umount', ['--lazy', path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

test(
  'DISK-49 DISK-50 DISK-51 DISK-52 EVT-61 EVT-62 a guest is paused before its volume is full, never sees an error, and goes on when there is room',
  { skip: withoutQemu },
  async (t) => {
    await using volume = await smallVolume();
    if (volume === undefined) {
      t.skip('this account may not mount a tmpfs');
      return;
    }
    const { path } = volume;
    await using agent = await QemuAgent.start();
    const ballast = join(path, 'ballast');
    const configure = async (lowSpace: LowSpace): Promise<void> => {
      const { settings, eventScripts } = agent.coordinator;
      const changed = { ...settings, vmFolder: path, minimumFreeDiskBytes: 0, lowSpace };
      await agent.host.call('host.configure', { settings: changed, eventScripts });
    };
    const leave = async (freeBytes: number): Promise<void> => {
      await rm(ballast, { force: true });
      const { bavail, bsize } = await statfs(path);
      await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes), 1));
    };
    const rule = { warn: { bytes: 200 * miB }, pause: { bytes: 100 * miB } };
    await configure(lowSpaceSchema.parse(rule));
    const guest = new WrittenGuest(agent);
    const { id } = guest;
    await guest.create();
    await guest.boot();
    assert.deepEqual(
      agent.events(id).filter((name) => name.includes('space')),
      [],
    );

    await leave(130 * miB);
    await agent.untilEvent('vm.disk.space-low', id);
    const write =
      'dd if=/dev/zero of=/dev/vdb bs=1M count=60 conv=fsync 2>/dev/null && echo written';
    const writing = guest.run(write);
    await agent.until(id, 'paused', 60_000);
    const paused = agent.host.events.find(({ name }) => name === 'vm.disk.space-exhausted');
    assert.equal(paused?.attributes['volume'], path);
    assert.match(String(paused.attributes['device']), /^virtio0:/);
    assert.ok(Number(paused.attributes['freeBytes']) < 100 * miB);
    assert.match(
      agent.host.reports.get(id)?.lastFault?.message ?? '',
      /paused: the volume .* left/,
    );
    await assert.rejects(agent.act(id, 'resume'), (error) => {
      assert.ok(isFault(error, 'refused'));
      assert.match(error.message, /are free, .* are needed/);
      return true;
    });
    await rm(ballast);
    await agent.until(id, 'running');
    assert.equal(await writing, 'written');

    // Faster than anybody looks, and with nothing that would pause it before.
    await configure(lowSpaceSchema.parse({ warn: { bytes: 0 }, pause: { bytes: 0 } }));
    await guest.run('blkdiscard /dev/vdb');
    await leave(8 * miB);
    const rest = guest.run(write);
    await agent.untilEvent('vm.disk-error', id, 60_000);
    await agent.until(id, 'paused');
    await rm(ballast);
    await agent.until(id, 'running');
    assert.equal(await rest, 'written');
    assert.equal(await guest.run('dmesg | grep -ci "i/o error"'), '0');

    // Somebody knows better.
    await configure(lowSpaceSchema.parse({ ...rule, resume: 'by-hand' }));
    await leave(90 * miB);
    await agent.until(id, 'paused');
    await agent.act(id, 'resume', { force: true });
    assert.equal(await guest.run('echo awake'), 'awake');
    assert.equal(agent.host.reports.get(id)?.state, 'running');
    guest.close();
  },
);
