/** The files of a vm are all of it: another host of the same kind needs nothing else. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';

test(
  'VM-89 copied to another host and added there, a vm that is off starts',
  {
    skip: withoutQemu,
  },
  async () => {
    const definition = bareDefinition({ disks: [testDisk('system.qcow2')] });
    const { id } = definition;
    await using there = await QemuAgent.start();
    let file: string;
    {
      await using here = await QemuAgent.start();
      await here.create(definition, [newDisk('system.qcow2')]);
      await here.act(id, 'turn-on');
      await here.act(id, 'turn-off');
      const folder = join(there.shelf, basename(here.folder(id)));
      assert.equal(there.host.reports.get(id), undefined, 'the other host knows nothing of it');
      cpSync(here.folder(id), folder, { recursive: true });
      const { files } = await here.host.call('machine.files', { id });
      const configuration = files.find(({ role }) => role === 'configuration')?.path ?? '';
      file = join(folder, basename(configuration));
      await here.host.call('machine.destroy', {
        id,
        generation: here.generation(id),
        cause: byTester,
        keep: [],
      });
    }
    const { record } = await there.host.call('machine.adopt', { file, cause: byTester });
    assert.deepEqual(record.definition, definition);
    assert.equal((await there.act(id, 'turn-on')).state, 'running');
    await there.act(id, 'turn-off');
  },
);
