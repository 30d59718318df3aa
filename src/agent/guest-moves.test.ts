/** A guest that works goes to another host, between two agents with real QEMU. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Fault } from '#lib';
import { GuestPair } from './testing/guest-pair.ts';
import { byTester, withoutQemu } from './testing/qemu-agent.ts';

describe('guests that move as they work', { skip: withoutQemu }, () => {
  let pair: GuestPair;

  before(async () => {
    pair = await GuestPair.start();
  });
  after(async () => {
    await pair?.[Symbol.asyncDispose]();
  });

  test('MIG-07 a guest goes on where it stood, with its memory and all that it wrote', async () => {
    const { guest, here, there } = pair;
    for (const region of [0, 1, 2]) await guest.write(region, region + 1);
    const boot = await guest.run('cat /proc/sys/kernel/random/boot_id; echo here > /run/mark');
    const folder = here.folder(guest.id);
    const move = pair.move();
    assert.deepEqual(await move.plan(), []);
    const handed = await move.run();
    assert.ok(handed.sentBytes > 0 && handed.stoodMs > 0, JSON.stringify(handed));
    await pair.arrived();
    assert.equal(there.host.reports.get(guest.id)?.state, 'running');
    const now = await guest.run('cat /proc/sys/kernel/random/boot_id; cat /run/mark');
    assert.equal(now, `${boot}\nhere`);
    await guest.write(3, 4);
    assert.deepEqual((await guest.read()).slice(0, 4), [1, 2, 3, 4]);
    assert.ok(!existsSync(folder), 'nothing is left where it was');
    assert.equal(here.host.events.filter(({ name }) => name === 'vm.crashed').length, 0);
  });

  test('MIG-10 a move that is cancelled or loses its streams leaves the guest where it is, and nothing there', async () => {
    const { guest, here, there } = pair;
    const others = (): string[] => readdirSync(join(there.process.folder, 'data', 'vms'));
    const before = others();
    for (const how of ['cancelled', 'cut'] as const) {
      const move = pair.move();
      await move.depart();
      await move.carryFiles();
      await move.wait();
      if (how === 'cut') {
        move.cut();
        await assert.rejects(move.handOver(), {
          code: 'unavailable',
          message: /^the connection to the other host broke: /,
          hint: 'it works on where it was: move it again',
        });
      } else {
        const asked = { ...move.move, cause: byTester };
        const handing = here.host.begin('machine.departure.hand-over', asked);
        here.host.cancel(handing.id);
        await assert.rejects(handing.answer, Fault);
      }
      await move.giveUp();
      assert.equal(await guest.run('echo on'), 'on', how);
      assert.equal(here.host.reports.get(guest.id)?.state, 'running', how);
      assert.deepEqual(others(), before, how);
    }
    await guest.write(4, 5);
    assert.deepEqual((await guest.read()).slice(3, 5), [4, 5]);
  });
});
