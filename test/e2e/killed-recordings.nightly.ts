/** Recordings of the screen of a vm that QEMU runs, cut off by kill -9 of everybody who has a part in them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Recording, Vm } from '#api';
import { systemClock } from '#lib';
import { withoutQemu } from '../../src/agent/testing/qemu-agent.ts';
import { findProgram } from '../../src/cli/system/processes.ts';
import { newGantry, type Gantry } from './gantry.ts';
import { untilReady } from './ready-hosts.ts';

const ends = { coordinator: 'coordinator', agent: 'connection', qemu: 'machine' } as const;
/** Name, handshake of version 3.3 and the first piece of a picture. */
const pictureBytes = 200;

function processOf({ id }: Vm): number | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words[words.indexOf('-uuid') + 1] === id) return Number(pid);
    } catch {
      // It has ended meanwhile.
    }
  return undefined;
}

/** How many whole blocks FBS 001.000 has, each with its length, bytes to a multiple of four, and time. */
function countBlocks(fbs: Buffer): number {
  assert.equal(fbs.toString('latin1', 0, 12), 'FBS 001.000\n');
  let count = 0;
  let lastMs = 0;
  for (let at = 12; at + 4 <= fbs.length; count += 1) {
    const end = at + 8 + Math.ceil(fbs.readUInt32BE(at) / 4) * 4;
    if (end > fbs.length) break;
    const atMs = fbs.readUInt32BE(end - 4);
    assert.ok(atMs >= lastMs);
    [at, lastMs] = [end, atMs];
  }
  return count;
}

suite('recordings that are cut off by kill -9', { skip: withoutQemu, concurrency: 1 }, () => {
  let gantry: Gantry;
  before(async () => {
    gantry = await newGantry();
    await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
    await gantry.must('vm', 'create', 'film', '--memory', '32M', '--network', 'none');
  });
  after(() => gantry?.[Symbol.asyncDispose]());

  const list = (): Promise<Recording[]> => gantry.json('vm', 'recording', 'list', 'film');
  const folder = (): string => join(gantry.data, 'coordinator/recordings');

  for (const victim of ['coordinator', 'agent', 'qemu'] as const)
    void test(`it plays up to there, has its end, and nothing keeps the next one: ${victim}`, async () => {
      const vm = await gantry.json<Vm>('vm', 'show', 'film');
      if (vm.state !== 'running') await gantry.must('vm', 'turn-on', 'film');
      await gantry.must('vm', 'recording', 'start', 'film', '--screen');
      const isSeen = async (): Promise<boolean> =>
        (await list()).some((one) => one.state === 'running' && one.sizeBytes > pictureBytes);
      while (!(await isSeen())) await systemClock.sleep(100);
      const pid = victim === 'qemu' ? processOf(vm) : findProgram(gantry.installation, victim);
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGKILL');
      await gantry.must('up', '--yes', '--no-vm');
      const { items } = await gantry.client().call('host.list', {});
      await untilReady(
        gantry.client(),
        items.map(({ name }) => name),
      );
      const isOver = async (): Promise<boolean> =>
        (await list()).every(({ endedAt }) => endedAt !== null);
      while (!(await isOver())) await systemClock.sleep(100);
      const [recording, ...others] = await list();
      assert.ok(recording !== undefined && others.length === 0);
      assert.deepEqual([recording.state, recording.why], ['ended', ends[victim]]);
      const [file = ''] = readdirSync(folder());
      const kept = readFileSync(join(folder(), file));
      assert.equal(kept.length, recording.sizeBytes);
      assert.ok(countBlocks(kept) >= 2, `${kept.length} bytes`);
      const { state } = await gantry.json<Vm>('vm', 'show', 'film');
      assert.equal(state, victim === 'qemu' ? 'off' : 'running');
      if (state === 'off') await gantry.must('vm', 'turn-on', 'film');
      await gantry.must('vm', 'recording', 'start', 'film', '--screen');
      const next = (await list()).find((one) => one.state === 'running');
      assert.ok(next);
      await gantry.must('vm', 'recording', 'stop', 'film', next.id);
      for (const { id } of [recording, next])
        await gantry.must('vm', 'recording', 'delete', 'film', id);
      assert.deepEqual(readdirSync(folder()), []);
    });
});
