/** Snapshots of a guest that runs, whose agent is killed in between. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

describe('snapshots of a running guest', { skip: withoutQemu }, () => {
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

  test('an agent that is killed while a snapshot is taken leaves it whole or not at all, and the guest running', async () => {
    for (const [index, wish] of [
      { memory: true },
      {},
      { memory: true },
      { memory: true },
    ].entries()) {
      await guest.write(4, index + 1);
      const known = guest.report().snapshots.length;
      const taking = guest.take(wish).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => {
        setTimeout(resolve, [30, 15, 150, 300][index]);
      });
      await agent.restart();
      await taking;
      assert.equal(guest.report().state, 'running');
      await guest.attend();
      assert.equal((await guest.read())[4], index + 1, 'it answers');
      const { snapshots } = guest.report();
      if (snapshots.length > known) {
        const last = snapshots.at(-1)?.id ?? '';
        await guest.write(4, 77);
        await guest.revert(last, guest.snapshot(last).memoryBytes === null ? 'leave' : 'restore');
        if (guest.report().state === 'off') await guest.boot();
        assert.equal((await guest.read())[4], index + 1);
        await guest.remove(last);
      }
      assert.deepEqual(guest.layerFiles(), []);
    }
  });
});
