/** Snapshots of a guest that runs: one real guest, which writes. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isFault } from '#lib';
import type { MachineReport, Snapshot } from '#api';
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

  function report(): MachineReport {
    const found = agent.host.reports.get(guest.id);
    assert.ok(found !== undefined);
    return found;
  }
  const snapshotOf = (id: string): Snapshot => {
    const found = report().snapshots.find((one) => one.id === id);
    assert.ok(found !== undefined);
    return found;
  };
  const layers = (): string[] =>
    readdirSync(agent.folder(guest.id)).filter((name) => /layer|undo|state/.test(name));

  const corrections = (): number =>
    agent.events(guest.id).filter((name) => name === 'vm.clock.corrected').length;

  let withMemory = '';

  test('SNAP-02 SNAP-03 GA-12 a guest that is taken back to a snapshot with memory goes on where it was, its clock is right', async () => {
    await guest.write(0, 1);
    await guest.run('echo one > /run/mark; (sleep 1000 & echo $! > /run/pid)');
    withMemory = await guest.take({ memory: true });
    assert.equal(report().state, 'running');
    const { takenWhile, memoryBytes } = snapshotOf(withMemory);
    assert.equal(takenWhile, 'running');
    assert.ok((memoryBytes ?? 0) > 10_000_000, String(memoryBytes));
    await guest.write(0, 2);
    await guest.write(1, 2);
    await guest.run('echo two > /run/mark; kill $(cat /run/pid)');
    for (let time = 0; time < 2; time += 1) {
      const before = corrections();
      await guest.revert(withMemory);
      assert.equal(report().state, 'running');
      assert.equal(await guest.run('cat /run/mark'), 'one');
      assert.equal(await guest.run('kill -0 $(cat /run/pid) && echo lives'), 'lives');
      assert.deepEqual((await guest.read()).slice(0, 2), [1, 0]);
      await guest.write(0, 9);
      await agent.host.until('its clock was set', () => corrections() > before, 60_000);
      const nowMs = Date.now();
      const lateMs = nowMs - Number(await guest.run('date +%s')) * 1000;
      assert.ok(lateMs < 2_000, `its clock is ${lateMs} ms late`);
    }
  });

  test('SNAP-03 snapshots of disks while the guest runs, quiesced or not, and while it is paused', async () => {
    await guest.write(2, 1);
    const crash = await guest.take();
    await guest.write(2, 2);
    await guest.untilAgent();
    const quiet = await guest.take({ quiesce: true });
    assert.equal(snapshotOf(quiet).quiesced, true);
    // Nothing holds its file systems any more.
    await guest.run('echo still-here > /root/written; sync');
    await guest.write(2, 3);
    await agent.act(guest.id, 'pause');
    const paused = await guest.take();
    assert.equal(snapshotOf(paused).takenWhile, 'paused');
    assert.equal(report().state, 'paused');
    await assert.rejects(guest.take({ quiesce: true }), (error) => isFault(error, 'refused'));
    await assert.rejects(guest.take({ quiesce: true, memory: true }), (error) =>
      isFault(error, 'invalid'),
    );
    await agent.act(guest.id, 'resume');
    await guest.write(2, 4);
    assert.deepEqual(
      report().snapshots.map(({ parent }) => parent),
      [null, withMemory, crash, quiet],
    );
    await guest.remove(quiet);
    await guest.remove(crash);
    assert.equal((await guest.read())[2], 4);
    await guest.revert(paused, 'leave');
    assert.equal(report().state, 'off');
    await guest.boot();
    assert.equal((await guest.read())[2], 3);
    await guest.remove(paused);
  });

  test('SNAP-07 a snapshot that is deleted while the guest runs leaves what its disks hold and no layer behind', async () => {
    await guest.write(3, 5);
    await guest.remove(withMemory);
    assert.deepEqual(report().snapshots, []);
    assert.deepEqual(layers(), []);
    assert.equal((await guest.read())[3], 5);
  });
});
