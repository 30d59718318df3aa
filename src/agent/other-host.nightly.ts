/** The files of a vm are all of it: another host of the same kind needs nothing else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { profiles, vmDefinitionSchema } from '#api';
import { giB, miB } from '#lib';
import {
  bareDefinition,
  byTester,
  newDisk,
  QemuAgent,
  starterImage,
  testDisk,
  withoutQemu,
} from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';

/** Copies the vm's folder to the other host's shelf; answers the path of its definition there. */
async function copyTo(there: QemuAgent, here: QemuAgent, id: string): Promise<string> {
  const folder = join(there.shelf, basename(here.folder(id)));
  assert.equal(there.host.reports.get(id), undefined, 'the other host knows nothing of it');
  // With times of modification, by which layers of disks are known.
  assert.equal(spawnSync('cp', ['-a', here.folder(id), folder]).status, 0);
  const { files } = await here.host.call('machine.files', { id });
  return join(folder, basename(files.find(({ role }) => role === 'configuration')?.path ?? ''));
}

test(
  'VM-89 HW-34 SEC-18 copied to another host and added there, a vm that is off starts, with its UUID and serials',
  {
    skip: withoutQemu,
  },
  async () => {
    const definition = bareDefinition(
      {
        disks: [testDisk('system.qcow2')],
        bios: {
          chassis: { assetTag: 'A-1', serialNumber: 'C-1' },
          baseBoard: { serialNumber: 'B-1' },
        },
      },
      { settings: { undoDisks: { enabled: true, onTurnOff: 'keep' } } },
    );
    const { id } = definition;
    await using there = await QemuAgent.start();
    let file: string;
    {
      await using here = await QemuAgent.start();
      await here.create(definition, [newDisk('system.qcow2')]);
      await here.act(id, 'turn-on');
      await here.act(id, 'turn-off');
      file = await copyTo(there, here, id);
      await here.host.call('machine.destroy', {
        id,
        generation: here.generation(id),
        cause: byTester,
        keep: [],
      });
    }
    const { record } = await there.host.call('machine.adopt', { file, cause: byTester });
    assert.deepEqual(record.definition, definition);
    const { files } = await there.host.call('machine.files', { id });
    const roles = new Set(files.map(({ role }) => role));
    for (const role of ['configuration', 'disk', 'undo'] as const) assert.ok(roles.has(role), role);
    for (const { path } of files) assert.equal(dirname(path), dirname(file), path);
    assert.equal((await there.act(id, 'turn-on')).state, 'running');
    await there.act(id, 'turn-off');
  },
);

/** What only the guest's memory has: which boot this is, and how far a shell has counted. */
async function readMemory(serial: SerialSession): Promise<{ boot: string; count: number }> {
  const text = await serial.untilCommand(
    'cat /proc/sys/kernel/random/boot_id /tmp/count',
    /^[0-9a-f-]{36}\n\d+\n/m,
  );
  const [boot = '', count = ''] = /([0-9a-f-]{36})\n(\d+)/.exec(text)?.slice(1) ?? [];
  return { boot, count: Number(count) };
}

test(
  'VM-88 VM-83 VM-28 SEC-18 paused, saved, copied and added elsewhere, a guest goes on exactly where it stopped; its crash and its power-off are seen',
  { skip: withoutQemu },
  async () => {
    const { path: imagePath } = await starterImage();
    const disk = { file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB } as const;
    const definition = vmDefinitionSchema.parse({
      id: crypto.randomUUID(),
      name: 'traveller',
      settings: { failure: { reaction: 'reset', maxRepetitions: 1 } },
      hardware: {
        ...profiles.modern.hardware,
        memory: { sizeBytes: 128 * miB, maxBytes: null },
        disks: [{ ...disk, bus: 'virtio', position: 0 }],
      },
    });
    const { id } = definition;
    await using there = await QemuAgent.start();
    await using here = await QemuAgent.start();
    await here.create(definition, [{ ...disk, kind: 'image', imagePath, imageFormat: 'qcow2' }]);
    await here.act(id, 'turn-on');
    const before = await SerialSession.open(here, id, 'serial1');
    await before.logIn('root', 'gantry');
    await before.command(
      'n=0; while n=$((n+1)); do echo $n > /tmp/next; mv /tmp/next /tmp/count; sleep 0.05; done &',
    );
    const { boot, count } = await readMemory(before);
    await here.act(id, 'pause');
    assert.equal((await here.act(id, 'save')).state, 'saved');
    before.close();
    const file = await copyTo(there, here, id);
    await here.host.call('machine.forget', {
      id,
      generation: here.generation(id),
      cause: byTester,
    });

    const { record } = await there.host.call('machine.adopt', { file, cause: byTester });
    assert.equal(record.report.state, 'saved');
    const act = { id, generation: 1, cause: byTester, request: {} };
    const restored = await there.host.call('machine.act', { ...act, action: 'restore' });
    assert.equal(restored.report.state, 'paused', 'as it was saved');
    const { report } = await there.host.call('machine.act', { ...act, action: 'resume' });
    assert.equal(report.state, 'running');
    const after = await SerialSession.open(there, id, 'serial1');
    after.write('\n');
    const resumed = await readMemory(after);
    assert.equal(resumed.boot, boot, 'the guest was not started anew');
    assert.ok(resumed.count >= count, `${resumed.count} after ${count}`);
    // Two looks may fall between two of its counts.
    let later = resumed;
    while (later.count === resumed.count) later = await readMemory(after);
    assert.ok(later.count > resumed.count, 'its shell counts on');

    after.write('echo c > /proc/sysrq-trigger\n');
    await there.untilEvent('vm.failure-reaction', id);
    const told = there.events(id);
    assert.ok(told.includes('vm.guest-error'), told.join(' '));
    const reaction = there.host.events.find(({ name }) => name === 'vm.failure-reaction');
    assert.equal(reaction?.attributes['reaction'], 'reset');
    after.text = '';
    await after.logIn('root', 'gantry');

    after.write('poweroff\n');
    await there.untilEvent('vm.state.powered-off', id);
    const off = there.host.events.find(({ name }) => name === 'vm.state.powered-off');
    assert.equal(off?.attributes['cause'], 'guest');
    await there.host.until('it is off', () => there.host.reports.get(id)?.state === 'off');
    after.close();
  },
);
