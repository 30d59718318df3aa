/** A volume on which files have no owner and no mode: NTFS as ntfs-3g mounts it without being told of users. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Finding, HostSettings } from '#api';
import { isFault, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

/** Why it cannot be had here, or undefined. */
function mountOpenVolume(path: string): string | undefined {
  const image = `${path}.ntfs`;
  mkdirSync(path);
  writeFileSync(image, '');
  truncateSync(image, 128 * miB);
  for (const [program, ...args] of [
    ['mkfs.ntfs', '-Q', '-F', image],
    ['mount', '-t', 'ntfs-3g', '-o', 'loop', image, path],
  ] as const) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) return error?.message ?? stderr;
  }
  return undefined;
}

test(
  'HOST-38 SEC-50 vms are kept off a volume that has no permissions of files, unless the host is told otherwise',
  { skip: withoutQemu },
  async (t) => {
    await using agent = await QemuAgent.start();
    const volume = join(agent.shelf, 'open');
    const whyNot = mountOpenVolume(volume);
    if (whyNot !== undefined) {
      t.skip(whyNot);
      return;
    }
    const configure = async (change: Partial<HostSettings>): Promise<void> => {
      const settings = { ...agent.coordinator.settings, ...change };
      const { eventScripts } = agent.coordinator;
      await agent.host.call('host.configure', { settings, eventScripts });
    };
    const finding = async (): Promise<Finding | undefined> =>
      (await agent.host.call('host.diagnose', {})).findings.find(
        ({ check }) => check === `volume of ${volume}`,
      );
    try {
      const refused = (work: Promise<unknown>): Promise<void> =>
        assert.rejects(work, (error) => {
          assert.ok(isFault(error, 'unsupported'), String(error));
          assert.match(error.hint ?? '', /settings\.volumesWithoutPermissions=allow/);
          return true;
        });
      const id = await agent.create(bareDefinition({ disks: [testDisk('a.qcow2')] }), [
        newDisk('a.qcow2'),
      ]);
      const made = agent.folder(id);
      const generation = agent.generation(id);
      const params = { id, generation, cause: byTester };
      const far = { ...newDisk('a.qcow2'), file: join(volume, 'far.qcow2') };
      await refused(agent.host.call('machine.disk.create', { ...params, source: far }));
      await configure({ vmFolder: volume });
      await refused(agent.create(bareDefinition()));
      assert.deepEqual(readdirSync(volume), [], 'nothing is left of what was refused');
      assert.equal((await finding())?.result, 'error');

      const copied = join(volume, basename(made));
      cpSync(made, copied, { recursive: true });
      const [file = ''] = readdirSync(copied).filter((name) => name.endsWith('.json'));
      await agent.host.call('machine.forget', params);
      const adopt = { file: join(copied, file), cause: byTester };
      await refused(agent.host.call('machine.adopt', adopt));

      await configure({ vmFolder: volume, volumesWithoutPermissions: 'allow' });
      assert.equal((await finding())?.result, 'warning');
      await agent.host.call('machine.adopt', adopt);
      assert.equal((await agent.act(id, 'turn-on')).state, 'running');
      await agent.act(id, 'turn-off');
      const other = await agent.create(bareDefinition());
      assert.equal(agent.folder(other).startsWith(`${volume}/`), true);
    } finally {
      spawnSync('umount', ['--lazy', volume]);
    }
  },
);
