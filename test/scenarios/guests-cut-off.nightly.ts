/**
 * Guests that move as they work, while any program that takes part ends at any moment (docs/rfd/0042): at most one guest ever
 * runs, one is there in the end unless its own process was killed, and all that it wrote is there.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Operation } from '#api';
import { systemClock } from '#lib';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { CountingGuest } from './counting-guest.ts';
import { MovingHosts, type MovingHost } from './moving-hosts.ts';

/** Tenths of a move that nothing disturbs, and beginnings of the steps that are short. */
const moments = [1, 2, 3, 4, 5, 6, 7, 8, 9, 'switch', 'arrive', 'clear'] as const;
const victims = ['coordinator', 'ada', 'bob', 'qemu of ada', 'qemu of bob'] as const;

suite('guests that are cut off as they move', { skip: withoutQemu, concurrency: 1 }, () => {
  let hosts: MovingHosts;
  let undisturbedMs = 0;
  before(async () => {
    hosts = await MovingHosts.open();
    const guest = await CountingGuest.start(hosts, 'undisturbed');
    const begun = performance.now();
    const ended = await hosts.move('undisturbed', 'bob');
    undisturbedMs = performance.now() - begun;
    assert.equal(ended.state, 'done', JSON.stringify(ended.fault));
    await guest.untilMore();
    await hosts.requireOn('bob', 'undisturbed');
    guest.requireWritten('bob');
    await remove(guest);
  });
  after(() => hosts?.[Symbol.asyncDispose]());

  async function remove(guest: CountingGuest): Promise<void> {
    await guest.end();
    const { name } = guest;
    if (hosts.vm(name).state !== 'off') await hosts.do('POST', `/vms/${name}/actions/turn-off`);
    await hosts.do('DELETE', `/vms/${name}`);
  }

  /** Answers the host on which a process with the guest, or one that waits for it, was killed. */
  async function strike(
    victim: (typeof victims)[number],
    guest: CountingGuest,
  ): Promise<MovingHost | undefined> {
    if (victim === 'coordinator') await hosts.stage.restart();
    else if (victim === 'ada' || victim === 'bob') {
      await hosts.agents[victim].end('SIGKILL');
      hosts.agents[victim].run();
    } else {
      const host = victim === 'qemu of ada' ? 'ada' : 'bob';
      for (const pid of guest.processes(host)) process.kill(pid, 'SIGKILL');
      return host;
    }
    return undefined;
  }

  for (const victim of victims)
    for (const moment of moments)
      void test(`one guest is there although ${victim} ends ${typeof moment === 'number' ? `after ${moment} tenths` : `in its step ${moment}`}`, async (context) => {
        const { stage } = hosts;
        const guest = await CountingGuest.start(hosts, `${victim.replaceAll(' ', '-')}-${moment}`);
        context.after(() => guest.end());
        const { name } = guest;
        const begun = typeof moment === 'string' ? hosts.untilStep(name, moment) : undefined;
        const body = { host: 'bob' };
        const answer = await stage.send('POST', `/vms/${name}/relocate`, { body });
        assert.equal(answer.status, 202, answer.text);
        const { id } = answer.json as Operation;
        // Moments are what is asked for here, of whatever is done in them.
        if (typeof moment === 'number') await systemClock.sleep((undisturbedMs * moment) / 10);
        await begun;
        const emptied = await strike(victim, guest);
        const ended = await stage.coordinator.operations.wait(id, 120_000);
        for (const host of ['ada', 'bob'])
          await stage.until(() => stage.host(host)?.status === 'ready', `${host} is ready`, 60_000);
        assert.ok(['done', 'failed'].includes(ended.state), ended.state);
        const owner = hosts.vm(name).host === 'ada' ? 'ada' : 'bob';
        assert.equal(owner, ended.state === 'done' ? 'bob' : 'ada');
        await hosts.requireOn(owner, name);
        const other = owner === 'ada' ? 'bob' : 'ada';
        await guest.untilGone(other);
        const state = await guest.settled(owner);
        context.diagnostic(`${ended.state}, ${state} on ${owner}`);
        assert.ok(state === 'running' || emptied === owner, `${name} is ${state}`);
        if (state === 'running') await guest.untilMore();
        guest.requireWritten(owner);
        await remove(guest);
      });
});
