/**
 * A guest that runs, and a model of what its disk and memory hold, on disks that QEMU opens and on such that are served to it, through a random course of writes, snapshots, reverts
 * and deletions, while the agent is killed in the middle. GANTRY_SNAPSHOT_SEED runs a course again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#lib';
import { Chance } from './drivers/simulated/chance.ts';
import { QemuAgent, withoutQemu } from './testing/qemu-agent.ts';
import { ServedGuest } from './testing/served-guest.ts';
import { regions, WrittenGuest } from './testing/written-guest.ts';

const seed = process.env['GANTRY_SNAPSHOT_SEED'] ?? String(Date.now());
const steps = Number(process.env['GANTRY_SNAPSHOT_STEPS'] ?? 40);

interface Content {
  readonly disk: readonly number[];
  /** In the memory of the guest alone; null: not kept. */
  readonly mark: number | null;
}
interface Kept {
  readonly id: string;
  readonly content: Content;
}

async function makeGuest(
  agent: QemuAgent,
  format: 'qcow2' | 'vhdx' | 'vhd',
): Promise<WrittenGuest> {
  if (format === 'qcow2') {
    const guest = new WrittenGuest(agent);
    await guest.create();
    return guest;
  }
  const guest = new ServedGuest(agent, format);
  await guest.make();
  return guest;
}

for (const format of ['qcow2', 'vhdx', 'vhd'] as const)
  test(
    `whatever is written, taken, reverted to and deleted while the guest runs on ${format}, and whenever the agent is killed, each point is what it was`,
    { skip: withoutQemu },
    async (t) => {
      t.diagnostic(`GANTRY_SNAPSHOT_SEED=${seed}`);
      const chance = new Chance(seed);
      await using agent = await QemuAgent.start();
      const guest = await makeGuest(agent, format);
      await guest.boot();
      let now: Content = { disk: Array.from({ length: regions }, () => 0), mark: 0 };
      let kept: Kept[] = [];
      await guest.run('echo 0 > /run/mark');

      const known = (): ReadonlySet<string> =>
        new Set(guest.report().snapshots.map(({ id }) => id));

      /** Carries it out, or is cut off by the end of the agent. */
      const carryOut = async (step: number, work: () => Promise<unknown>): Promise<void> => {
        const cutOff = chance.draw('kill', String(step)) < 0.3;
        const done = work().then(
          () => true,
          () => false,
        );
        if (!cutOff) {
          assert.ok(await done);
          return;
        }
        await systemClock.sleep(chance.between(0, 400, 'when', String(step)));
        await agent.restart();
        await done;
        await guest.attend();
      };

      for (let step = 0; step < steps; step += 1) {
        const what = chance.draw('what', String(step));
        const choice = kept[Math.floor(chance.draw('which', String(step)) * kept.length)];
        const before = known();
        if (what < 0.4) {
          const region = Math.floor(chance.draw('region', String(step)) * regions);
          await guest.write(region, (step % 250) + 1);
          await guest.run(`echo ${step} > /run/mark`);
          now = { disk: now.disk.with(region, (step % 250) + 1), mark: step };
        } else if (what < 0.7 || choice === undefined) {
          const memory = chance.draw('memory', String(step)) < 0.5;
          await carryOut(step, () => guest.take({ memory }));
          const [id] = [...known()].filter((one) => !before.has(one));
          const content = memory ? now : { ...now, mark: null };
          if (id !== undefined) kept.push({ id, content });
        } else if (what < 0.85 && choice.content.mark !== null) {
          await guest.revert(choice.id);
          now = choice.content;
        } else {
          await carryOut(step, () => guest.remove(choice.id));
          kept = kept.filter(({ id }) => known().has(id));
        }
        assert.equal(guest.report().state, 'running', `step ${step}`);
        assert.deepEqual(await guest.read(), now.disk, `step ${step}`);
        assert.equal(await guest.run('cat /run/mark'), String(now.mark), `step ${step}`);
      }
      for (const { id } of kept) await guest.remove(id);
      assert.deepEqual(await guest.read(), now.disk);
      assert.deepEqual(guest.layerFiles(), []);
      guest.close();
    },
  );
