/** File systems of a real guest that are held still on request: through a snapshot and an agent that is killed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { LinkResult, MachineSample } from '#api';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

describe('file systems that are held', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let guest: WrittenGuest;

  before(async () => {
    agent = await QemuAgent.start();
    guest = new WrittenGuest(agent);
    await guest.create();
    await guest.boot();
  });
  after(async () => {
    guest?.close();
    await agent?.[Symbol.asyncDispose]();
  });

  test('file systems that are held on request stay so through a snapshot and an agent that is killed, and are let go when asked or in time', async () => {
    await guest.untilAgent();
    const { id } = guest;
    const made = 'modprobe ext4; mke2fs /dev/vdb >/dev/null 2>&1; mount /dev/vdb /mnt';
    assert.equal(await guest.run(made), '');
    await guest.configure({});
    const isMounted = ({ guest: told }: MachineSample): boolean =>
      told?.fileSystems.some(({ mountPoint }) => mountPoint === '/mnt') === true;
    await agent.untilSample(id, 'its file system', isMounted);
    const freeze = (
      set: 'frozen' | 'thawed' | null,
      limitSeconds: number | null = null,
    ): Promise<LinkResult<'machine.freeze'>> =>
      agent.host.call('machine.freeze', { id, set, mountPoints: [], limitSeconds });
    const written = (): Promise<string> => guest.run('cat /run/written 2>/dev/null; true');
    const write = async (): Promise<void> => {
      await guest.run(
        'rm -f /run/written; (echo late > /mnt/late; echo yes > /run/written) & true',
      );
    };
    const beats = async (): Promise<MachineSample> => {
      const heard = (agent.host.samples.get(id)?.heartbeat.beats ?? 0) + 3;
      return agent.untilSample(id, 'beats', ({ heartbeat }) => heartbeat.beats >= heard);
    };
    const held = await freeze('frozen');
    assert.equal(held.state, 'frozen');
    const count = held.fileSystems ?? 0;
    assert.ok(count > 0);
    assert.ok((held.untilMs ?? 0) > Date.now());
    await write();
    const sample = await beats();
    assert.equal(sample.heartbeat.state, 'good');
    assert.ok(isMounted(sample), 'what it told before still stands');
    const snapshot = await guest.take({ quiesce: true });
    assert.equal((await freeze(null)).state, 'frozen');
    assert.equal((await freeze('frozen')).fileSystems, 0);
    assert.equal(await written(), '');
    guest.close();
    await agent.process.stop('SIGKILL');
    agent.host.samples.delete(id);
    agent.process.run();
    await guest.untilAgent();
    const found = await freeze(null);
    assert.equal(found.state, 'frozen');
    assert.ok((found.untilMs ?? 0) > Date.now(), 'there is an end again');
    const { state, fileSystems, untilMs } = await freeze('thawed');
    assert.deepEqual([state, fileSystems, untilMs], ['thawed', count, null]);
    await guest.attend();
    await guest.run('until [ -e /run/written ]; do sleep 0.1; done');
    await freeze('frozen', 1);
    await agent.untilEvent('vm.file-systems.thawed', id);
    assert.equal((await freeze(null)).state, 'thawed');
    await guest.run('echo on > /mnt/late; sync');
    const { fileSystems: trimmed } = await agent.host.call('machine.trim', { id, minimumBytes: 0 });
    assert.ok(
      trimmed.some(({ mountPoint }) => mountPoint === '/mnt'),
      JSON.stringify(trimmed),
    );
    await guest.run('umount /mnt');
    await guest.remove(snapshot);
  });
});
