/** Guests that move as they work, with what they have besides, and with what is killed on the way. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { profiles } from '#api';
import { Fault } from '#lib';
import { GuestMove } from './testing/guest-move.ts';
import { GuestPair } from './testing/guest-pair.ts';
import { bareDefinition, QemuAgent, withoutQemu } from './testing/qemu-agent.ts';

describe(
  'guests that move as they work, and what is killed meanwhile',
  { skip: withoutQemu },
  () => {
    let pair: GuestPair;

    before(async () => {
      pair = await GuestPair.start({ tpm: true });
    });
    after(async () => {
      await pair?.[Symbol.asyncDispose]();
    });

    test('an agent that is killed finds its guest: at work while disks are on their way, standing when all has gone', async () => {
      const { guest, here, there } = pair;
      for (const region of [0, 1]) await guest.write(region, region + 1);
      const move = pair.move();
      await move.depart();
      await move.carryFiles();
      await move.wait();
      guest.close();
      const lost = move.handOver();
      await here.process.stop('SIGKILL');
      await Promise.all([here.comeBack(), assert.rejects(lost, Fault)]);
      await assert.rejects(move.handOver(), {
        code: 'unavailable',
        message: /^the connection to the other host was lost$/,
        hint: 'it works on where it was: move it again',
      });
      await guest.attend();
      assert.equal(await guest.run('echo on'), 'on');
      await move.giveUp();

      const next = pair.move();
      await next.depart();
      await next.carryFiles();
      await next.wait();
      await next.handOver();
      guest.close();
      await here.restart();
      assert.ok((await next.handOver()).stoodMs >= 0, 'it is still so');
      await there.restart();
      await assert.rejects(next.arrive(), { code: 'not-found' });
      await next.giveUp();
      await guest.attend();
      assert.equal(await guest.run('echo on'), 'on');
      assert.deepEqual((await guest.read()).slice(0, 2), [1, 2]);
    });

    test('a paused guest with snapshots goes with all of its layers, and is paused there', async () => {
      const { guest, here } = pair;
      const snapshotId = await guest.take({ memory: true });
      await guest.write(5, 6);
      await here.act(guest.id, 'pause');
      const move = pair.move();
      await move.run();
      await pair.arrived();
      assert.equal(guest.report().state, 'paused');
      await pair.here.act(guest.id, 'resume');
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
