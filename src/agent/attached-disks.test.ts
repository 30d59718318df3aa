/** Disks that come to vms as they run, with real QEMU. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import {
  bareDefinition,
  byTester,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

test(
  'a disk that another vm writes comes to no vm that runs, and it is said whose it is',
  { skip: withoutQemu },
  async () => {
    await using agent = await QemuAgent.start();
    const file = join(agent.shelf, 'theirs.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M']);
    const disk = { ...testDisk(file), position: 1 };
    const one = await agent.create(bareDefinition({ disks: [disk] }));
    const other = await agent.create(bareDefinition());
    await Promise.all([agent.act(one, 'turn-on'), agent.act(other, 'turn-on')]);
    const { uid } = statSync(file);
    const asked = { id: other, generation: agent.generation(other), cause: byTester, disk };
    await assert.rejects(agent.host.call('machine.disk.attach', asked), (error) => {
      assert.ok(isFault(error, 'refused'), String(error));
      assert.deepEqual(
        error.reasons.map(({ code }) => code),
        ['disk-in-use'],
      );
      return true;
    });
    assert.equal(statSync(file).uid, uid);
  },
);
