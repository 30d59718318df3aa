/** Twelve seconds of chaos from one seed, then minutes of it, another seed each night; a failing seed is named and can be given as GANTRY_SEED. */
import { test } from 'node:test';
import { runChaos } from './chaos.ts';
import { newGantry } from './gantry.ts';

const seed = Number(process.env['GANTRY_SEED'] ?? Math.floor(Date.now() / 86_400_000));

void test('VM-29 kill -9 of coordinator, agent and QEMU under load: no VM lost, stuck or started twice, no operation forgotten', async (context) => {
  await using gantry = await newGantry();
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const result = await runChaos(gantry, { seed: 20_261_121, durationMs: 12_000, vms: 4 });
  context.diagnostic(JSON.stringify(result));
});

void test('ten minutes of kill -9 at random moments lose nothing', async (context) => {
  await using gantry = await newGantry();
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const result = await runChaos(gantry, { seed, durationMs: 600_000, vms: 6 });
  context.diagnostic(JSON.stringify({ seed, ...result }));
});

void test('four minutes of kill -9 while vms are snapshotted, made templates of and cloned lose and leave nothing', async (context) => {
  await using gantry = await newGantry();
  await gantry.must('up', '--yes', '--no-vm', '--listen', gantry.listen);
  const result = await runChaos(gantry, { seed, durationMs: 240_000, vms: 4, deeds: 'all' });
  context.diagnostic(JSON.stringify({ seed, ...result }));
});
