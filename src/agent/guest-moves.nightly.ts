/** Guests that move as they work, with what they have besides, and with what is killed on the way. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { profiles } from '#api';
import { Fault } from '#lib';
import { GuestMove } from './testing/guest-move.ts';
import { bareDefinition, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { WrittenGuest } from './testing/written-guest.ts';

describe(
  'guests that move as they work, and what is killed meanwhile',
  { skip: withoutQemu },
  () => {
    let here: QemuAgent;
    let there: QemuAgent;
    let guest: WrittenGuest;

    before(async () => {
      [here, there] = await Promise.all([QemuAgent.start(), QemuAgent.start()]);
      guest = new WrittenGuest(here);
      await guest.create({}, { tpm: true });
      await guest.boot();
    });
    after(async () => {
      guest?.close();
      await there?.[Symbol.asyncDispose]();
      await here?.[Symbol.asyncDispose]();
    });

    test('an agent that is killed finds its guest: at work while disks are on their way, standing when all has gone', async () => {
      for (const region of [0, 1]) await guest.write(region, region + 1);
      const move = new GuestMove(here, there, guest.definition);
      await move.depart();
      await move.carryFiles();
      await move.wait();
      guest.close();
      const lost = move.handOver();
      await here.process.stop('SIGKILL');
      await Promise.all([restart(here), assert.rejects(lost, Fault)]);
      await guest.attend();
      assert.equal(await guest.run('echo on'), 'on');
      await move.giveUp();

      const next = new GuestMove(here, there, guest.definition);
      await next.depart();
      await next.carryFiles();
      await next.wait();
      await next.handOver();
      guest.close();
      await here.process.stop('SIGKILL');
      await restart(here);
      assert.ok((await next.handOver()).stoodMs >= 0, 'it is still so');
      await there.process.stop('SIGKILL');
      await restart(there);
      await assert.rejects(next.arrive(), { code: 'not-found' });
      await next.giveUp();
      await guest.attend();
      assert.equal(await guest.run('echo on'), 'on');
      assert.deepEqual((await guest.read()).slice(0, 2), [1, 2]);
    });

    test('a paused guest with snapshots goes with all of its layers, and is paused there', async () => {
      const snapshotId = await guest.take({ memory: true });
      await guest.write(5, 6);
      await here.act(guest.id, 'pause');
      const move = new GuestMove(here, there, guest.definition);
      await move.run();
      await guest.goTo(there);
      [here, there] = [there, here];
      assert.equal(guest.report().state, 'paused');
      await here.act(guest.id, 'resume');
      assert.deepEqual(await guest.read(), [1, 2, 0, 0, 0, 6]);
      await guest.revert(snapshotId);
      assert.deepEqual(await guest.read(), [1, 2, 0, 0, 0, 0]);
    });
  },
);

test('a machine with UEFI goes with its variables and its TPM', { skip: withoutQemu }, async () => {
  await using here = await QemuAgent.start();
  await using there = await QemuAgent.start();
  const definition = bareDefinition({
    firmware: { ...profiles.modern.hardware.firmware, type: 'uefi', secureBoot: false },
    tpm: true,
  });
  const { id } = definition;
  await here.create(definition);
  await here.act(id, 'turn-on');
  const variables = (agent: QemuAgent): number | undefined =>
    readdirSync(agent.folder(id))
      .filter((name) => name.endsWith('.firmware'))
      .map((name) => statSync(join(agent.folder(id), name)).size)[0];
  const bytes = variables(here);
  await new GuestMove(here, there, definition).run();
  assert.equal(there.host.reports.get(id)?.state, 'running');
  assert.ok(bytes !== undefined && bytes > 0);
  assert.equal(variables(there), bytes);
  await there.act(id, 'turn-off');
  await there.act(id, 'turn-on');
});

/** It is heard again. */
async function restart(agent: QemuAgent): Promise<void> {
  const { links } = agent.host;
  agent.process.run();
  await agent.host.until('the agent is back', () => agent.host.links > links);
}
