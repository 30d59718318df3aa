/** An agent whose own volume fills up. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { severityOf } from '#api';
import { miB } from '#lib';
import { bareDefinition, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

const limitMs = 60_000;

test(
  'HOST-44 VM-79 a host that is critically low says so before it refuses further starts; what runs goes on',
  { skip: withoutQemu },
  async (t) => {
    const volume = await mkdtemp(join(tmpdir(), 'gv-'));
    const options = ['-t', 'tmpfs', '-o', 'size=96m,mode=755', 'tmpfs', volume];
    const { status, stderr } = spawnSync('mount', options, { encoding: 'utf8' });
    try {
      if (status !== 0) {
        t.skip(`no volume can be mounted: ${stderr}`);
        return;
      }
      await using agent = await QemuAgent.start('--data', join(volume, 'data'));
      const ids = [await agent.create(bareDefinition()), await agent.create(bareDefinition())];
      const [first = '', second = ''] = ids;
      await agent.act(first, 'turn-on');

      writeFileSync(join(volume, 'ballast'), Buffer.alloc(70 * miB));
      const told = () => agent.host.events.filter(({ name }) => name === 'host.low-resources');
      await agent.host.until('the event', () => told().length > 0, limitMs);
      assert.equal(told()[0]?.attributes['resource'], 'disk');
      assert.match(String(told()[0]?.attributes['evidence']), /\d+ MiB free/);
      assert.equal(severityOf('host.low-resources', told()[0]?.attributes ?? {}), 'critical');
      assert.ok((await agent.blockedCodes(second)).includes('host-low-resources'));
      assert.equal(agent.host.reports.get(first)?.state, 'running', 'what runs goes on');
      await agent.act(first, 'turn-off');
    } finally {
      spawnSync('umount', ['--lazy', volume]);
      await rm(volume, { recursive: true, force: true });
    }
  },
);
