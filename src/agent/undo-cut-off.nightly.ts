/** Undo disks while agents come and go, with real QEMU: what was decided is done by the next one. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { profiles, vmDefinitionSchema, type UndoDecision } from '#api';
import { giB, miB, systemClock } from '#lib';
import { connectQmp, qmp } from '#qemu';
import { bareDefinition, QemuAgent, starterImage, withoutQemu } from './testing/qemu-agent.ts';
import { SerialSession } from './testing/serial-session.ts';
import { checksum, makeVmWithUndo, reads, withUndo, write } from './testing/undo-disks.ts';

describe('undo disks while agents come and go', { skip: withoutQemu }, () => {
  let agent: QemuAgent;

  before(async () => {
    agent = await QemuAgent.start();
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
  });

  const makeVm = (decision: UndoDecision) => makeVmWithUndo(agent, decision);

  /** While there is no agent, its monitor is free. */
  async function untilShutDown(id: string): Promise<void> {
    const path = join(agent.process.folder, 'run', id.replaceAll('-', ''), 'monitor');
    const client = await connectQmp(path, { timeoutMs: 10_000 });
    try {
      while ((await qmp.queryStatus(client)).status !== 'shutdown') await systemClock.sleep(100);
    } finally {
      await client[Symbol.asyncDispose]();
    }
  }

  test('DISK-45 a commit that is cut off by the end of the agent goes on with the next one', async () => {
    const { id, folder } = await makeVm('keep');
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
    write(join(folder, 'a.undo.qcow2'), 7, 1, 30);
    void agent.act(id, 'commit-undo').catch(() => undefined);
    await agent.until(id, 'merging-disks');
    await agent.restart();
    await agent.until(id, 'off');
    assert.ok(reads(join(folder, 'a.qcow2'), 7, 1, 30));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('undo')),
      [],
    );
    assert.equal(agent.host.reports.get(id)?.undo, null);
  });

  test('SNAP-12 VM-47 a guest shuts itself down while no agent looks: its session ends as decided', async () => {
    const image = await starterImage();
    const definition = vmDefinitionSchema.parse({
      ...bareDefinition(),
      name: 'clean',
      guestOs: 'gantry-starter',
      hardware: {
        ...profiles.modern.hardware,
        disks: [
          { bus: 'virtio', position: 0, file: 'disk.qcow2', format: 'qcow2', sizeBytes: giB },
          { bus: 'virtio', position: 1, file: 'data.raw', format: 'raw', sizeBytes: 16 * miB },
        ],
      },
      ...withUndo('discard'),
    });
    const id = await agent.create(definition, [
      {
        kind: 'image',
        file: 'disk.qcow2',
        format: 'qcow2',
        sizeBytes: giB,
        imagePath: image.path,
        imageFormat: 'qcow2',
      },
      { kind: 'new', file: 'data.raw', format: 'raw', sizeBytes: 16 * miB },
    ]);
    const folder = agent.folder(id);
    const disks = ['disk.qcow2', 'data.raw'].map((name) => join(folder, name));
    const sums = disks.map(checksum);
    const session = async (): Promise<SerialSession> => {
      await agent.act(id, 'turn-on');
      const serial = await SerialSession.open(agent, id, 'serial1');
      await serial.logIn('root', 'gantry');
      // Its drivers come after the login.
      await serial.untilCommand('ls /sys/block/', /vdb/);
      return serial;
    };
    const first = await session();
    await first.command('echo dirty | dd of=/dev/vdb conv=fsync');
    await first.untilCommand('head -c 5 /dev/vdb', /dirty/);
    const [undo = ''] = readdirSync(folder).filter((name) => name.startsWith('data.undo'));
    assert.ok(readFileSync(join(folder, undo)).includes('dirty'), 'it is on the undo disk');
    first.write('(sleep 2; poweroff) &\n');
    await first.until(/poweroff/);
    await agent.process.stop('SIGKILL');
    first.close();
    await untilShutDown(id);
    await agent.comeBack();
    await agent.until(id, 'off', 60_000);
    assert.deepEqual(disks.map(checksum), sums, 'clean again');
    const second = await session();
    assert.doesNotMatch(await second.command('head -c 5 /dev/vdb'), /dirty/);
    await second.command('echo kept | dd of=/dev/vdb conv=fsync');
    await second.untilCommand('sync; head -c 5 /dev/vdb', /kept/);
    second.close();
    await agent.act(id, 'turn-off', { undo: 'commit' });
    assert.equal(
      readFileSync(disks[1] ?? '')
        .subarray(0, 4)
        .toString(),
      'kept',
    );
  });

  test('an agent that is cut off while it makes undo disks leaves none that are not used', async () => {
    const { id, folder } = await makeVm('discard');
    void agent.act(id, 'turn-on').catch(() => undefined);
    await agent.until(id, 'off');
    await agent.process.stop('SIGKILL');
    await agent.comeBack();
    if (agent.host.reports.get(id)?.state === 'running') await agent.act(id, 'turn-off');
    else await agent.act(id, 'discard-undo');
    assert.deepEqual(
      readdirSync(folder).filter((name) => /undo|layers/.test(name)),
      [],
    );
    await agent.act(id, 'turn-on');
    await agent.act(id, 'turn-off');
  });
});
