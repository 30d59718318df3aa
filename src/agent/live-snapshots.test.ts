/** Snapshots of a guest that runs: one real guest, which writes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isFault } from '#lib';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

describe('snapshots of a running guest', { skip: withoutQemu }, () => {
  let agent: QemuAgent;
  let guest: WrittenGuest;

  before(async () => {
    agent = await QemuAgent.start();
    guest = new WrittenGuest(agent);
    await guest.create({
      settings: { heartbeat: { intervalSeconds: 1 }, time: { synchronise: true } },
    });
    await guest.boot();
  });
  after(async () => {
    guest?.close();
    await agent?.[Symbol.asyncDispose]();
  });

  const corrections = (): number =>
    agent.events(guest.id).filter((name) => name === 'vm.clock.corrected').length;

  let withMemory = '';

  test('SNAP-02 SNAP-03 GA-12 a guest that is taken back to a snapshot with memory goes on where it was, its clock is right', async () => {
    await guest.write(0, 1);
    await guest.run('echo one > /run/mark; (sleep 1000 & echo $! > /run/pid)');
    withMemory = await guest.take({ memory: true });
    assert.equal(guest.report().state, 'running');
    const { takenWhile, memoryBytes } = guest.snapshot(withMemory);
    assert.equal(takenWhile, 'running');
    assert.ok((memoryBytes ?? 0) > 10_000_000, String(memoryBytes));
    await guest.write(0, 2);
    await guest.write(1, 2);
    await guest.run('echo two > /run/mark; kill $(cat /run/pid)');
    const before = corrections();
    await guest.revert(withMemory);
    assert.equal(guest.report().state, 'running');
    assert.equal(await guest.run('cat /run/mark'), 'one');
    assert.equal(await guest.run('kill -0 $(cat /run/pid) && echo lives'), 'lives');
    assert.deepEqual((await guest.read()).slice(0, 2), [1, 0]);
    await guest.write(0, 9);
    await agent.host.until('its clock was set', () => corrections() > before, 60_000);
    const nowMs = Date.now();
    const lateMs = nowMs - Number(await guest.run('date +%s')) * 1000;
    assert.ok(lateMs < 2_000, `its clock is ${lateMs} ms late`);
  });

  test('SNAP-20 GA-12 where its time may not be synchronised the guest keeps the clock of the snapshot', async () => {
    await guest.configure({ time: { synchronise: false, evenDomainController: false } });
    const before = corrections();
    await guest.revert(withMemory);
    // What was told last may be of the process before.
    agent.host.samples.delete(guest.id);
    const { heartbeat } = await agent.untilSample(guest.id, 'a sample', () => true);
    const heard = heartbeat.beats + 3;
    await agent.untilSample(guest.id, 'beats', (now) => now.heartbeat.beats >= heard);
    const nowMs = Date.now();
    const lateMs = nowMs - Number(await guest.run('date +%s')) * 1000;
    assert.ok(lateMs > 2_000, `its clock is ${lateMs} ms late`);
    assert.equal(corrections(), before);
    assert.equal(await guest.run('cat /run/mark'), 'one', 'as often as one likes');
    await guest.configure({ time: { synchronise: true, evenDomainController: false } });
  });

  test('SNAP-03 snapshots of disks while the guest runs, quiesced or not, and while it is paused', async () => {
    await guest.write(2, 1);
    const crash = await guest.take();
    await guest.write(2, 2);
    await guest.untilAgent();
    const quiet = await guest.take({ quiesce: true });
    assert.equal(guest.snapshot(quiet).quiesced, true);
    // Nothing holds its file systems any more.
    await guest.run('echo still-here > /root/written; sync');
    await guest.write(2, 3);
    await agent.act(guest.id, 'pause');
    const paused = await guest.take();
    assert.equal(guest.snapshot(paused).takenWhile, 'paused');
    assert.equal(guest.report().state, 'paused');
    await assert.rejects(guest.take({ quiesce: true }), (error) => isFault(error, 'refused'));
    await assert.rejects(guest.take({ quiesce: true, memory: true }), (error) =>
      isFault(error, 'invalid'),
    );
    await agent.act(guest.id, 'resume');
    await guest.write(2, 4);
    assert.deepEqual(
      guest.report().snapshots.map(({ parent }) => parent),
      [null, withMemory, crash, quiet],
    );
    await guest.remove(quiet);
    await guest.remove(crash);
    assert.equal((await guest.read())[2], 4);
    await guest.revert(paused, 'leave');
    assert.equal(guest.report().state, 'off');
    await guest.boot();
    assert.equal((await guest.read())[2], 3);
    await guest.remove(paused);
  });

  test('a snapshot that is deleted while the guest runs takes no more of its disk than the host’s setting, which may change meanwhile', async () => {
    const { settings, eventScripts } = agent.coordinator;
    const allow = (liveMergeBytesPerSecond: number | null): Promise<unknown> =>
      agent.host.call('host.configure', {
        settings: { ...settings, liveMergeBytesPerSecond },
        eventScripts,
      });
    await allow(65_536);
    const taken = await guest.take();
    for (const region of [4, 5]) await guest.write(region, 6);
    const { progress } = agent.host;
    const before = progress.length;
    let isRemoved = false;
    const removed = guest.remove(taken).finally(() => (isRemoved = true));
    // Without a limit all of it is merged before it is looked at a second time.
    await agent.host.until('the merge to be told of', () => progress.length > before + 4, 60_000);
    assert.equal(isRemoved, false, JSON.stringify(progress.slice(before)));
    await allow(null);
    await removed;
    assert.deepEqual((await guest.read()).slice(4), [6, 6]);
  });

  test('SNAP-07 a snapshot that is deleted while the guest runs leaves what its disks hold and no layer behind', async () => {
    await guest.write(3, 5);
    await guest.remove(withMemory);
    assert.deepEqual(guest.report().snapshots, []);
    assert.deepEqual(guest.layerFiles(), []);
    assert.equal((await guest.read())[3], 5);
  });
});
