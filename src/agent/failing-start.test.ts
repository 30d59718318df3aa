/** A QEMU that gives up while it starts, seen by an agent that is connected to its monitor already or not yet. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFault } from '#lib';
import { bareDefinition, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

void test(
  'the reason for which a process gives up at its start is told',
  { skip: withoutQemu },
  async () => {
    await using agent = await QemuAgent.start();
    const wrapper = `#!/bin/sh
case "$*" in
  *"-uuid "*) exec /usr/bin/qemu-system-x86_64 "$@" -device no-such-model ;;
  *) exec /usr/bin/qemu-system-x86_64 "$@" ;;
esac
`;
    await writeFile(join(agent.shelf, 'qemu-system-x86_64'), wrapper, { mode: 0o755 });
    await agent.process.stop();
    agent.process.run({ PATH: `${agent.shelf}:${process.env['PATH'] ?? ''}` });
    await agent.host.until('the second hello', () => agent.host.links === 2, 60_000);
    const id = await agent.create(bareDefinition());
    for (let times = 0; times < 3; times += 1) {
      await assert.rejects(
        agent.act(id, 'turn-on'),
        (error) =>
          isFault(error, 'unavailable') && /'no-such-model' is not a valid/.test(error.message),
      );
      assert.equal(agent.host.reports.get(id)?.state, 'off');
      assert.equal(agent.pid(id), undefined);
    }
  },
);
